internal import Synchronization
internal import WireProtocol

// What workers have handled.
extension MarketRecord {
    /// Saves a checkpoint behind all that was appended before it.
    ///
    /// One that is older than what is there, by generation and ordinal, is passed over, unless `overwriting`. While the disk fails it
    /// waits, and a later one of the same worker takes its place.
    package func save(
        _ checkpoint: CheckpointRecord,
        overwriting: Bool = false,
        then completion: @escaping @Sendable (Result<Void, RecordError>) -> Void
    ) {
        let bytes = checkpoint.state.utf8.count
        guard bytes <= CheckpointRecord.maxStateBytes else {
            return completion(
                .failure(
                    RecordError(
                        .tooLarge,
                        "the state of \(checkpoint.workerID) has \(bytes) bytes; at most \(CheckpointRecord.maxStateBytes) are "
                            + "kept: let the strategy keep less"
                    )
                )
            )
        }
        post(.save(checkpoint, overwriting: overwriting), completion)
    }

    /// Forgets a worker's checkpoint.
    package func deleteCheckpoint(
        of workerID: String,
        then completion: @escaping @Sendable (Result<Void, RecordError>) -> Void
    ) {
        post(.deleteCheckpoint(workerID: workerID), completion)
    }

    /// The last checkpoint of a worker that is on disk.
    package func checkpoint(of workerID: String) throws(RecordError) -> CheckpointRecord? {
        try lookups.checkpoints(of: workerID).first
    }

    /// The last checkpoint of each worker.
    package func checkpoints() throws(RecordError) -> [CheckpointRecord] {
        try lookups.checkpoints(of: nil)
    }
}

/// A connection of its own for what others want to know at once.
final class Lookups: @unchecked Sendable {
    private let path: String
    /// Held by whoever uses the connection.
    private let lock = Mutex(())
    private var connection: Connection?

    init(path: String) {
        self.path = path
    }

    /// The checkpoints of one worker, or of all.
    func checkpoints(of workerID: String?) throws(RecordError) -> [CheckpointRecord] {
        let result = lock.withLock { _ in
            Result { () throws(RecordError) in try read(workerID) }
        }
        return try result.get()
    }

    private func read(_ workerID: String?) throws(RecordError) -> [CheckpointRecord] {
        let connection = try open()
        let rows = try connection.prepare(
            """
            SELECT worker_id, generation, ordinal, positions, state, strategy, reason, saved_at FROM checkpoints
            \(workerID == nil ? "" : "WHERE worker_id = ?") ORDER BY worker_id
            """
        )
        if let workerID { rows.bind(1, workerID) }
        var checkpoints: [CheckpointRecord] = []
        while try rows.step() {
            checkpoints.append(
                CheckpointRecord(
                    workerID: rows.text(0),
                    generation: rows.unsigned(1),
                    ordinal: rows.unsigned(2),
                    positions: try Self.positions(rows.text(3), path),
                    state: rows.text(4),
                    strategy: rows.text(5),
                    reason: rows.text(6),
                    savedAt: rows.integer(7)
                )
            )
        }
        return checkpoints
    }

    private func open() throws(RecordError) -> Connection {
        if let connection { return connection }
        let opened = try Connection(path: path, readOnly: true, busyTimeout: .seconds(5))
        connection = opened
        return opened
    }

    private static func positions(_ text: String, _ path: String) throws(RecordError) -> [String: UInt64] {
        guard let members = (try? JSONValue(parsing: text))?.objectValue else {
            throw RecordError(
                .corrupt,
                "a checkpoint in \(path) has positions that cannot be read: reset that checkpoint"
            )
        }
        return members.compactMapValues { $0.integerValue.flatMap { UInt64(exactly: $0) } }
    }
}
