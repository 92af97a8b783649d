internal import Synchronization
internal import WireProtocol

/// Tells others, on whatever thread, that something has been recorded: they read it in the journal.
package final class EventNotice: Sendable {
    private let handler = Mutex<(@Sendable () -> Void)?>(nil)
    private let changed = Atomic<UInt64>(0)

    /// How often something has been recorded that changes what is known of workers: anything but signals.
    package var changes: UInt64 { changed.load(ordering: .relaxed) }

    /// Sets who is told, on the control loop, where it must not take long.
    package func set(_ handler: (@Sendable () -> Void)?) {
        self.handler.withLock { $0 = handler }
    }

    func post(_ type: MessageType) {
        if type != .signal { changed.wrappingAdd(1, ordering: .relaxed) }
        handler.withLock { $0 }?()
    }
}
