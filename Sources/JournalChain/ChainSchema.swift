/// The tables that the chain covers, and those that it consists of.
package enum ChainSchema {
    /// The columns of `events` that an entry's hash covers, in this order.
    package static let entryColumns =
        "seq, time, kind, worker_id, generation, from_state, to_state, cause, actor, detail, intent"
    package static let entryColumnCount: Int32 = 11

    /// The columns of `emitted_signals` that a signal's hash covers, in this order.
    package static let signalColumns = """
        seq, signal_id, worker_id, generation, name, side, symbol, data_type, sequence, event_time, price, quantity, \
        data, emitted_at, number
        """
    package static let signalColumnCount: Int32 = 15

    /// The columns of `deaths` that a death's hash covers, in this order.
    package static let deathColumns = """
        seq, worker_id, generation, time, cause, exit, core, oom, last_heartbeat, last_topic, last_sequence, callback, \
        callback_seconds, peak_rss, cpu_user, cpu_system, log_tail, backtrace
        """
    package static let deathColumnCount: Int32 = 18

    /// - `hash_chain`: entries up to `start_seq` are older than the chain. It begins behind `anchor_seq`, where
    ///   retention has come to, with `anchor_hash`: that of the entry which was there, or a random one where there was
    ///   none, so that no two journals have a hash in common. It ends at `head_seq`, so that an entry cannot be taken
    ///   from its end.
    /// - Of what is left up to `anchor_seq`, `kept_entries` and `kept_signals` have the XOR of all hashes, and the table
    ///   `kept_entries` the hash of the entry that was before it.
    package static let tables = """
        ALTER TABLE events ADD COLUMN hash BLOB; -- SHA-256; NULL in entries older than the chain
        ALTER TABLE emitted_signals ADD COLUMN hash BLOB; -- likewise

        CREATE TABLE hash_chain (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            start_seq INTEGER NOT NULL,
            anchor_seq INTEGER NOT NULL,
            anchor_hash BLOB NOT NULL,
            head_seq INTEGER NOT NULL,
            head_hash BLOB NOT NULL,
            kept_entries BLOB NOT NULL,
            kept_signals BLOB NOT NULL
        ) STRICT;
        INSERT INTO hash_chain
            SELECT 1, last, last, randomblob(32), last, zeroblob(32), zeroblob(32), zeroblob(32)
            FROM (SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS last);
        UPDATE hash_chain SET head_hash = anchor_hash;

        CREATE TABLE kept_entries (
            seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE,
            previous BLOB NOT NULL
        ) STRICT;
        """
}
