import Glibc
import Synchronization

/// Outside the type, since a signal handler captures nothing.
private let wasRequested = Atomic<Bool>(false)

/// What Ctrl-C and SIGTERM do.
enum Interrupt {
    /// Whether somebody has asked to stop since ``becomesRequest()``.
    static var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

    /// The first Ctrl-C only asks; a second one ends the program.
    static func becomesRequest() {
        // Made here, since a signal handler must not be the first to use it.
        wasRequested.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                wasRequested.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    /// Ctrl-C is how a user ends what would go on for ever: it counts as success. Output must have been flushed.
    static func endsWithSuccess() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in _exit(0) }
        }
    }
}
