import CLinux
import Glibc

/// The clocks, in nanoseconds.
enum Clock {
    /// For durations; the same in every process of the machine.
    static var monotonic: Int64 { qc_monotonic_ns() }
    /// Since the Unix epoch: event times, and the journal's times.
    static var realtime: Int64 { qc_realtime_ns() }

    /// Sleeps for a while.
    static func sleep(milliseconds: Int64) {
        sleep(until: monotonic + milliseconds * 1_000_000)
    }

    /// Sleeps until a moment of the monotonic clock.
    static func sleep(until deadline: Int64) {
        var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// Waits for a moment to within a fraction of a microsecond: sleeps for most of the time, and looks at the clock for the rest.
    static func waitPrecisely(until deadline: Int64) {
        if deadline - monotonic > wakeUpTime { sleep(until: deadline - wakeUpTime) }
        while monotonic < deadline {}
    }

    /// How late a sleeper may come on a machine that is not idle.
    private static let wakeUpTime: Int64 = 60_000

    /// Lets this process's timers fire on time, not up to 50 µs late.
    static func sharpen() {
        // Nor may what is measured keep whoever measures from the processor. All threads of floors and publishers get this, as the
        // product's own do.
        _ = qc_swap_slice(100_000)
        try? Files.write("1", to: "/proc/self/timerslack_ns")
    }

    /// CPU time that this process and all its threads have used.
    static var ownCPUTime: Int64 {
        get throws { try cpuTime(of: getpid()) }
    }

    /// CPU time that a process and all its threads have used.
    static func cpuTime(of pid: Int32) throws -> Int64 {
        var clock = clockid_t()
        guard clock_getcpuclockid(pid, &clock) == 0 else { throw BenchError("process \(pid) has gone") }
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { throw BenchError("process \(pid) has gone") }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
