import Glibc

/// Names one process for good: a pid comes round again, together with the start time and the boot it does not.
package struct ProcessFingerprint: Codable, Hashable, Sendable {
    /// The process id.
    package let pid: Int32
    /// When it started, in clock ticks since boot: field 22 of `/proc/PID/stat`.
    package let startTime: UInt64
    /// The boot it ran in: `/proc/sys/kernel/random/boot_id`.
    package let bootID: String

    /// A fingerprint that was noted earlier.
    package init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }

    /// Reads the fingerprint of the process that has `pid` now; a zombie has one too.
    ///
    /// - Throws: `noSuchProcess`, or `systemCallFailed` when `/proc` cannot be read.
    package static func read(pid: Int32) throws(ProcessControlError) -> ProcessFingerprint {
        guard let stat = try ProcessStat.read(pid: pid) else {
            throw ProcessControlError(.noSuchProcess, operation: "look at process \(pid)", errno: ESRCH)
        }
        return ProcessFingerprint(pid: pid, startTime: stat.startTime, bootID: try currentBootID())
    }

    /// Whether this very process still runs. A zombie does not.
    ///
    /// - Throws: `systemCallFailed` when `/proc` cannot be read: then nobody knows, and it must not count as dead.
    package func isAlive() throws(ProcessControlError) -> Bool {
        guard try Self.currentBootID() == bootID, let stat = try ProcessStat.read(pid: pid) else {
            return false
        }
        return stat.startTime == startTime && !stat.isDead
    }

    /// The boot that this is.
    static func currentBootID() throws(ProcessControlError) -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        var reader = ProcReader()
        do {
            try reader.read(path)
        } catch {
            throw ProcessControlError(.systemCallFailed, operation: "read \(path)", errno: error.errno)
        }
        return String(decoding: reader.contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
