import Glibc

/// What a running process has used and holds.
package struct ProcessUsage: Hashable, Sendable {
    /// What to read beyond the cheap facts.
    package struct Details: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// ``ProcessUsage/peakResidentBytes``.
        package static let peak = Details(rawValue: 1)
        /// ``ProcessUsage/openDescriptors``.
        package static let descriptors = Details(rawValue: 2)
        /// ``ProcessUsage/privateDirtyBytes``. The kernel walks all of the process' memory for it, and holds up its
        /// `mmap` meanwhile: not for every second.
        package static let privateMemory = Details(rawValue: 4)
    }

    /// Time on a CPU in its own code, to the 10 ms.
    package let userTime: Duration
    /// Time on a CPU in the kernel on its behalf, to the 10 ms.
    package let systemTime: Duration
    /// Physical memory that it holds, in bytes, shared pages included.
    package let residentBytes: Int
    /// Its threads.
    package let threads: Int
    /// The most physical memory it held at once since its program started, in bytes; `nil` when not asked for.
    package private(set) var peakResidentBytes: Int?
    /// Its open file descriptors; `nil` when not asked for, or not ours to know.
    package private(set) var openDescriptors: Int?
    /// Written memory that it shares with nobody, in bytes; `nil` when not asked for, or not ours to know.
    package private(set) var privateDirtyBytes: Int?

    /// Time on a CPU in all.
    package var cpuTime: Duration { userTime + systemTime }

    private static let tick = Duration.seconds(1) / sysconf(Int32(_SC_CLK_TCK))
    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))

    private init(_ stat: ProcessStat) {
        userTime = Self.tick * Int(clamping: stat.userTicks)
        systemTime = Self.tick * Int(clamping: stat.systemTicks)
        residentBytes = stat.residentPages.multipliedReportingOverflow(by: Self.pageSize).partialValue
        threads = stat.threads
    }

    /// Reads the usage of the process that `fingerprint` names; `nil` when it has ended.
    ///
    /// - Throws: `systemCallFailed` when `/proc` cannot be read.
    package static func read(
        _ fingerprint: ProcessFingerprint,
        _ details: Details = []
    ) throws(ProcessControlError) -> ProcessUsage? {
        let pid = fingerprint.pid
        var reader = ProcReader()
        guard let stat = try ProcessStat.read(pid: pid, with: &reader), stat.startTime == fingerprint.startTime,
            !stat.isDead
        else { return nil }
        var usage = ProcessUsage(stat)
        if details.contains(.peak) {
            usage.peakResidentBytes = reader.kibibytes("VmHWM:", in: "/proc/\(pid)/status")
        }
        if details.contains(.descriptors) { usage.openDescriptors = descriptors(of: pid) }
        if details.contains(.privateMemory) {
            usage.privateDirtyBytes = reader.kibibytes("Private_Dirty:", in: "/proc/\(pid)/smaps_rollup")
        }
        return usage
    }

    private static func descriptors(of pid: Int32) -> Int? {
        let folder = "/proc/\(pid)/fd"
        var status = stat()
        guard stat(folder, &status) == 0, access(folder, R_OK) == 0 else { return nil }
        // From Linux 6.2 on the size of the folder is the number that we are after.
        if status.st_size > 0 { return status.st_size }
        return try? ProcReader.numbers(in: folder).count
    }
}

extension ProcReader {
    fileprivate mutating func kibibytes(_ name: StaticString, in path: String) -> Int? {
        guard (try? read(path)) != nil else { return nil }
        return number(after: name).map { Int(clamping: $0.multipliedReportingOverflow(by: 1024).partialValue) }
    }
}
