import CLinux
import Glibc
import Synchronization

/// What signals ask of the heartbeat's thread: where the strategy is (SIGUSR1), and to look at the log file (SIGHUP).
///
/// The handlers do only what a signal handler may: atomics, `backtrace` and write(2), with `errno` left as it was.
enum SignalInbox {
    private static let maxFrames: Int32 = 128

    private enum Capture {
        static let none = 0, inProgress = 1, ready = 2
    }

    // Everything that the handlers touch is set before they are installed.
    private static let wakeDescriptor = Atomic<Int32>(-1)
    private static let strategyThread = Atomic<UInt>(0)
    private static let wantsLogCheck = Atomic(false)
    private static let capture = Atomic(Capture.none)
    private static let frameCount = Atomic<Int32>(0)
    nonisolated(unsafe) private static let frames = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(
        capacity: Int(maxFrames)
    )

    /// Installs the handlers. To be called on the strategy's thread.
    ///
    /// - Parameter wakeDescriptor: an eventfd on which the heartbeat's thread waits.
    static func install(wakeDescriptor descriptor: Int32) {
        // The first call loads the unwinder.
        frameCount.store(qc_backtrace(frames, 1), ordering: .relaxed)
        capture.store(Capture.none, ordering: .relaxed)
        wantsLogCheck.store(false, ordering: .relaxed)
        strategyThread.store(UInt(pthread_self()), ordering: .relaxed)
        wakeDescriptor.store(descriptor, ordering: .releasing)
        signal(SIGUSR1) { _ in SignalInbox.captureFrames() }
        signal(SIGHUP) { _ in SignalInbox.requestLogCheck() }
    }

    /// Says that nobody waits any more.
    static func forgetWakeDescriptor() {
        wakeDescriptor.store(-1, ordering: .releasing)
    }

    /// Takes the request to look at the log file, if there is one.
    static func takeLogCheck() -> Bool {
        wantsLogCheck.exchange(false, ordering: .acquiring)
    }

    /// Takes the frames that were asked for, innermost first and with those of the handler, if there are any.
    static func takeFrames() -> [UInt]? {
        guard capture.load(ordering: .acquiring) == Capture.ready else { return nil }
        let taken = (0..<Int(frameCount.load(ordering: .relaxed))).map { UInt(bitPattern: frames[$0]) }
        capture.store(Capture.none, ordering: .releasing)
        return taken
    }

    private static func captureFrames() {
        let saved = errno
        defer { errno = saved }
        let thread = strategyThread.load(ordering: .relaxed)
        guard UInt(pthread_self()) == thread else {
            pthread_kill(pthread_t(thread), SIGUSR1)
            return
        }
        let (isFirst, _) = capture.compareExchange(
            expected: Capture.none,
            desired: Capture.inProgress,
            ordering: .acquiringAndReleasing
        )
        guard isFirst else { return }
        frameCount.store(qc_backtrace(frames, maxFrames), ordering: .relaxed)
        capture.store(Capture.ready, ordering: .releasing)
        qc_eventfd_signal(wakeDescriptor.load(ordering: .relaxed))
    }

    private static func requestLogCheck() {
        let saved = errno
        wantsLogCheck.store(true, ordering: .releasing)
        qc_eventfd_signal(wakeDescriptor.load(ordering: .acquiring))
        errno = saved
    }
}
