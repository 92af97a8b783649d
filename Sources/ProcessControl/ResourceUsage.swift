import CLinux

/// What a process had used by its end, together with the descendants that it waited for.
package struct ResourceUsage: Hashable, Sendable {
    /// Time on a CPU in its own code.
    package let userTime: Duration
    /// Time on a CPU in the kernel on its behalf.
    package let systemTime: Duration
    /// The most physical memory it held at once, in bytes.
    ///
    /// An upper bound: exec(2) hands on the peak of the process image it replaces, which for a spawned child is the
    /// manager's. A child that stayed below the manager's peak reports the manager's.
    package let peakResidentBytes: Int

    init(_ exit: qc_child_exit) {
        userTime = .microseconds(exit.user_us)
        systemTime = .microseconds(exit.system_us)
        peakResidentBytes = Int(exit.peak_resident_kib) * 1024
    }
}
