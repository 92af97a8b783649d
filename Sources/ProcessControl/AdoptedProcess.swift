import CLinux
import Glibc

/// A process that runs already and is not our child, such as a worker that a former manager has left running.
///
/// Not `Sendable`: it belongs to whoever adopted it.
package final class AdoptedProcess: SupervisedProcess {
    package let fingerprint: ProcessFingerprint
    private let pidfd: OwnedDescriptor
    private var exit: Exit?

    private init(fingerprint: ProcessFingerprint, pidfd: consuming OwnedDescriptor) {
        self.fingerprint = fingerprint
        self.pidfd = pidfd
    }

    /// Takes hold of the process if it is the very one that is meant. Waits up to 20 ms for one whose environment is not
    /// to be seen, because it is just now executing a program.
    ///
    /// - Parameters:
    ///   - fingerprint: As it was noted when the process was spawned.
    ///   - token: What `QUANTCELL_TOKEN` must be in its environment.
    /// - Throws: `noSuchProcess` when it has ended, `identityMismatch` when another process has its pid, or its token is
    ///   not that one; `systemCallFailed` when `/proc` cannot be read. Nobody has been signalled then.
    package static func adopt(
        _ fingerprint: ProcessFingerprint,
        token: String
    ) throws(ProcessControlError) -> AdoptedProcess {
        let pid = fingerprint.pid
        let operation = "adopt process \(pid)"
        func mismatch(_ reason: String) -> ProcessControlError {
            ProcessControlError(.identityMismatch, operation: operation, reason: reason)
        }
        guard try ProcessFingerprint.currentBootID() == fingerprint.bootID else {
            throw mismatch("it ran before the machine was started again")
        }
        // Before anything is read: if the process is still there afterwards, all that was read was about it.
        let descriptor = qc_pidfd_open(pid)
        guard descriptor >= 0 else {
            let number = errno
            throw ProcessControlError(
                number == ESRCH ? .noSuchProcess : .systemCallFailed,
                operation: operation,
                errno: number
            )
        }
        let pidfd = OwnedDescriptor(owning: descriptor)
        var reader = ProcReader()
        guard let stat = try ProcessStat.read(pid: pid, with: &reader), !stat.isDead else {
            throw ProcessControlError(.noSuchProcess, operation: operation, errno: ESRCH)
        }
        guard stat.startTime == fingerprint.startTime else {
            throw mismatch("the pid belongs to another process by now")
        }
        var finding = ProcessToken.find(pid: pid, with: &reader)
        // It may be executing another program in this very moment; that takes a few milliseconds at most.
        for _ in 0..<20 where finding == .unclear {
            poll(nil, 0, 1)
            finding = ProcessToken.find(pid: pid, with: &reader)
        }
        guard !hasExited(pidfd.rawValue) else {
            throw ProcessControlError(.noSuchProcess, operation: operation, errno: ESRCH)
        }
        guard finding == .token(Array(token.utf8)[...]) else {
            throw mismatch("its environment does not hold the token of that worker")
        }
        return AdoptedProcess(fingerprint: fingerprint, pidfd: pidfd)
    }

    package var pidFileDescriptor: Int32 { pidfd.rawValue }

    package func send(_ signal: Signal) throws(ProcessControlError) {
        // ESRCH: it has exited, which the caller learns by `end()`.
        guard qc_pidfd_send_signal(pidfd.rawValue, signal.rawValue) == 0 || errno == ESRCH else {
            let number = errno
            throw ProcessControlError(.systemCallFailed, operation: "send \(signal) to process \(pid)", errno: number)
        }
    }

    /// Signals every process in the group that it leads. Before Linux 6.9, which can do that through a pidfd, each
    /// member of its session gets the signal by itself; where it leads neither, it alone.
    package func signalGroup(_ signal: Signal) throws(ProcessControlError) {
        if qc_pidfd_send_group_signal(pidfd.rawValue, signal.rawValue) == 0 { return }
        let number = errno
        switch number {
        case ESRCH:
            // Nobody is in a group of that number: it does not lead one.
            try send(signal)
        case EINVAL:
            let tree = ProcessTree(leader: fingerprint, token: "")
            let sweep = try ProcessSweep(of: [tree], seen: [[]])
            for member in sweep.members.joined() where member != fingerprint { try member.send(signal) }
            try send(signal)
        default:
            throw ProcessControlError(
                .systemCallFailed,
                operation: "send \(signal) to process group \(pid)",
                errno: number
            )
        }
    }

    /// How it ended; `nil` while it lives. Never waits. The status is the kernel's where it remembers (Linux 6.15), that
    /// of the zombie where there still is one, and else `unknown`. What it had used is not known.
    package func end() throws(ProcessControlError) -> Exit? {
        if let exit { return exit }
        guard Self.hasExited(pidfd.rawValue) else { return nil }
        // Three times, as its parent may collect it between the first and the second.
        let status = remembered() ?? ofZombie() ?? remembered()
        let exit = Exit(status: status.map(ExitStatus.init(waitStatus:)) ?? .unknown, usage: nil)
        self.exit = exit
        return exit
    }

    /// Does nothing: nobody has to collect it.
    package func abandon() {}

    private func remembered() -> Int32? {
        var status: Int32 = 0
        return qc_pidfd_exit_status(pidfd.rawValue, &status) == 1 ? status : nil
    }

    private func ofZombie() -> Int32? {
        guard let stat = try? ProcessStat.read(pid: pid), stat.startTime == fingerprint.startTime, stat.isDead,
            qc_pidfd_send_signal(pidfd.rawValue, 0) == 0
        else { return nil }
        // 0 may also mean that we may not see it, but then we could not have read its token.
        return stat.exitCode
    }

    private static func hasExited(_ pidfd: Int32) -> Bool {
        var descriptor = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 1
    }
}
