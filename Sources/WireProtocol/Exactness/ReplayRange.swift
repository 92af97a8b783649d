/// A run of one topic's messages, both ends included.
package struct ReplayRange: Hashable, Sendable {
    /// The topic's name, such as `market.BTC/USDT.kline`.
    package var topic: String
    /// The first sequence, from 1.
    package var from: UInt64
    /// The last sequence, at least ``from``.
    package var to: UInt64

    package init(topic: String, from: UInt64, to: UInt64) {
        self.topic = topic
        self.from = from
        self.to = to
    }

    /// How many messages it is.
    package var count: UInt64 { to - from + 1 }

    /// Reads `{"topic","from","to"}`; `nil` when a member is missing or the range is empty.
    package init?(_ value: JSONValue) {
        guard let topic = value["topic"]?.stringValue, topic.utf8.count <= Topic.maxBytes,
            let from = value["from"]?.sequenceValue, let to = value["to"]?.sequenceValue, 1 <= from, from <= to
        else { return nil }
        self.init(topic: topic, from: from, to: to)
    }

    package var json: JSONValue {
        ["topic": .string(topic), "from": JSONValue(from), "to": JSONValue(to)]
    }
}

/// A range that the record does not have, and why.
package struct ReplayLoss: Hashable, Sendable {
    package var range: ReplayRange
    /// In words for a person, such as `not recorded`, `pruned`, `record off`.
    package var reason: String

    package init(_ range: ReplayRange, reason: String) {
        self.range = range
        self.reason = reason
    }

    package init?(_ value: JSONValue) {
        guard let range = ReplayRange(value) else { return nil }
        self.init(range, reason: value["reason"]?.stringValue ?? "not recorded")
    }

    package var json: JSONValue {
        [
            "topic": .string(range.topic), "from": JSONValue(range.from), "to": JSONValue(range.to),
            "reason": .string(reason),
        ]
    }
}

extension JSONValue {
    /// The number as a sequence, if it is a whole one from 0.
    package var sequenceValue: UInt64? { integerValue.flatMap(UInt64.init(exactly:)) }

    /// The members as sequences, if it is an object of nothing else.
    package var sequencesValue: [String: UInt64]? {
        guard let members = objectValue else { return nil }
        let sequences = members.compactMapValues(\.sequenceValue)
        return sequences.count == members.count ? sequences : nil
    }

    /// An object of sequences, such as a strategy's positions.
    package init(sequences: [String: UInt64]) {
        self = .object(sequences.mapValues { JSONValue($0) })
    }
}
