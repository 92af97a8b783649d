internal import CLinux
internal import Glibc
internal import ProcessControl
internal import WireProtocol

/// The manager's own process, as it shows itself to Prometheus.
struct ManagerProcess: Sendable {
    private let fingerprint: ProcessFingerprint?
    /// When it started, seconds since the Unix epoch; where that cannot be found out, when this was made.
    let startTime: Double

    init() {
        fingerprint = try? ProcessFingerprint.read(pid: getpid())
        let now = Double(WallClock.nanoseconds()) / 1e9
        var boot = timespec()
        guard let fingerprint, clock_gettime(CLOCK_BOOTTIME, &boot) == 0 else {
            startTime = now
            return
        }
        let sinceBoot = Double(boot.tv_sec) + Double(boot.tv_nsec) / 1e9
        startTime = now - sinceBoot + Double(fingerprint.startTime) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// What it uses now.
    func usage() -> ProcessUsage? {
        fingerprint.flatMap { (try? ProcessUsage.read($0, .descriptors)) ?? nil }
    }

    /// How many descriptors it may have open; `nil` for no limit.
    static var maxDescriptors: UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return nil
        }
        return UInt64(limit.rlim_cur)
    }
}
