import Glibc

/// Whom a process acts for.
package struct ProcessUser: Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    /// Further groups.
    package var groups: [UInt32]

    package init(uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }

    /// The user of that name, with all groups that the system's user database gives it; `nil` when there is none.
    ///
    /// Asks the user database, which may be across a network.
    package static func named(_ name: String) -> ProcessUser? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        var groups = [gid_t](repeating: 0, count: 256)
        var count = Int32(groups.count)
        guard getgrouplist(name, record.pw_gid, &groups, &count) >= 0 else { return nil }
        return ProcessUser(uid: record.pw_uid, gid: record.pw_gid, groups: groups.prefix(Int(count)).sorted())
    }

    /// Makes this process act for the user, for good.
    ///
    /// - Throws: `limitNotApplied`.
    func assume() throws(ProcessControlError) {
        // The user last: after that we may not change the groups any more. glibc has every thread follow.
        guard setgroups(groups.count, groups) == 0, setgid(gid) == 0, setuid(uid) == 0 else {
            throw ProcessControlError(
                .limitNotApplied,
                operation: "become user \(uid), group \(gid)",
                errno: errno,
                hint: errno == EPERM ? "only root may" : nil
            )
        }
        // Root that can come back has not left.
        guard getuid() == uid, geteuid() == uid, getgid() == gid, getegid() == gid, uid == 0 || setuid(0) != 0 else {
            throw ProcessControlError(
                .limitNotApplied,
                operation: "become user \(uid), group \(gid)",
                reason: "the system has not done so"
            )
        }
    }
}
