internal import EventJournal
internal import WireProtocol

/// What two versions of a strategy emit on the same recorded messages, side by side.
struct SignalComparison {
    /// The signals of one message, by both versions.
    struct Line {
        let topic: String
        let sequence: UInt64
        let old: [SignalDifference.Signal]
        let new: [SignalDifference.Signal]

        var json: JSONValue {
            [
                "topic": .string(topic), "sequence": JSONValue(sequence),
                "old": .array(old.map(\.json)), "new": .array(new.map(\.json)), "same": .bool(old == new),
            ]
        }
    }

    /// How many lines an answer shows; those that differ come first.
    private static let maxShown = 500

    /// How many messages were compared, all topics together.
    let messages: UInt64
    /// How many messages led to the same signals, of those that led to any.
    let same: Int
    /// In the order of topics and sequences.
    let lines: [Line]

    /// - Parameters:
    ///   - ranges: What is compared; what comes before only warmed the strategies up.
    init(ranges: [ReplayRange], old: [SignalRecord], new: [SignalRecord]) {
        struct Place: Hashable {
            let topic: String
            let sequence: UInt64
        }
        let compared = Dictionary(ranges.map { ($0.topic, $0.from...$0.to) }) { first, _ in first }
        func byPlace(_ records: [SignalRecord]) -> [Place: [SignalDifference.Signal]] {
            let signals = records.compactMap(SignalDifference.Signal.init).filter {
                compared[$0.topic]?.contains($0.sequence) == true
            }
            return Dictionary(grouping: signals) { Place(topic: $0.topic, sequence: $0.sequence) }
        }
        let (old, new) = (byPlace(old), byPlace(new))
        let places = Set(old.keys).union(new.keys).sorted { ($0.topic, $0.sequence) < ($1.topic, $1.sequence) }
        lines = places.map { Line(topic: $0.topic, sequence: $0.sequence, old: old[$0] ?? [], new: new[$0] ?? []) }
        same = lines.count { $0.old == $0.new }
        messages = ranges.reduce(0) { $0 + $1.count }
    }

    var json: JSONValue {
        let differing = lines.filter { $0.old != $0.new }
        let shown = lines.count <= Self.maxShown ? lines : Array(differing.prefix(Self.maxShown))
        return [
            "messages": JSONValue(messages), "same": .integer(Int64(same)),
            "different": .integer(Int64(differing.count)),
            "old_signals": .integer(Int64(lines.reduce(0) { $0 + $1.old.count })),
            "new_signals": .integer(Int64(lines.reduce(0) { $0 + $1.new.count })),
            "lines": .array(shown.map(\.json)), "lines_left_out": .integer(Int64(lines.count - shown.count)),
        ]
    }
}
