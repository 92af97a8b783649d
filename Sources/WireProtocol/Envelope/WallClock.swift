import Glibc

/// The time of day, for time stamps only: deadlines never use it, since it can be set.
public enum WallClock {
    /// Nanoseconds since the Unix epoch.
    public static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    /// Seconds since the Unix epoch, to the microsecond.
    public static func seconds() -> Double {
        Double(nanoseconds() / 1000) / 1_000_000
    }
}
