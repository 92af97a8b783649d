/// In which of its two forms recorded market data is wanted.
package enum BodyFormat: String, Hashable, Sendable {
    case binary
    /// For a reader that has no binary codec.
    case json
}

/// `replay`: ranges of recorded data, in the order in which the manager had received it.
package struct ReplayRequest: Hashable, Sendable {
    /// How many messages an answer may have, whatever was asked for.
    package static let maxMessages = 2000
    /// How many bytes of bodies an answer may have; one message is always sent.
    package static let maxBytes = 4 << 20
    /// As many topics as a worker may have.
    package static let maxRanges = 10_000

    package var ranges: [ReplayRange]
    package var limit: Int
    package var format: BodyFormat

    package init(ranges: [ReplayRange], limit: Int = maxMessages, format: BodyFormat = .binary) {
        self.ranges = ranges
        self.limit = limit
        self.format = format
    }

    /// Reads the payload.
    ///
    /// - Throws: ``ProtocolError`` that names the member which is missing or wrong.
    package init(payload: JSONValue) throws(ProtocolError) {
        guard let values = payload["ranges"]?.arrayValue, values.count <= Self.maxRanges else {
            throw ProtocolError("'ranges' must be a list of at most \(Self.maxRanges)")
        }
        ranges = values.compactMap(ReplayRange.init)
        guard ranges.count == values.count else {
            throw ProtocolError("each of 'ranges' must be {topic, from, to} with 1 <= from <= to")
        }
        limit = Int(clamping: payload["limit"]?.integerValue ?? Int64(Self.maxMessages))
        guard limit >= 1 else { throw ProtocolError("'limit' must be 1 or more") }
        limit = min(limit, Self.maxMessages)
        format = try BodyFormat(member: payload["format"])
    }

    package var payload: JSONValue {
        ["ranges": .array(ranges.map(\.json)), "limit": .integer(Int64(limit)), "format": .string(format.rawValue)]
    }
}

/// `history`: the last recorded messages of topics.
package struct HistoryRequest: Hashable, Sendable {
    /// How many messages of each topic.
    package var counts: [String: Int]
    /// Only what came before this sequence of the topic.
    package var before: [String: UInt64]
    package var format: BodyFormat

    package init(counts: [String: Int], before: [String: UInt64] = [:], format: BodyFormat = .binary) {
        self.counts = counts
        self.before = before
        self.format = format
    }

    /// Reads the payload.
    ///
    /// - Throws: ``ProtocolError`` that names the member which is missing or wrong.
    package init(payload: JSONValue) throws(ProtocolError) {
        guard let topics = payload["topics"]?.sequencesValue, topics.count <= ReplayRequest.maxRanges else {
            throw ProtocolError("'topics' must be an object of topic and count")
        }
        counts = topics.mapValues { Int(clamping: $0) }
        let member = payload["before"] ?? .null
        guard let before = member == .null ? [:] : member.sequencesValue else {
            throw ProtocolError("'before' must be an object of topic and sequence")
        }
        self.before = before
        format = try BodyFormat(member: payload["format"])
    }

    package var payload: JSONValue {
        [
            "topics": .object(counts.mapValues { .integer(Int64($0)) }), "before": JSONValue(sequences: before),
            "format": .string(format.rawValue),
        ]
    }
}

/// The first frame of an answer to `replay` and `history`; the messages follow, two frames each.
package struct ReplayAnswer: Hashable, Sendable {
    /// How many messages follow.
    package var count: Int
    /// What the record does not have of the ranges up to where this answer ends.
    package var lost: [ReplayLoss]
    /// Whether the ranges go on behind what this answer has.
    package var more: Bool

    package init(count: Int, lost: [ReplayLoss] = [], more: Bool = false) {
        self.count = count
        self.lost = lost
        self.more = more
    }

    /// Reads the payload; what is missing is taken for nothing.
    package init(payload: JSONValue) {
        count = Int(clamping: max(payload["count"]?.integerValue ?? 0, 0))
        lost = payload["lost"]?.arrayValue?.compactMap(ReplayLoss.init) ?? []
        more = payload["more"]?.boolValue ?? false
    }

    package var payload: [String: JSONValue] {
        ["count": .integer(Int64(count)), "lost": .array(lost.map(\.json)), "more": .bool(more)]
    }
}

extension BodyFormat {
    fileprivate init(member: JSONValue?) throws(ProtocolError) {
        guard let member, member != .null else {
            self = .binary
            return
        }
        guard let format = member.stringValue.flatMap(BodyFormat.init) else {
            throw ProtocolError("'format' must be 'binary' or 'json'")
        }
        self = format
    }
}
