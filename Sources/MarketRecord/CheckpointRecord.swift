/// What a worker has handled, and its strategy's state right behind that.
package struct CheckpointRecord: Hashable, Sendable {
    /// The most bytes of a state.
    package static let maxStateBytes = 16 << 20

    /// The strategy slot.
    package var workerID: String
    /// The incarnation that took it.
    package var generation: UInt64
    /// Its number within the incarnation.
    package var ordinal: UInt64
    /// Topic to the last sequence that was handled.
    package var positions: [String: UInt64]
    /// The state, as the text of one JSON value.
    package var state: String
    /// The strategy that can read the state.
    package var strategy: String
    /// What it was taken for: `start`, `messages`, `interval`, `pause`, `stop`, `reload`.
    package var reason: String
    /// When it was taken, nanoseconds since the Unix epoch.
    package var savedAt: Int64

    package init(
        workerID: String,
        generation: UInt64,
        ordinal: UInt64,
        positions: [String: UInt64],
        state: String,
        strategy: String,
        reason: String,
        savedAt: Int64
    ) {
        self.workerID = workerID
        self.generation = generation
        self.ordinal = ordinal
        self.positions = positions
        self.state = state
        self.strategy = strategy
        self.reason = reason
        self.savedAt = savedAt
    }
}
