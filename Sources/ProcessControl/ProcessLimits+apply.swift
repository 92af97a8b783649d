import CLinux
import Glibc

extension ProcessLimits {
    /// Sets the limits of a running process, all of its threads included, and checks that they hold.
    ///
    /// What comes before a failure stays set: end the process then.
    ///
    /// - Parameter pid: A process whose pid cannot pass to another meanwhile: a child that has not been collected, or 0
    ///   for this one.
    /// - Throws: `limitNotApplied`, which names the limit.
    package func apply(to pid: Int32) throws(ProcessControlError) {
        guard user == nil else {
            throw ProcessControlError(
                .limitNotApplied,
                operation: "set the user of process \(pid)",
                reason: "only the process itself can, before its program starts"
            )
        }
        try apply(to: pid, actingFor: nil)
    }

    /// - Parameter uid: Whom the process will act for, if that is about to change.
    func apply(to pid: Int32, actingFor uid: UInt32?) throws(ProcessControlError) {
        let application = LimitApplication(pid: pid)
        try application.set(QC_LIMIT_DATA, "memory", memoryBytes)
        try application.set(QC_LIMIT_ADDRESS_SPACE, "address space", addressSpaceBytes)
        try application.set(QC_LIMIT_CPU, "CPU seconds", cpuSeconds, margin: 5)
        try application.set(QC_LIMIT_OPEN_FILES, "open files", openFiles)
        try application.set(QC_LIMIT_CORE, "core size", coreBytes)
        if let processes { try application.setProcesses(processes, actingFor: uid) }
        if let nice { try application.setNice(nice) }
        if let cpuAffinity { try application.setAffinity(cpuAffinity) }
    }
}

/// Sets limits of one process.
private struct LimitApplication {
    /// 0 is this process.
    let pid: Int32

    private func failure(_ what: String, _ reason: String) -> ProcessControlError {
        ProcessControlError(.limitNotApplied, operation: "limit \(what) of process \(pid)", reason: reason)
    }

    private func failure(_ what: String, errno number: Int32, hint: String? = nil) -> ProcessControlError {
        ProcessControlError(
            .limitNotApplied,
            operation: "limit \(what) of process \(pid)",
            errno: number,
            hint: hint
        )
    }

    /// - Parameter margin: By how much the hard limit is above the soft one, if it was not lower before.
    func set(_ resource: Int32, _ name: String, _ value: UInt64?, margin: UInt64 = 0) throws(ProcessControlError) {
        guard let value else { return }
        let what = "\(name) to \(value)"
        var old = qc_limit()
        guard qc_get_limit(pid, resource, &old) == 0 else { throw failure(what, errno: errno) }
        let hard = margin == 0 ? value : max(value, min(old.hard, value.addingReportingOverflow(margin).partialValue))
        var new = qc_limit(soft: value, hard: hard)
        guard qc_set_limit(pid, resource, &new) == 0 else {
            let number = errno
            let isRaise = number == EPERM && hard > old.hard
            throw failure(what, errno: number, hint: isRaise ? "it cannot be more than \(old.hard) here" : nil)
        }
        var set = qc_limit()
        guard qc_get_limit(pid, resource, &set) == 0 else { throw failure(what, errno: errno) }
        guard set.soft == new.soft, set.hard == new.hard else { throw failure(what, "the kernel has set \(set.soft)") }
    }

    func setProcesses(_ value: UInt64, actingFor uid: UInt32?) throws(ProcessControlError) {
        var reader = ProcReader()
        let path = "/proc/\(pid == 0 ? getpid() : pid)/status"
        let user: UInt64?
        if let uid {
            user = UInt64(uid)
        } else {
            user = (try? reader.read(path)).flatMap { reader.number(after: "Uid:") }
        }
        guard user != 0 else {
            throw failure("processes to \(value)", "the kernel does not hold root to it; give it another user")
        }
        try set(QC_LIMIT_PROCESSES, "processes", value)
    }

    func setNice(_ value: Int32) throws(ProcessControlError) {
        let what = "nice to \(value)"
        guard (-20...19).contains(value) else { throw failure(what, "it must be -20 to 19") }
        try eachThread(what) { (thread) throws(ProcessControlError) in
            guard qc_set_nice(thread, value) == 0 else {
                let number = errno
                if number == ESRCH { return }
                throw failure(what, errno: number, hint: number == EACCES ? "only root may go below" : nil)
            }
            var set: Int32 = 0
            guard qc_get_nice(thread, &set) == 0 else {
                let number = errno
                if number == ESRCH { return }
                throw failure(what, errno: number)
            }
            guard set == value else { throw failure(what, "the kernel has set \(set)") }
        }
    }

    func setAffinity(_ cpus: [Int]) throws(ProcessControlError) {
        let what = "CPUs to \(cpus.map(String.init).joined(separator: ","))"
        guard !cpus.isEmpty, cpus.allSatisfy((0..<1024).contains) else {
            throw failure(what, "it takes numbers of CPUs from 0 to 1023")
        }
        var mask = [UInt64](repeating: 0, count: 1024 / 64)
        for cpu in cpus { mask[cpu / 64] |= 1 << UInt64(cpu % 64) }
        let bytes = mask.count * 8
        try eachThread(what) { (thread) throws(ProcessControlError) in
            var set = [UInt64](repeating: 0, count: mask.count)
            guard qc_set_affinity(thread, mask, bytes) == 0, qc_get_affinity(thread, &set, bytes) >= 0 else {
                let number = errno
                if number == ESRCH { return }
                throw failure(what, errno: number, hint: number == EINVAL ? "this machine has none of them" : nil)
            }
            guard set == mask else { throw failure(what, "this machine has not all of them") }
        }
    }

    /// Calls `body` for every thread, until there are no new ones: a thread that was started meanwhile may have taken
    /// after one that had not been reached.
    private func eachThread(
        _ what: String,
        _ body: (Int32) throws(ProcessControlError) -> Void
    ) throws(ProcessControlError) {
        let folder = "/proc/\(pid == 0 ? getpid() : pid)/task"
        var done: Set<Int32> = []
        while true {
            let threads: [Int32]
            do {
                threads = try ProcReader.numbers(in: folder).filter { !done.contains($0) }
            } catch {
                throw failure(what, errno: error.errno)
            }
            if threads.isEmpty { return }
            for thread in threads {
                try body(thread)
                done.insert(thread)
            }
        }
    }
}
