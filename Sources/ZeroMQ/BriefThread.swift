internal import CLinux

/// Threads that hand messages on: they run for microseconds, and whoever waits for them should not wait for somebody's whole slice.
public enum BriefThread {
    /// 0.1 ms, the shortest slice that Linux gives, in nanoseconds.
    static let slice: UInt64 = 100_000

    /// Makes the calling thread one. Only a matter of speed: before Linux 6.12 nothing changes.
    public static func begin() {
        _ = qc_swap_slice(slice)
    }
}
