internal import CLinux
internal import Glibc
internal import Synchronization

/// Lets the recorder sleep, and others wake it.
final class Waker: Sendable {
    private let descriptor: Int32
    private let isSleeping = Atomic(false)

    init() throws(RecordError) {
        descriptor = qc_eventfd_create()
        guard descriptor >= 0 else { throw RecordError(errno: errno, "make an eventfd for", "the recorder") }
    }

    deinit {
        close(descriptor)
    }

    /// Wakes a sleeper that waits for messages; next to nothing where there is none.
    func messageCame() {
        // The sleeper sets the flag and then looks for messages; whoever appends does so and then looks at the flag. Without the
        // fence each could miss the other.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isSleeping.load(ordering: .relaxed) else { return }
        if isSleeping.exchange(false, ordering: .relaxed) { interrupt() }
    }

    /// Ends any wait.
    func interrupt() {
        _ = qc_eventfd_signal(descriptor)
    }

    /// Waits until interrupted, whatever messages come.
    func pause(_ duration: Duration) {
        poll(duration)
    }

    /// Waits for a message or an interruption, unless `isNeeded` says that there is something to do.
    func sleep(_ duration: Duration?, unless isNeeded: () -> Bool) {
        isSleeping.store(true, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !isNeeded() { poll(duration) }
        isSleeping.store(false, ordering: .relaxed)
    }

    private func poll(_ duration: Duration?) {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // Up to the next millisecond: a wait that ends too early would be no wait.
        let milliseconds = duration.map { Int32(clamping: Int(($0 / .milliseconds(1)).rounded(.up))) } ?? -1
        if Glibc.poll(&item, 1, milliseconds) > 0 { _ = qc_eventfd_drain(descriptor) }
    }
}
