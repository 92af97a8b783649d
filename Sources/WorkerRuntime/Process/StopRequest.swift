import CLinux
import Glibc
import Synchronization

/// A descriptor that becomes readable on SIGTERM.
///
/// SIGINT is ignored: Ctrl-C on a terminal goes to the manager, which stops its workers in order. So is SIGPIPE, since a log whose
/// reader has gone must not end a strategy.
enum StopRequest {
    /// What the signal handler may touch: a number that is set before it is installed.
    private static let descriptor = Atomic<Int32>(-1)
    private static let isRequested = Atomic(false)

    /// Installs the handlers and returns the descriptor, which stays open as long as the process.
    static func install() throws(WorkerFailure) -> Int32 {
        let eventDescriptor = qc_eventfd_create()
        guard eventDescriptor >= 0 else {
            throw WorkerFailure("cannot open an eventfd: \(String(cString: strerror(errno)))")
        }
        isRequested.store(false, ordering: .relaxed)
        descriptor.store(eventDescriptor, ordering: .releasing)
        signal(SIGINT, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTERM) { _ in StopRequest.raise() }
        // A parent that started us from a thread which blocks signals has left us its mask.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        return eventDescriptor
    }

    /// Whether SIGTERM has arrived.
    static var isRaised: Bool { isRequested.load(ordering: .relaxed) }

    /// Only what a signal handler may do: atomics and write(2), with `errno` left as it was.
    private static func raise() {
        let saved = errno
        isRequested.store(true, ordering: .relaxed)
        qc_eventfd_signal(descriptor.load(ordering: .acquiring))
        errno = saved
    }
}
