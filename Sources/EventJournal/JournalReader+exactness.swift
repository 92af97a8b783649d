import GRDB

extension JournalReader {
    static func lastSignalNumber(_ db: Database, _ workerID: String, _ generation: UInt64) throws -> UInt64 {
        let statement = try db.cachedStatement(
            sql: "SELECT last_number FROM signal_numbers WHERE worker_id = ? AND generation = ?"
        )
        let number = try Int64.fetchOne(statement, arguments: [workerID, Int64(clamping: generation)])
        return UInt64(clamping: number ?? 0)
    }

    static func unfinishedIntents(_ db: Database) throws -> [UnfinishedIntent] {
        let intents = try fetchEntries(db, "WHERE seq IN (SELECT seq FROM open_intents)", [])
        return try intents.map { intent in
            UnfinishedIntent(
                seq: intent.seq,
                intent: intent.entry,
                effects: try fetchEntries(db, "WHERE intent = ? AND kind = 'effect'", [intent.seq])
            )
        }
    }

    private static func fetchEntries(
        _ db: Database,
        _ filter: String,
        _ arguments: StatementArguments
    ) throws -> [RecordedEntry] {
        let statement = try db.cachedStatement(
            sql: "SELECT \(entryColumns) FROM events \(filter) ORDER BY seq LIMIT \(JournalQuery.maximumLimit)"
        )
        let cursor = try Row.fetchCursor(statement, arguments: arguments)
        var entries: [RecordedEntry] = []
        while let row = try cursor.next() { entries.append(try entry(row)) }
        return entries
    }
}
