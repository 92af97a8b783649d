import Glibc

/// The clock for durations and deadlines; it never jumps.
enum MonotonicClock {
    /// Nanoseconds since some moment in the past.
    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    /// Sleeps until a moment of this clock; returns early when a signal arrives.
    static func sleep(until nanoseconds: Int64) {
        var moment = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nil)
    }
}
