/// The tables, and the views for people who read the file with plain `sqlite3`.
///
/// A new version of the schema is a new step; one that has shipped is never edited.
enum RecordSchema {
    /// Marks the file as ours in SQLite's header: "QCM1".
    private static let applicationID: Int64 = 0x5143_4D31

    /// Refuses a file that belongs to another program or to a newer version, before anything in it is changed.
    static func checkOwnership(_ connection: Connection) throws(RecordError) {
        let id = try connection.integer("PRAGMA application_id")
        let isEmpty = try connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        guard id == applicationID || isEmpty else {
            throw RecordError(
                .foreign,
                "\(connection.path) is a database of another program: move the file away, or choose another data folder"
            )
        }
        guard try connection.integer("PRAGMA user_version") <= steps.count else {
            throw RecordError(
                .tooNew,
                "the record \(connection.path) was written by a newer QuantCell: update this one, or choose another data "
                    + "folder"
            )
        }
    }

    /// Makes or brings up to date what is in the file.
    static func migrate(_ connection: Connection) throws(RecordError) {
        let version = try connection.integer("PRAGMA user_version")
        for (index, step) in steps.enumerated().dropFirst(Int(version)) {
            do {
                try connection.execute("BEGIN IMMEDIATE")
                try connection.execute(step)
                try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(index + 1)")
                try connection.execute("COMMIT")
            } catch {
                connection.rollback()
                throw error
            }
        }
    }

    private static let steps = [tables + views, times]

    /// How many sequences of a topic share a row of `blocks`.
    static let blockLength: UInt64 = 4096

    /// - `blocks` sums up the messages of a topic in runs of ``blockLength`` sequences, so that times are found and old messages
    ///   dropped without looking at each.
    /// - `gaps` names what was never recorded; what retention dropped lies at or below `topics.pruned_seq`.
    static let tables = """
        CREATE TABLE topics (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind INTEGER NOT NULL, -- 1 bars, 2 ticks, 3 messages: the table
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            pruned_seq INTEGER NOT NULL,
            messages INTEGER NOT NULL,
            bytes INTEGER NOT NULL, -- of the bodies as they came
            last_event_time INTEGER NOT NULL, -- nanoseconds since the Unix epoch, like every time in this file
            last_receive_time INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE bars (
            topic_id INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            position INTEGER NOT NULL, -- order of arrival over all topics
            event_time INTEGER NOT NULL,
            receive_time INTEGER NOT NULL,
            open REAL NOT NULL,
            high REAL NOT NULL,
            low REAL NOT NULL,
            close REAL NOT NULL,
            volume REAL NOT NULL,
            turnover REAL NOT NULL,
            trades INTEGER NOT NULL,
            open_time INTEGER NOT NULL,
            interval TEXT,
            closed INTEGER NOT NULL,
            format INTEGER NOT NULL, -- bit 0: JSON, else binary; the others: what else is needed to write it again
            source TEXT,
            extra TEXT, -- JSON: members of the data that have no column
            PRIMARY KEY (topic_id, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE ticks (
            topic_id INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            position INTEGER NOT NULL,
            event_time INTEGER NOT NULL,
            receive_time INTEGER NOT NULL,
            price REAL NOT NULL,
            size REAL,
            bid REAL,
            ask REAL,
            bid_size REAL,
            ask_size REAL,
            format INTEGER NOT NULL,
            source TEXT,
            extra TEXT,
            PRIMARY KEY (topic_id, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE messages (
            topic_id INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            position INTEGER NOT NULL,
            event_time INTEGER NOT NULL,
            receive_time INTEGER NOT NULL,
            format INTEGER NOT NULL,
            source TEXT,
            data TEXT NOT NULL, -- JSON
            PRIMARY KEY (topic_id, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE blocks (
            topic_id INTEGER NOT NULL,
            block INTEGER NOT NULL, -- sequence / 4096
            messages INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            first_event_time INTEGER NOT NULL, -- the earliest
            last_event_time INTEGER NOT NULL, -- the latest
            last_receive_time INTEGER NOT NULL,
            PRIMARY KEY (topic_id, block)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX blocks_by_age ON blocks (last_receive_time);
        CREATE TABLE gaps (
            topic_id INTEGER NOT NULL,
            from_seq INTEGER NOT NULL,
            to_seq INTEGER NOT NULL,
            PRIMARY KEY (topic_id, from_seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE publishers (
            id TEXT PRIMARY KEY,
            number INTEGER NOT NULL, -- its last message that is recorded
            updated_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE checkpoints (
            worker_id TEXT PRIMARY KEY,
            generation INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            positions TEXT NOT NULL, -- JSON: topic to last sequence handled
            state TEXT NOT NULL, -- JSON
            strategy TEXT NOT NULL,
            reason TEXT NOT NULL,
            saved_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE counters (
            name TEXT PRIMARY KEY,
            value INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        """

    /// - `in_order` says that event times never go back within the block; of one that an earlier version began it is not known.
    private static let times = """
        ALTER TABLE blocks ADD COLUMN in_order INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX blocks_by_event_time ON blocks (topic_id, last_event_time);
        """

    private static let views = """
        CREATE VIEW recorded_topics AS
            SELECT name AS topic, CASE kind WHEN 1 THEN 'bars' WHEN 2 THEN 'ticks' ELSE 'messages' END AS "table",
                   first_seq, last_seq, messages, bytes, \(utc("last_event_time")) AS last_event,
                   \(utc("last_receive_time")) AS last_received
            FROM topics ORDER BY name;
        CREATE VIEW bars_readable AS
            SELECT name AS topic, seq, \(utc("event_time")) AS time, open, high, low, close, volume, turnover, trades,
                   interval, closed, \(utc("receive_time")) AS received, source, extra
            FROM bars JOIN topics ON topics.id = topic_id;
        CREATE VIEW ticks_readable AS
            SELECT name AS topic, seq, \(utc("event_time")) AS time, price, size, bid, ask, bid_size, ask_size,
                   \(utc("receive_time")) AS received, source, extra
            FROM ticks JOIN topics ON topics.id = topic_id;
        CREATE VIEW messages_readable AS
            SELECT name AS topic, seq, \(utc("event_time")) AS time, data, \(utc("receive_time")) AS received, source
            FROM messages JOIN topics ON topics.id = topic_id;
        CREATE VIEW checkpoints_readable AS
            SELECT worker_id AS worker, generation, ordinal, reason, \(utc("saved_at")) AS saved, positions, state
            FROM checkpoints ORDER BY worker_id;
        """

    /// SQL for ISO-8601 in UTC with microseconds, of a column in nanoseconds since the Unix epoch.
    private static func utc(_ column: String) -> String {
        """
        strftime('%Y-%m-%dT%H:%M:%S', \(column) / 1000000000, 'unixepoch') \
        || printf('.%06dZ', \(column) % 1000000000 / 1000)
        """
    }
}
