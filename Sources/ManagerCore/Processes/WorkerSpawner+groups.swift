internal import Glibc
internal import ProcessControl

// What only a control group can hold a process to, with everything that it starts.
extension WorkerSpawner {
    /// Where the manager itself goes when it divides its group: one that holds processes may not be divided.
    private static let ownGroup = "quantcell-manager"

    static func groupName(_ identity: String) -> String { "quantcell-\(identity)" }

    /// The group that an earlier manager has made for a process, if it is still there.
    func group(ofAdopted identity: String) -> ControlGroup? {
        guard let groups else { return nil }
        let group = ControlGroup(path: "\(groups.path)/\(Self.groupName(identity))")
        return access(group.path, F_OK) == 0 ? group : nil
    }

    /// Limits physical memory and processor time of a process, where that is asked for.
    ///
    /// - Throws: ``ManagerError`` where there is no such group, or it cannot limit that; `ProcessControlError` where the kernel refuses.
    func applyGroupLimits(_ limits: Settings.Limits, to process: WorkerProcess) throws {
        guard limits.physicalMemory.bytes > 0 || limits.cpus > 0 else { return }
        guard let groups, let group = process.group else {
            throw ManagerError(
                .invalidWorkerConfig,
                "'limits.physical_memory' and 'limits.cpus' need a control group (version 2) that the manager may divide up: "
                    + "Delegate=yes in its systemd unit, or a container of its own"
            )
        }
        if limits.physicalMemory.bytes > 0 {
            try require("memory", of: groups, for: "physical_memory")
            try group.limitMemory(to: UInt64(limits.physicalMemory.bytes))
        }
        if limits.cpus > 0 {
            try require("cpu", of: groups, for: "cpus")
            try group.limitCPU(to: limits.cpus)
        }
    }

    private func require(_ controller: String, of groups: ControlGroup, for key: String) throws {
        let offered = try controllers ?? groups.enableControllers(movingSelfTo: Self.ownGroup)
        controllers = offered
        guard !offered.contains(controller) else { return }
        let list = offered.isEmpty ? "none" : offered.sorted().joined(separator: ", ")
        throw ManagerError(
            .invalidWorkerConfig,
            "'limits.\(key)' cannot be applied: the control group \(groups.path) has no '\(controller)' controller; it has: \(list)"
        )
    }
}
