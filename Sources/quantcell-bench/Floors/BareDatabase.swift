import GRDBSQLite

/// Bare SQLite in the journal's place: `PATH SINGLE GROUPED`. Prints the commits a second one by one, and the rows a
/// second of transactions of 4,000.
///
/// The table of entries with the indexes that a transition touches, WAL, synchronous=FULL; statements are prepared once
/// and nothing that is bound is copied. What the journal adds to it: the hash and the end of the chain, a queue, a thread,
/// and an answer for each entry.
enum BareDatabase {
    private static let schema = """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, kind TEXT NOT NULL, worker_id TEXT,
            generation INTEGER, from_state TEXT, to_state TEXT, cause TEXT, actor TEXT, detail TEXT, intent INTEGER
        ) STRICT;
        CREATE INDEX events_by_time ON events (time);
        CREATE INDEX events_by_kind ON events (kind);
        CREATE INDEX events_by_worker ON events (worker_id) WHERE worker_id IS NOT NULL;
        CREATE INDEX events_transitions ON events (worker_id) WHERE kind = 'transition';
        CREATE INDEX events_by_intent ON events (intent) WHERE intent IS NOT NULL;
        """

    private static let insert = """
        INSERT INTO events (time, kind, worker_id, generation, from_state, to_state, cause, actor, detail)
        VALUES (?, 'transition', ?, 1, ?, ?, ?, ?, ?)
        """

    static func run(_ arguments: RoleArguments) throws {
        let (single, grouped) = (try arguments.number(1), try arguments.number(2))
        var opened: OpaquePointer?
        guard sqlite3_open(try arguments.text(0), &opened) == SQLITE_OK, let database = opened else {
            throw BenchError("SQLite cannot open a file")
        }
        defer { sqlite3_close(database) }
        try check(sqlite3_exec(database, schema, nil, nil, nil), database)
        let (begin, insert, commit) = (
            try statement("BEGIN IMMEDIATE", database), try statement(insert, database),
            try statement("COMMIT", database)
        )
        defer { for statement in [begin, insert, commit] { sqlite3_finalize(statement) } }
        let texts: [StaticString] = ["bench", "starting", "running", "it runs", "worker", #"{"pid":1234}"#]
        func transaction(_ rows: Int) throws {
            try step(begin, database)
            for _ in 0..<rows {
                sqlite3_bind_int64(insert, 1, Clock.realtime)
                for (index, text) in texts.enumerated() {
                    text.withUTF8Buffer { bytes in
                        let start = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
                        _ = sqlite3_bind_text(insert, Int32(index + 2), start, Int32(bytes.count), nil)
                    }
                }
                try step(insert, database)
            }
            try step(commit, database)
        }
        let start = Clock.monotonic
        for _ in 0..<single { try transaction(1) }
        let middle = Clock.monotonic
        for first in stride(from: 0, to: grouped, by: 4000) { try transaction(min(4000, grouped - first)) }
        let end = Clock.monotonic
        print(Double(single) * 1e9 / Double(middle - start), Double(grouped) * 1e9 / Double(end - middle))
    }

    private static func statement(_ sql: String, _ database: OpaquePointer) throws -> OpaquePointer? {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(database, sql, -1, &statement, nil), database)
        return statement
    }

    private static func step(_ statement: OpaquePointer?, _ database: OpaquePointer) throws {
        let code = sqlite3_step(statement)
        sqlite3_reset(statement)
        if code != SQLITE_DONE { try check(code, database) }
    }

    private static func check(_ code: Int32, _ database: OpaquePointer) throws {
        if code != SQLITE_OK { throw BenchError("SQLite: \(String(cString: sqlite3_errmsg(database)))") }
    }
}
