extension JournalSchema {
    /// - A worker may have two processes for a while, so that a record is named by worker and generation.
    /// - A death goes with its entry.
    /// - `retention_anchor`: all entries up to `seq` are dropped, but for the last transition of each worker, and with
    ///   `time` that is all that is left of the last of them. What is behind it is whole: a chain of hashes over the
    ///   entries begins here.
    /// - The index finds whether a transition is the last of its worker; without it, a worker with a million signals
    ///   would hold up the step that asks.
    static let stateTables = """
        CREATE TABLE desired_workers (
            worker_id TEXT PRIMARY KEY NOT NULL,
            wanted TEXT NOT NULL, -- running, paused, stopped
            config TEXT NOT NULL, -- JSON
            source TEXT NOT NULL, -- cli, config, api
            updated_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE worker_processes (
            worker_id TEXT NOT NULL,
            generation INTEGER NOT NULL,
            identity TEXT NOT NULL,
            token TEXT NOT NULL, -- secret
            pid INTEGER NOT NULL,
            start_time INTEGER NOT NULL, -- clock ticks since boot
            boot_id TEXT NOT NULL,
            library TEXT,
            state TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            restarts INTEGER NOT NULL,
            PRIMARY KEY (worker_id, generation)
        ) STRICT;

        CREATE TABLE deaths (
            seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE,
            worker_id TEXT NOT NULL,
            generation INTEGER NOT NULL,
            time INTEGER NOT NULL,
            cause TEXT NOT NULL,
            exit TEXT,
            core INTEGER, -- 0, 1, or NULL where it is not known
            oom INTEGER, -- likewise
            last_heartbeat INTEGER,
            last_topic TEXT,
            last_sequence INTEGER,
            callback TEXT,
            callback_seconds REAL,
            peak_rss INTEGER, -- bytes
            cpu_user REAL, -- seconds
            cpu_system REAL, -- seconds
            log_tail TEXT,
            backtrace TEXT
        ) STRICT;
        CREATE INDEX deaths_by_worker ON deaths (worker_id);

        CREATE TABLE retention_anchor (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            seq INTEGER NOT NULL,
            time INTEGER NOT NULL,
            entries INTEGER NOT NULL, -- dropped in the life of the file
            signals INTEGER NOT NULL, -- likewise
            unreported_entries INTEGER NOT NULL, -- of these, not in an entry of kind journal yet
            unreported_signals INTEGER NOT NULL
        ) STRICT;
        INSERT INTO retention_anchor VALUES (1, 0, 0, 0, 0, 0, 0);

        CREATE INDEX events_transitions ON events (worker_id) WHERE kind = 'transition';
        """

    static let stateViews = """
        CREATE VIEW workers AS
            WITH slots AS (SELECT worker_id FROM desired_workers UNION SELECT worker_id FROM worker_processes)
            SELECT slots.worker_id AS worker, wanted,
                   coalesce(state, (
                       SELECT to_state FROM events INDEXED BY events_transitions
                       WHERE kind = 'transition' AND events.worker_id = slots.worker_id ORDER BY seq DESC LIMIT 1
                   )) AS state,
                   generation, pid, restarts, \(utc("started_at")) AS started, identity, library,
                   source, \(utc("updated_at")) AS wanted_since, config
            FROM slots LEFT JOIN desired_workers USING (worker_id) LEFT JOIN worker_processes USING (worker_id)
            ORDER BY slots.worker_id, generation;
        CREATE VIEW deaths_readable AS
            SELECT \(utc("time")) AS time, worker_id AS worker, generation, cause, exit,
                   CASE core WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS core,
                   CASE oom WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS oom,
                   \(utc("last_heartbeat")) AS last_heartbeat, last_topic, last_sequence, callback, callback_seconds,
                   round(peak_rss / 1048576.0, 1) AS peak_rss_mib, cpu_user, cpu_system, log_tail, backtrace
            FROM deaths ORDER BY seq;
        """
}
