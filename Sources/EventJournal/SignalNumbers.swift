import GRDB

/// The numbers of the signals of one transaction, duplicates included: their workers need not send them again.
struct SignalNumbers {
    private struct Source: Hashable {
        let workerID: String
        let generation: Int64
    }

    /// Of so many generations of a worker the last number is kept.
    private static let generations: Int64 = 16

    private var last: [Source: Int64] = [:]

    mutating func note(_ signal: SignalRecord) {
        guard let number = signal.number, let generation = signal.generation else { return }
        let source = Source(workerID: signal.workerID, generation: Int64(clamping: generation))
        last[source] = max(last[source] ?? 0, Int64(clamping: number))
    }

    func save(_ db: Database) throws {
        for (source, number) in last {
            try db.cachedStatement(
                sql: """
                    INSERT INTO signal_numbers (worker_id, generation, last_number) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET last_number = max(last_number, excluded.last_number)
                    """
            ).run([source.workerID, source.generation, number])
            try db.cachedStatement(sql: "DELETE FROM signal_numbers WHERE worker_id = ? AND generation <= ?")
                .run([source.workerID, source.generation - Self.generations])
        }
    }
}
