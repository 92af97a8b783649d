internal import ProcessControl

extension Settings.Limits {
    /// The limits as the kernel takes them.
    ///
    /// - Throws: ``ManagerError`` when there is no such user.
    func processLimits() throws(ManagerError) -> ProcessLimits {
        var limits = ProcessLimits()
        if memory.bytes > 0 { limits.memoryBytes = UInt64(memory.bytes) }
        if cpuSeconds > 0 { limits.cpuSeconds = UInt64(cpuSeconds) }
        if openFiles > 0 { limits.openFiles = UInt64(openFiles) }
        if processes > 0 { limits.processes = UInt64(processes) }
        if coreSize.bytes > 0 { limits.coreBytes = UInt64(coreSize.bytes) }
        if nice != 0 { limits.nice = Int32(nice) }
        if !cpuAffinity.isEmpty { limits.cpuAffinity = cpuAffinity }
        if !user.isEmpty {
            guard let user = ProcessUser.named(user) else {
                throw ManagerError(.invalidWorkerConfig, "there is no user '\(self.user)' on this machine")
            }
            limits.user = user
        }
        return limits
    }
}
