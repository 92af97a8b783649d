import CLinux
import Glibc

/// Makes this process the parent of descendants whose own parent has died, and collects them when they have exited.
///
/// Without it they become children of the first process, and nobody here learns of them.
package enum Subreaper {
    /// A descendant that was no child of ours until its parent died, and that has exited since.
    package struct Orphan: Hashable, Sendable {
        /// Its pid, which is free for others from now on.
        package let pid: Int32
        /// How it ended.
        package let exit: Exit
    }

    /// Adopts orphans from now on, for as long as this process lives.
    ///
    /// - Throws: `systemCallFailed`.
    package static func enable() throws(ProcessControlError) {
        guard qc_set_child_subreaper(true) == 0 else {
            throw ProcessControlError(.systemCallFailed, operation: "become a subreaper", errno: errno)
        }
    }

    /// Collects all orphans that have exited, and never a ``ChildProcess``. Never waits.
    ///
    /// Only for programs that start all their children through ``ChildProcess``: others would be taken for orphans. A
    /// child that was abandoned is collected too.
    ///
    /// - Throws: `systemCallFailed`.
    package static func reapOrphans() throws(ProcessControlError) -> [Orphan] {
        try ChildRegistry.withPIDs { (children) throws(ProcessControlError) in
            var orphans: [Orphan] = []
            var result = qc_child_exit()
            while true {
                let status = qc_any_child_peek_exit(&result)
                let number = errno
                if status == 0 || (status < 0 && number == ECHILD) { return orphans }
                guard status > 0 else {
                    throw ProcessControlError(.systemCallFailed, operation: "look for orphans", errno: number)
                }
                // The kernel always shows the same one first. Behind a child that waits for its owner there may be others.
                if children.contains(result.pid) {
                    return orphans + (try zombies().filter { !children.contains($0) }.compactMap(collect))
                }
                guard let orphan = collect(result.pid) else { return orphans }
                orphans.append(orphan)
            }
        }
    }

    private static func collect(_ pid: Int32) -> Orphan? {
        var result = qc_child_exit()
        guard qc_child_reap(pid, &result) == 1 else { return nil }
        let status = ExitStatus(code: result.code, status: result.status)
        return Orphan(pid: pid, exit: Exit(status: status, usage: ResourceUsage(result)))
    }

    private static func zombies() throws(ProcessControlError) -> [Int32] {
        let own = getpid()
        var reader = ProcReader()
        var zombies: [Int32] = []
        for pid in (try? ProcReader.numbers(in: "/proc")) ?? [] {
            guard let stat = try ProcessStat.read(pid: pid, with: &reader) else { continue }
            if stat.parent == own && stat.isDead { zombies.append(pid) }
        }
        return zombies
    }
}
