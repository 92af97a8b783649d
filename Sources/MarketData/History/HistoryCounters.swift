/// What has been asked about recorded data since the broker started.
public struct HistoryCounters: Hashable, Sendable {
    /// Questions that came.
    public internal(set) var requests: UInt64 = 0
    /// Questions that could not be answered, or were none.
    public internal(set) var refused: UInt64 = 0
    /// Messages that were sent.
    public internal(set) var messages: UInt64 = 0
    /// Answers that whoever had asked did not take.
    public internal(set) var dropped: UInt64 = 0
}
