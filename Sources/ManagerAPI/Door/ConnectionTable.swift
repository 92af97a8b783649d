internal import DequeModule
internal import NIOCore
internal import Synchronization

/// The connections that there are, so that there are not too many.
///
/// Where one more comes than may, the oldest one that has shown no token goes: whoever opens connections by the thousand keeps
/// nobody out who is known.
final class ConnectionTable: Sendable {
    fileprivate struct State {
        var channels: [ObjectIdentifier: (channel: any Channel, isTrusted: Bool)] = [:]
        /// In the order in which they came; some may be gone, or trusted, by now.
        var strangers: Deque<ObjectIdentifier> = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes in a new connection, and closes one where there are too many.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel as AnyObject)
        let surplus = state.withLock { state in
            state.channels[id] = (channel, false)
            state.strangers.append(id)
            return state.channels.count > limit ? state.removeOldestStranger() : nil
        }
        channel.closeFuture.whenComplete { [weak self] _ in self?.remove(id) }
        surplus?.close(promise: nil)
    }

    /// Notes that a connection has shown a token.
    func trust(_ channel: any Channel) {
        let id = ObjectIdentifier(channel as AnyObject)
        state.withLock { $0.channels[id]?.isTrusted = true }
    }

    private func remove(_ id: ObjectIdentifier) {
        state.withLock { state in
            state.channels[id] = nil
            if state.strangers.count > 2 * limit + 16 {
                state.strangers.removeAll { state.channels[$0]?.isTrusted != false }
            }
        }
    }
}

extension ConnectionTable.State {
    fileprivate mutating func removeOldestStranger() -> (any Channel)? {
        while let id = strangers.popFirst() {
            guard let entry = channels[id], !entry.isTrusted else { continue }
            channels[id] = nil
            return entry.channel
        }
        return nil
    }
}
