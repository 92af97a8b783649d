/// What a process may use. `nil` leaves a thing as it is.
///
/// All but ``user`` can be set from outside: ``apply(to:)``. The user, and that privileges cannot be gained, is for the
/// process itself: ``LaunchStep``.
package struct ProcessLimits: Hashable, Sendable {
    /// Private memory that can be written, in bytes (RLIMIT_DATA). A thread's stack counts whole, usually 8 MiB. Over it
    /// the process cannot allocate more.
    package var memoryBytes: UInt64?
    /// Address space, in bytes, used or not (RLIMIT_AS). A Swift process with threads reserves hundreds of MiB.
    package var addressSpaceBytes: UInt64?
    /// CPU time of its whole life, in seconds (RLIMIT_CPU). Then SIGXCPU ends it, and 5 seconds later SIGKILL does.
    package var cpuSeconds: UInt64?
    /// One more than the largest descriptor number (RLIMIT_NOFILE).
    package var openFiles: UInt64?
    /// Threads of all processes of the same user, on the whole machine (RLIMIT_NPROC); the kernel does not hold root to
    /// it.
    package var processes: UInt64?
    /// Size of a core file, in bytes (RLIMIT_CORE); 0 is none.
    package var coreBytes: UInt64?
    /// -20 (most CPU time) to 19 (least).
    package var nice: Int32?
    /// The CPUs that it may run on, by their numbers, 0 to 1023.
    package var cpuAffinity: [Int]?
    /// Whom it acts for. Only root can set it.
    package var user: ProcessUser?

    package init() {}
}
