/// Follows the sequence of one topic: what is missing, what comes twice.
struct SequenceTracker {
    enum Place: Equatable {
        /// The one that was expected, or the first where nothing was.
        case next
        /// A later one: `missing` messages before it have not come.
        case gap(missing: UInt64)
        /// One that was handled already, or that was published before the worker joined.
        case repeated
    }

    /// The last sequence handled; `nil` while it is not known where the stream stands.
    private(set) var last: UInt64?

    /// Says where a message stands.
    func place(_ sequence: UInt64) -> Place {
        guard let last else { return .next }
        guard sequence > last else { return .repeated }
        let missing = sequence - last - 1
        return missing == 0 ? .next : .gap(missing: missing)
    }

    /// Goes on to `sequence`: what comes after it is new.
    mutating func advance(to sequence: UInt64) {
        last = sequence
    }
}
