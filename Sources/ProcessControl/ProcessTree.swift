/// A worker's process and everything that it has started, directly or not.
package struct ProcessTree: Hashable, Sendable {
    /// The process that was spawned: it leads a session of its own.
    package let leader: ProcessFingerprint
    /// What `QUANTCELL_TOKEN` is in its environment, and so in that of its descendants.
    package let token: String
    /// The control group that it was put into, if there is one.
    package let controlGroup: ControlGroup?

    package init(leader: ProcessFingerprint, token: String, controlGroup: ControlGroup? = nil) {
        self.leader = leader
        self.token = token
        self.controlGroup = controlGroup
    }

    /// The processes of each tree that live now, by one look through `/proc` for all of them.
    ///
    /// - Returns: One list for each tree, in their order; zombies are not in it.
    /// - Throws: `systemCallFailed` when `/proc` cannot be read.
    package static func members(of trees: [ProcessTree]) throws(ProcessControlError) -> [[ProcessFingerprint]] {
        try ProcessSweep(of: trees, seen: Array(repeating: [], count: trees.count)).members
    }
}
