/// Whom the recorder tells; all are called on its thread, and must not wait for it.
package struct RecordEvents: Sendable {
    /// Publishers whose messages were committed, with the last number of each.
    package var onRecorded: @Sendable ([String: UInt64]) -> Void
    /// There is room again after an append that found none.
    package var onRoom: @Sendable () -> Void
    /// Recording has failed (once, however often it is tried again), or works again: `nil`.
    package var onFailure: @Sendable (RecordError?) -> Void

    package init(
        onRecorded: @escaping @Sendable ([String: UInt64]) -> Void = { _ in },
        onRoom: @escaping @Sendable () -> Void = {},
        onFailure: @escaping @Sendable (RecordError?) -> Void = { _ in }
    ) {
        self.onRecorded = onRecorded
        self.onRoom = onRoom
        self.onFailure = onFailure
    }
}
