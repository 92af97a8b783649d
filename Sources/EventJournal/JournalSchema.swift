import GRDB
import JournalChain

/// The tables, and the views for people who read the file with plain `sqlite3`.
///
/// A new version of the schema is a new migration; one that has shipped is never edited.
enum JournalSchema {
    /// Marks the file as ours in SQLite's header: "QCJ1".
    private static let applicationID = 0x5143_4A31

    /// Refuses a file that belongs to another program or to a newer version, before anything in it is changed.
    static func checkOwnership(_ db: Database, path: String) throws {
        let id = try Int.fetchOne(db, sql: "PRAGMA application_id")
        if id != applicationID, try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_schema)") == true {
            throw JournalError(
                .foreign,
                "\(path) is a database of another program: move the file away, or choose another data folder"
            )
        }
        if id == applicationID, try migrator.hasBeenSuperseded(db) {
            throw JournalError(
                .tooNew,
                "the journal \(path) was written by a newer QuantCell: update this one, or choose another data folder"
            )
        }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 events and signals") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: tables)
            try db.execute(sql: views)
        }
        migrator.registerMigration("2 state, deaths and retention", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: stateTables)
            try db.execute(sql: stateViews)
        }
        migrator.registerMigration("3 numbers, intents and hashes", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: exactnessTables)
            try db.execute(sql: ChainSchema.tables)
            try db.execute(sql: exactnessViews)
        }
        migrator.registerMigration("4 who gave a command", foreignKeyChecks: .immediate) { db in
            try db.execute(sql: originViews)
        }
        return migrator
    }

    /// - AUTOINCREMENT, so that a number is never given twice, even when old entries are removed one day.
    /// - A signal's `seq` is that of its entry in `events`; no foreign key, since signals may be kept for longer.
    /// - Names of signals are the workers' own, so they are told apart within one worker only.
    private static let tables = """
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            time INTEGER NOT NULL, -- nanoseconds since the Unix epoch, like every time in this file
            kind TEXT NOT NULL,
            worker_id TEXT,
            generation INTEGER,
            from_state TEXT,
            to_state TEXT,
            cause TEXT,
            actor TEXT,
            detail TEXT -- JSON
        ) STRICT;
        CREATE INDEX events_by_time ON events (time);
        CREATE INDEX events_by_kind ON events (kind);
        CREATE INDEX events_by_worker ON events (worker_id) WHERE worker_id IS NOT NULL;

        CREATE TABLE emitted_signals (
            seq INTEGER PRIMARY KEY,
            signal_id TEXT NOT NULL,
            worker_id TEXT NOT NULL,
            generation INTEGER,
            name TEXT NOT NULL,
            side TEXT,
            symbol TEXT,
            data_type TEXT,
            sequence INTEGER,
            event_time INTEGER,
            price REAL,
            quantity REAL,
            data TEXT, -- JSON
            emitted_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX emitted_signals_by_id ON emitted_signals (signal_id, worker_id);
        CREATE INDEX emitted_signals_by_worker ON emitted_signals (worker_id);
        """

    private static let views = """
        CREATE VIEW journal AS
            SELECT seq, \(utc("time")) AS time, kind, worker_id AS worker, generation,
                   from_state AS "from", to_state AS "to", cause, actor, detail
            FROM events ORDER BY seq;
        CREATE VIEW transitions AS
            SELECT \(utc("time")) AS time, worker_id AS worker, generation,
                   from_state AS "from", to_state AS "to", cause, actor
            FROM events WHERE kind = 'transition' ORDER BY seq;
        CREATE VIEW commands AS
            SELECT \(utc("time")) AS time, cause AS command, worker_id AS worker, generation, actor, detail
            FROM events WHERE kind = 'command' ORDER BY seq;
        CREATE VIEW refusals AS
            SELECT \(utc("time")) AS time, worker_id AS worker, generation, cause, actor, detail
            FROM events WHERE kind = 'refused' ORDER BY seq;
        CREATE VIEW manager_log AS
            SELECT \(utc("time")) AS time, cause, actor, detail
            FROM events WHERE kind IN ('manager', 'journal') ORDER BY seq;
        CREATE VIEW signals AS
            SELECT \(utc("emitted_at")) AS time, signal_id, worker_id AS worker, generation, name, side, symbol,
                   data_type, sequence, \(utc("event_time")) AS event_time, price, quantity, data
            FROM emitted_signals ORDER BY seq;
        """

    /// SQL for ISO-8601 in UTC with microseconds, of a column in nanoseconds since the Unix epoch.
    static func utc(_ column: String) -> String {
        """
        strftime('%Y-%m-%dT%H:%M:%S', \(column) / 1000000000, 'unixepoch') \
        || printf('.%06dZ', \(column) % 1000000000 / 1000)
        """
    }
}
