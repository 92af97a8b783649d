internal import MarketFiles
internal import MarketRecord
internal import WireProtocol

extension CheckpointRecord {
    /// The most topics that a checkpoint names.
    static let maxTopics = 100_000
    /// The largest state that is taken, bytes of JSON: it must fit into a `start` with all that goes with it.
    static let maxTakenBytes = 3 << 20

    /// Reads a worker's `checkpoint`.
    ///
    /// - Throws: ``ProtocolError`` when something is missing, of the wrong type or too large.
    init(_ message: Message, workerID: String, generation: UInt64) throws(ProtocolError) {
        let payload = message.payload
        guard let ordinal = payload["ordinal"]?.integerValue.flatMap(UInt64.init(exactly:)), ordinal > 0 else {
            throw ProtocolError("'ordinal' of a checkpoint must be a whole number from 1")
        }
        try self.init(
            payload,
            workerID: workerID,
            generation: generation,
            ordinal: ordinal,
            reason: payload["reason"]?.stringValue ?? "messages"
        )
    }

    /// Reads what a checkpoint holds: `state`, `positions` and `strategy`.
    ///
    /// - Throws: ``ProtocolError`` when something is missing, of the wrong type or too large.
    init(
        _ payload: JSONValue,
        workerID: String,
        generation: UInt64,
        ordinal: UInt64,
        reason: String
    ) throws(ProtocolError) {
        guard let state = payload["state"] else { throw ProtocolError("'state' of a checkpoint is missing") }
        guard let members = payload["positions"]?.objectValue, members.count <= Self.maxTopics else {
            throw ProtocolError("'positions' of a checkpoint must be an object of at most \(Self.maxTopics) topics")
        }
        var positions: [String: UInt64] = [:]
        for (topic, value) in members {
            guard Topic.isTopic(topic), let sequence = value.integerValue.flatMap(UInt64.init(exactly:)) else {
                throw ProtocolError("'positions' of a checkpoint must be topics with their sequences")
            }
            positions[topic] = sequence
        }
        let text = state.text
        guard text.utf8.count <= Self.maxTakenBytes else {
            throw ProtocolError(
                "the state is \(text.utf8.count) bytes of JSON, and at most \(Self.maxTakenBytes) can be kept; "
                    + "keep less in 'State', such as the last values instead of all"
            )
        }
        let (strategy, reason) = (payload["strategy"]?.stringValue ?? "", reason)
        guard strategy.utf8.count <= 256, reason.utf8.count <= 64 else {
            throw ProtocolError("'strategy' or 'reason' of a checkpoint is too long")
        }
        self.init(
            workerID: workerID,
            generation: generation,
            ordinal: ordinal,
            positions: positions,
            state: text,
            strategy: strategy,
            reason: reason,
            savedAt: WallClock.nanoseconds()
        )
    }

    /// What a process goes on from: the fields of a `start`.
    var startPayload: JSONValue {
        [
            "generation": JSONValue(generation),
            "ordinal": JSONValue(ordinal),
            "positions": .object(positions.mapValues { JSONValue($0) }),
            "state": (try? JSONValue(parsing: state)) ?? .null,
            "strategy": .string(strategy),
        ]
    }

    /// As `checkpoint` shows it.
    var json: JSONValue {
        guard var members = startPayload.objectValue else { return startPayload }
        members["worker_id"] = .string(workerID)
        members["reason"] = .string(reason)
        members["saved_at"] = .string(TimeText.iso8601(nanoseconds: savedAt))
        return .object(members)
    }
}
