import CLinux
import Glibc

/// A control group, version 2: a set of processes that no descendant can leave.
///
/// Only where this process may make groups of its own: ``delegated(procFolder:)`` says so. Blocks no longer than the
/// kernel takes to answer.
package struct ControlGroup: Hashable, Sendable {
    /// The group's folder.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The group that this process may divide up, if there is one: its own, where that is the root of what it sees (a
    /// container) or where systemd has delegated it (`Delegate=yes`), and where it may be written.
    package static func delegated() -> ControlGroup? {
        var reader = ProcReader()
        guard (try? reader.read("/proc/self/mountinfo")) != nil,
            let mount = mountPoint(in: reader.text),
            (try? reader.read("/proc/self/cgroup")) != nil,
            let own = reader.text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(4)
        else { return nil }
        let group = ControlGroup(path: own.isEmpty ? mount : "\(mount)/\(own)")
        guard access(group.file("cgroup.procs"), W_OK) == 0, access(group.path, W_OK) == 0 else { return nil }
        return own.isEmpty || group.isMarkedAsDelegated ? group : nil
    }

    /// Field 5 of the line whose file system type, the first field after the dash, is `cgroup2`.
    static func mountPoint(in mountInfo: String) -> String? {
        for line in mountInfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.dropFirst(dash + 1).first == "cgroup2" else {
                continue
            }
            return String(fields[4])
        }
        return nil
    }

    private var isMarkedAsDelegated: Bool {
        ["user.delegate", "trusted.delegate"].contains { name in
            var value: CChar = 0
            return qc_get_attribute(path, name, &value, 1) == 1 && value == CChar(UInt8(ascii: "1"))
        }
    }

    /// Lets the groups below this one limit memory, CPU time and the number of processes, as far as the kernel offers it.
    ///
    /// A group may not both hold processes and divide such resources, so this process moves into `leaf` below it first.
    ///
    /// - Returns: The controllers that the groups below have now.
    /// - Throws: `controlGroupFailed`, also when other processes are in this group.
    package func enableControllers(movingSelfTo leaf: String) throws(ProcessControlError) -> Set<String> {
        let wanted = try words("cgroup.controllers").intersection(["memory", "cpu", "pids"])
        guard !wanted.isEmpty else { return [] }
        if !(try words("cgroup.subtree_control").isSuperset(of: wanted)) {
            try create(leaf).add(pid: getpid())
            for controller in wanted.sorted() { try write("+\(controller)", to: "cgroup.subtree_control") }
        }
        return try words("cgroup.subtree_control")
    }

    /// Makes a group below this one, or takes the one that is there.
    ///
    /// - Parameter name: A file name.
    /// - Throws: `invalidRequest`, `controlGroupFailed`.
    package func create(_ name: String) throws(ProcessControlError) -> ControlGroup {
        guard !name.isEmpty, !name.hasPrefix("."), !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
        else {
            throw ProcessControlError(
                .invalidRequest,
                operation: "make a control group in \(path)",
                reason: "\"\(name)\" cannot be the name of one"
            )
        }
        let group = ControlGroup(path: "\(path)/\(name)")
        guard mkdir(group.path, 0o755) == 0 || errno == EEXIST else {
            throw failure("make the control group \(group.path)", errno)
        }
        return group
    }

    /// Moves a process into the group. Its children of before stay where they are.
    ///
    /// - Throws: `controlGroupFailed`.
    package func add(pid: Int32) throws(ProcessControlError) {
        try write("\(pid)", to: "cgroup.procs")
    }

    /// The processes in the group, without those of groups below it.
    ///
    /// - Throws: `controlGroupFailed`.
    package func members() throws(ProcessControlError) -> [Int32] {
        try words("cgroup.procs").compactMap { Int32($0) }.sorted()
    }

    /// Kills every process in the group and below it at once (Linux 5.14).
    ///
    /// - Throws: `controlGroupFailed`.
    package func kill() throws(ProcessControlError) {
        try write("1", to: "cgroup.kill")
    }

    /// Whether a process lives in the group or below it. A group that is not there has none.
    package var isPopulated: Bool {
        var reader = ProcReader()
        guard (try? reader.read(file("cgroup.events"))) != nil else { return false }
        return reader.number(after: "populated ") == 1
    }

    /// How many processes of the group the kernel has killed for want of memory; `nil` without a memory controller.
    package var outOfMemoryKills: UInt64? {
        var reader = ProcReader()
        guard (try? reader.read(file("memory.events"))) != nil else { return nil }
        return reader.number(after: "oom_kill ")
    }

    /// The most physical memory that the group may hold, in bytes; `nil` is no limit.
    ///
    /// - Throws: `limitNotApplied`.
    package func limitMemory(to bytes: UInt64?) throws(ProcessControlError) {
        try limit(
            "memory.max",
            to: bytes.map(String.init) ?? "max",
            "memory to \(bytes.map(String.init) ?? "any") bytes"
        )
    }

    /// The most CPU time that the group may take, in CPUs: 0.5 is half of one; `nil` is no limit.
    ///
    /// - Throws: `invalidRequest` for less than a hundredth of a CPU, `limitNotApplied`.
    package func limitCPU(to cpus: Double?) throws(ProcessControlError) {
        let period = 100_000.0
        guard let cpus else { return try limit("cpu.max", to: "max", "CPU time to any") }
        guard cpus >= 0.01, cpus <= 10_000 else {
            throw ProcessControlError(
                .invalidRequest,
                operation: "limit CPU time to \(cpus) CPUs",
                reason: "it must be 0.01 to 10000"
            )
        }
        try limit("cpu.max", to: "\(Int(cpus * period)) \(Int(period))", "CPU time to \(cpus) CPUs")
    }

    /// Removes the group; none of its processes may be left. One that is not there is fine.
    ///
    /// - Throws: `controlGroupFailed`.
    package func remove() throws(ProcessControlError) {
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw failure("remove the control group \(path)", errno)
        }
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func limit(_ name: String, to value: String, _ what: String) throws(ProcessControlError) {
        do throws(ProcessControlError) {
            try write(value, to: name)
        } catch {
            let hint = error.errno == ENOENT ? "this machine offers no such control group" : nil
            throw ProcessControlError(
                .limitNotApplied,
                operation: "limit \(what)",
                errno: error.errno ?? EINVAL,
                hint: hint
            )
        }
    }

    private func write(_ value: String, to name: String) throws(ProcessControlError) {
        let operation = "write \(value) to \(file(name))"
        let descriptor: OwnedDescriptor
        do {
            descriptor = try OwnedDescriptor(opening: file(name), flags: O_WRONLY)
        } catch {
            throw failure(operation, error.errno)
        }
        guard Glibc.write(descriptor.rawValue, value, value.utf8.count) == value.utf8.count else {
            throw failure(operation, errno)
        }
    }

    private func words(_ name: String) throws(ProcessControlError) -> Set<String> {
        var reader = ProcReader()
        do {
            try reader.read(file(name), limit: 1 << 20)
        } catch {
            throw failure("read \(file(name))", error.errno)
        }
        return Set(reader.text.split { $0 == " " || $0 == "\n" }.map(String.init))
    }

    private func failure(_ operation: String, _ number: Int32) -> ProcessControlError {
        ProcessControlError(.controlGroupFailed, operation: operation, errno: number)
    }
}
