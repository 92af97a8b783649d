/// Follows the sequence of one topic: what was missed, what came twice.
struct SequenceTracker {
    enum Place: Equatable {
        /// The one that was expected, or the first where nothing was.
        case next
        /// A later one: `missing` messages were lost.
        case gap(missing: UInt64)
        /// One that was handled already, or that was published before the worker joined.
        case repeated
    }

    /// The last sequence handled; `nil` while it is not known where the stream stands.
    private(set) var last: UInt64?

    /// Takes the next message's sequence and says where it stands.
    mutating func place(_ sequence: UInt64) -> Place {
        guard let last else {
            self.last = sequence
            return .next
        }
        guard sequence > last else { return .repeated }
        self.last = sequence
        let missing = sequence - last - 1
        return missing == 0 ? .next : .gap(missing: missing)
    }

    /// Says that the stream stood at `sequence` when the worker joined: only what comes after it is new.
    mutating func join(at sequence: UInt64) {
        last = sequence
    }
}
