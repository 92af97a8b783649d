internal import MarketFiles
internal import MarketRecord
internal import WireProtocol

/// A page of a topic's recorded messages.
struct HistoryPage: Sendable {
    private static let maxRows = 1000
    private static let maxBytes = 1 << 20

    let topic: String
    /// Only messages behind this sequence.
    let after: UInt64
    /// Event times, nanoseconds since the Unix epoch; the second is left out.
    let since: Int64?
    let until: Int64?
    let limit: Int

    /// Reads it.
    ///
    /// - Throws: ``RecordError``
    func read(_ reader: RecordReader) throws -> [String: JSONValue] {
        guard let (first, last) = try reader.range(topic, since: since, until: until.map { $0.subtractingClamped(1) }),
            max(first, after + 1) <= last
        else { return answer(RecordChunk(), last: after) }
        let chunk = try reader.messages(
            [RecordRange(topic: topic, from: max(first, after + 1), to: last)],
            limit: min(limit, Self.maxRows),
            maxBytes: Self.maxBytes,
            format: .json
        )
        return answer(chunk, last: chunk.messages.last?.sequence ?? last)
    }

    private func answer(_ chunk: RecordChunk, last: UInt64) -> [String: JSONValue] {
        [
            "topic": .string(topic),
            "rows": .array(chunk.messages.map(Self.row)),
            "last_sequence": JSONValue(last),
            "more": .bool(chunk.more),
            "lost": .array(
                chunk.lost.map { lost in
                    [
                        "from": JSONValue(lost.from), "to": JSONValue(lost.to),
                        "reason": .string(lost.reason.rawValue),
                    ]
                }
            ),
        ]
    }

    private static func row(_ message: RecordedMessage) -> JSONValue {
        let envelope = message.body.withUnsafeBytes { try? JSONValue(parsing: $0) } ?? .null
        let received = envelope["ts_ns"]?.integerValue
        return [
            "sequence": JSONValue(message.sequence),
            "timestamp": envelope["payload"]?["timestamp"] ?? envelope["timestamp"] ?? .null,
            "received": received.map { .string(TimeText.iso8601(nanoseconds: $0)) } ?? .null,
            "data": envelope["payload"]?["data"] ?? .null,
        ]
    }
}
