internal import MarketFiles
internal import MarketRecord
internal import WireProtocol

extension CheckpointRecord {
    /// The most topics that a checkpoint names.
    private static let maxTopics = 100_000
    private static let maxNameBytes = 256

    /// Reads a worker's `checkpoint`.
    ///
    /// - Throws: ``ProtocolError`` when something is missing, of the wrong type or too large.
    init(_ message: Message, workerID: String, generation: UInt64) throws(ProtocolError) {
        try self.init(
            try Checkpoint(payload: message.payload),
            workerID: workerID,
            generation: generation,
            reason: message.payload["reason"]?.stringValue ?? Checkpoint.Reason.messages.rawValue
        )
    }

    /// A checkpoint to be kept, checked: it comes from outside.
    ///
    /// - Throws: ``ProtocolError`` when something in it is wrong or too large.
    init(
        _ checkpoint: Checkpoint,
        workerID: String,
        generation: UInt64,
        reason: String
    ) throws(ProtocolError) {
        guard checkpoint.positions.count <= Self.maxTopics, checkpoint.positions.keys.allSatisfy(Topic.isTopic) else {
            throw ProtocolError("'positions' of a checkpoint must be at most \(Self.maxTopics) topics with sequences")
        }
        guard checkpoint.strategy.utf8.count <= Self.maxNameBytes, reason.utf8.count <= Self.maxNameBytes else {
            throw ProtocolError("'strategy' or 'reason' of a checkpoint is too long")
        }
        let state = checkpoint.state.text
        guard state.utf8.count <= Checkpoint.maxStateBytes else {
            throw ProtocolError(
                "the state is \(state.utf8.count) bytes of JSON, and at most \(Checkpoint.maxStateBytes) can be kept; "
                    + "keep less in 'State', such as the last values instead of all"
            )
        }
        self.init(
            workerID: workerID,
            generation: generation,
            ordinal: checkpoint.ordinal,
            positions: checkpoint.positions,
            state: state,
            strategy: checkpoint.strategy,
            reason: reason,
            savedAt: WallClock.nanoseconds()
        )
    }

    /// What a process goes on from: the fields of a `start`.
    ///
    /// - Throws: ``JSONError`` when the state is no JSON, as in a file that was tampered with.
    func startPayload() throws(JSONError) -> JSONValue {
        let checkpoint = Checkpoint(
            ordinal: ordinal,
            positions: positions,
            state: try JSONValue(parsing: state),
            strategy: strategy
        )
        return .object(checkpoint.payload.merging(["generation": JSONValue(generation)]) { $1 })
    }

    /// As `checkpoint` shows it.
    func json() throws(JSONError) -> JSONValue {
        let place: [String: JSONValue] = [
            "worker_id": .string(workerID), "reason": .string(reason),
            "saved_at": .string(TimeText.iso8601(nanoseconds: savedAt)),
        ]
        return .object(try startPayload().objectValue?.merging(place) { $1 } ?? place)
    }
}
