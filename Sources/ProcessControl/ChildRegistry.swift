import Synchronization

/// The children that somebody in this process holds a ``ChildProcess`` of, and will collect.
///
/// Spawning and collecting orphans exclude each other, so that no child can end between its birth and its registration
/// and be taken for an orphan.
enum ChildRegistry {
    private static let pids = Mutex<Set<Int32>>([])

    /// Calls `spawn`, and registers the child if it has started one.
    static func register(_ spawn: () -> (status: Int32, pid: Int32)) -> (status: Int32, pid: Int32) {
        pids.withLock { pids in
            let result = spawn()
            if result.status == 0 { pids.insert(result.pid) }
            return result
        }
    }

    /// Forgets a child that has been collected, or that nobody will collect any more.
    static func remove(_ pid: Int32) {
        pids.withLock { pids in _ = pids.remove(pid) }
    }

    /// Keeps everybody from spawning as long as `body` runs.
    static func withPIDs<Result, Failure: Error>(
        _ body: (Set<Int32>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try pids.withLock { (pids: inout Set<Int32>) throws(Failure) in try body(pids) }
    }
}
