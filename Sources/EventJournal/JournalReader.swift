import GRDB
import JournalChain

/// The statements that read.
enum JournalReader {
    static func entries(_ db: Database, matching query: JournalQuery) throws -> [RecordedEntry] {
        var conditions: [(sql: String, value: any DatabaseValueConvertible)] = []
        if let workerID = query.workerID { conditions.append(("worker_id = ?", workerID)) }
        if let kind = query.kind { conditions.append(("kind = ?", kind.rawValue)) }
        if let after = query.afterSequence { conditions.append(("seq > ?", after)) }
        if let since = query.sinceNanoseconds {
            // Where to begin, by the index. Without it, a search from either end would read all that does not match;
            // and SQLite's own way to a min(seq) is to read the table from its beginning.
            conditions.append(
                ("seq >= (SELECT min(seq) FROM events INDEXED BY events_by_time WHERE time >= ?)", since)
            )
            conditions.append(("time >= ?", since))
        }
        return try fetch(db, entryColumns, "events", conditions, query.limit, query.keeping, entry)
    }

    /// What ``entry(_:)`` reads.
    static let entryColumns = ChainSchema.entryColumns

    static func entry(_ row: Row) throws -> RecordedEntry {
        RecordedEntry(
            seq: try row.decode(atIndex: 0),
            entry: JournalEntry(
                time: try row.decode(atIndex: 1),
                kind: JournalKind(rawValue: try row.decode(atIndex: 2)),
                workerID: try row.decode(atIndex: 3),
                generation: try row.number(atIndex: 4),
                fromState: try row.decode(atIndex: 5),
                toState: try row.decode(atIndex: 6),
                cause: try row.decode(atIndex: 7),
                actor: try row.decode(atIndex: 8),
                detail: try row.decode(atIndex: 9),
                intent: try row.decode(atIndex: 10)
            )
        )
    }

    static func signals(_ db: Database, matching query: SignalQuery) throws -> [RecordedSignal] {
        var conditions: [(sql: String, value: any DatabaseValueConvertible)] = []
        if let workerID = query.workerID { conditions.append(("worker_id = ?", workerID)) }
        if let after = query.afterSequence { conditions.append(("seq > ?", after)) }
        return try fetch(db, ChainSchema.signalColumns, "emitted_signals", conditions, query.limit, query.keeping) {
            row in
            RecordedSignal(
                seq: try row.decode(atIndex: 0),
                signal: SignalRecord(
                    signalID: try row.decode(atIndex: 1),
                    workerID: try row.decode(atIndex: 2),
                    generation: try row.number(atIndex: 3),
                    number: try row.number(atIndex: 14),
                    name: try row.decode(atIndex: 4),
                    side: try row.decode(atIndex: 5),
                    symbol: try row.decode(atIndex: 6),
                    dataType: try row.decode(atIndex: 7),
                    sequence: try row.number(atIndex: 8),
                    eventTime: try row.decode(atIndex: 9),
                    price: try row.decode(atIndex: 10),
                    quantity: try row.decode(atIndex: 11),
                    data: try row.decode(atIndex: 12),
                    emittedAt: try row.decode(atIndex: 13)
                )
            )
        }
    }

    /// Reads the rows that meet all conditions, from the end that is wanted, and returns them ascending.
    private static func fetch<Record>(
        _ db: Database,
        _ columns: String,
        _ table: String,
        _ conditions: [(sql: String, value: any DatabaseValueConvertible)],
        _ limit: Int,
        _ end: JournalEnd,
        _ record: (Row) throws -> Record
    ) throws -> [Record] {
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.map(\.sql).joined(separator: " AND ")
        let direction = end == .oldest ? "ASC" : "DESC"
        let statement = try db.cachedStatement(
            sql: "SELECT \(columns) FROM \(table) \(filter) ORDER BY seq \(direction) LIMIT \(limit)"
        )
        let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(conditions.map(\.value)))
        var records: [Record] = []
        while let row = try cursor.next() {
            records.append(try record(row))
        }
        return end == .oldest ? records : records.reversed()
    }
}

extension Row {
    /// Decoding throws, where a subscript would trap on a damaged file.
    func number(atIndex index: Int) throws -> UInt64? {
        try decode(Int64?.self, atIndex: index).map { UInt64(clamping: $0) }
    }
}
