internal import Synchronization

/// How many messages a broker has sent on, for other threads to see at a glance whether anything has moved.
package final class PublishedCount: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Messages sent on so far.
    package var value: UInt64 { count.load(ordering: .relaxed) }

    /// Notes the count; on the data loop only.
    func set(_ value: UInt64) {
        count.store(value, ordering: .relaxed)
    }
}
