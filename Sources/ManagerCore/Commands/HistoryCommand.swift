internal import MarketFiles
internal import MarketRecord
internal import WireProtocol
internal import ZeroMQ

/// `history`: what is recorded.
///
/// Payload: `op`:
/// - `list` (the default): `topics`, each with its sequences and size, and `record`, what the recorder has done.
/// - `gaps`, with `topic` or without: `gaps`, each with `topic`, `from`, `to` and `reason`.
/// - `prune`, with `topic`, and `before_ns` (event time) or `through` (a sequence): drops the messages up to there: `dropped`.
/// - `range`, with `topic`, and optionally `since_ns` and `until_ns` (event times; the second is left out): `from` and `to`, absent where
///   there is nothing.
/// - `rows`, with `topic`, and optionally `after` (a sequence), `since_ns`, `until_ns` and `limit` (default 100, at most 1,000): `rows`, each with
///   `sequence`, `timestamp`, `received` and `data`; `last_sequence`, `more` and `lost`.
enum HistoryCommand: AdminCommand {
    static let type = MessageType.history
    static let isQuery = false

    static func isQuery(_ request: Message) -> Bool { request.payload["op"]?.stringValue != "prune" }

    /// The most gaps of one answer.
    private static let maxGaps = 10_000

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let fields = PayloadFields(request)
            let topic = try fields.text("topic")
            if let topic, !Topic.isTopic(topic) {
                throw ManagerError(
                    .invalidParameters,
                    "'topic' must be a topic such as market.BTC/USDT.kline, not '\(topic.prefix(120))'"
                )
            }
            switch try fields.text("op") ?? "list" {
            case "list": read(control, reply) { [record = control.record] in try list($0, record.statistics) }
            case "gaps": read(control, reply) { try gaps($0, topic) }
            case "range":
                guard let topic else { throw ManagerError(.invalidParameters, "'topic' is missing") }
                let since = try fields.integer("since_ns", from: .min)
                let until = try fields.integer("until_ns", from: .min)
                read(control, reply) { try range($0, topic, since, until) }
            case "rows":
                guard let topic else { throw ManagerError(.invalidParameters, "'topic' is missing") }
                let page = HistoryPage(
                    topic: topic,
                    after: UInt64(try fields.integer("after", from: 0) ?? 0),
                    since: try fields.integer("since_ns", from: .min),
                    until: try fields.integer("until_ns", from: .min),
                    limit: try fields.integer("limit", from: 1).map { Int(clamping: $0) } ?? 100
                )
                read(control, reply) { try page.read($0) }
            case "prune":
                guard let topic else { throw ManagerError(.invalidParameters, "'topic' is missing") }
                let through = try fields.integer("through", from: 0).map { UInt64($0) }
                let before = try fields.integer("before_ns", from: .min)
                guard (through == nil) != (before == nil) else {
                    throw ManagerError(.invalidParameters, "either 'through' or 'before_ns' is needed")
                }
                prune(topic, through: through, before: before, control, reply)
            case let op:
                throw ManagerError(
                    .invalidParameters,
                    "'op' must be list, gaps, range, rows or prune, not '\(op.prefix(40))'"
                )
            }
        } catch {
            reply.refused(error)
        }
    }

    /// Reads the record, with everything that was published before.
    private static func read(
        _ control: WorkerControl,
        _ reply: Reply,
        _ read: @escaping @Sendable (RecordReader) throws -> [String: JSONValue]
    ) {
        control.afterRecording { control.readRecord(reply, read) }
    }

    private static func list(_ reader: RecordReader, _ statistics: RecordStatistics) throws -> [String: JSONValue] {
        [
            "topics": .array(try reader.topics().map(\.json)),
            "record": [
                "pending_messages": JSONValue(statistics.pendingMessages),
                "pending_bytes": JSONValue(statistics.pendingBytes),
                "recorded": JSONValue(statistics.recorded),
                "pruned": JSONValue(statistics.pruned),
                "too_large": JSONValue(statistics.tooLarge),
                "last_commit_seconds": .number(statistics.lastCommit / .seconds(1)),
                "file_bytes": .integer(statistics.fileBytes),
                "failure": JSONValue(statistics.failure?.message),
            ],
        ]
    }

    private static func gaps(_ reader: RecordReader, _ topic: String?) throws -> [String: JSONValue] {
        var gaps: [LostRange] = []
        for name in try topic.map({ [$0] }) ?? reader.topics().map(\.name) where gaps.count < maxGaps {
            gaps += try reader.gaps(name, limit: maxGaps - gaps.count)
        }
        return [
            "gaps": .array(
                gaps.map { gap in
                    [
                        "topic": .string(gap.topic), "from": JSONValue(gap.from), "to": JSONValue(gap.to),
                        "reason": .string(gap.reason.rawValue),
                    ]
                }
            )
        ]
    }

    private static func range(
        _ reader: RecordReader,
        _ topic: String,
        _ since: Int64?,
        _ until: Int64?
    ) throws -> [String: JSONValue] {
        let last = until.map { $0.subtractingClamped(1) }
        guard let (from, to) = try reader.range(topic, since: since, until: last) else { return [:] }
        return ["from": JSONValue(from), "to": JSONValue(to)]
    }
}

extension HistoryCommand {
    private static func prune(
        _ topic: String,
        through: UInt64?,
        before: Int64?,
        _ control: WorkerControl,
        _ reply: Reply
    ) {
        reply.accepted()
        control.readThen(reply) { reader, _ in
            let last = before?.subtractingClamped(1)
            return try through ?? reader.range(topic, since: nil, until: last)?.to ?? 0
        } done: { through in
            let crossing = Crossing(reply)
            control.record.prune(topic, through: through) { [loop = control.loop] result in
                loop.execute {
                    crossing.value.finish(
                        result.map { ["dropped": JSONValue($0)] }.mapError { ManagerError(.internalError, $0.message) }
                    )
                }
            }
        }
    }
}

extension Int64 {
    /// The difference, or the smallest number there is.
    func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? .min : difference
    }
}

extension RecordedTopic {
    fileprivate var json: JSONValue {
        func time(_ nanoseconds: Int64) -> JSONValue {
            nanoseconds == 0 ? .null : .string(TimeText.iso8601(nanoseconds: nanoseconds))
        }
        return [
            "topic": .string(name),
            "first": JSONValue(first),
            "last": JSONValue(last),
            "pruned": JSONValue(pruned),
            "messages": JSONValue(messages),
            "bytes": JSONValue(bytes),
            "last_event_time": time(lastEventTime),
            "last_time": time(lastReceiveTime),
        ]
    }
}
