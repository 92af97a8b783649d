internal import Synchronization

/// Counts the streams that are open, and lets no more in than may be.
final class StreamCount: Sendable {
    private let count = Mutex(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// A stream's place; `nil` where there is none left.
    func enter() -> Ticket? {
        let isIn = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        return isIn ? Ticket(self) : nil
    }

    /// A place that is taken, until it is given back or lost.
    final class Ticket: Sendable {
        private let owner: StreamCount
        private let isIn = Mutex(true)

        fileprivate init(_ owner: StreamCount) {
            self.owner = owner
        }

        deinit { leave() }

        func leave() {
            let was = isIn.withLock { isIn in
                defer { isIn = false }
                return isIn
            }
            if was { owner.count.withLock { $0 -= 1 } }
        }
    }
}
