import GRDBSQLite
import MarketRecord
import WireProtocol

/// The bar that is recorded again and again.
enum BarRow {
    static let event = MarketEvent(
        eventTime: 1_736_933_400_000_000_000,
        payload: .bar(
            BarData(
                open: 94321.5,
                high: 94400.1,
                low: 94300.25,
                close: 94388.3,
                volume: 12.345,
                turnover: 1_165_432.1,
                trades: 345,
                openTime: 1_736_933_340_000_000_000,
                interval: "1m"
            )
        )
    )
}

/// Inserts bars with nothing around SQLite: `PATH COUNT`.
enum BareInsert {
    private static let rowsPerTransaction = 16_384
    private static let interval: StaticString = "1m"

    static func run(_ arguments: RoleArguments) throws {
        let count = try arguments.number(1)
        var database: OpaquePointer?
        guard sqlite3_open(try arguments.text(0), &database) == SQLITE_OK, let database else {
            throw BenchError("SQLite does not open its file")
        }
        defer { sqlite3_close(database) }
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000", database)
        try execute(RecordTables.definition, database)
        var prepared: OpaquePointer?
        guard sqlite3_prepare_v2(database, RecordTables.barInsertion, -1, &prepared, nil) == SQLITE_OK,
            let statement = prepared
        else { throw BenchError("SQLite does not take the floor's statement") }
        defer { sqlite3_finalize(statement) }
        guard case .bar(let bar) = BarRow.event.payload else { return }
        let begin = Clock.monotonic
        for sequence in 1...Int64(count) {
            if sequence % Int64(rowsPerTransaction) == 1 { try execute("BEGIN", database) }
            bind(statement, bar, sequence)
            guard sqlite3_step(statement) == SQLITE_DONE else { throw BenchError("SQLite does not insert") }
            sqlite3_reset(statement)
            if sequence % Int64(rowsPerTransaction) == 0 || sequence == count { try execute("COMMIT", database) }
        }
        print(Double(count) * 1e9 / Double(Clock.monotonic - begin))
    }

    private static func bind(_ statement: OpaquePointer, _ bar: BarData, _ sequence: Int64) {
        sqlite3_bind_int64(statement, 1, 1)
        sqlite3_bind_int64(statement, 2, sequence)
        sqlite3_bind_int64(statement, 3, sequence)
        sqlite3_bind_int64(statement, 4, BarRow.event.eventTime)
        sqlite3_bind_int64(statement, 5, Clock.realtime)
        for (index, value) in [bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover].enumerated() {
            sqlite3_bind_double(statement, 6 + Int32(index), value)
        }
        sqlite3_bind_int64(statement, 12, Int64(bar.trades))
        sqlite3_bind_int64(statement, 13, bar.openTime)
        sqlite3_bind_text(
            statement,
            14,
            interval.utf8Start.withMemoryRebound(to: CChar.self, capacity: 2) { $0 },
            2,
            nil
        )
        sqlite3_bind_int64(statement, 15, 1)
        sqlite3_bind_int64(statement, 16, 0)
        sqlite3_bind_null(statement, 17)
        sqlite3_bind_null(statement, 18)
    }

    private static func execute(_ sql: String, _ database: OpaquePointer) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw BenchError("SQLite: \(String(cString: sqlite3_errmsg(database)))")
        }
    }
}
