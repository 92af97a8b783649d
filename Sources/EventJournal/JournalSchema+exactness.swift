extension JournalSchema {
    /// - `signal_numbers` has the last number of a generation, duplicates and signals that retention dropped included.
    ///   The newest few generations of a worker are kept: numbers of older ones are of no use to anybody.
    /// - `open_intents` saves a start from looking for intents without an outcome in the whole history.
    static let exactnessTables = """
        ALTER TABLE emitted_signals ADD COLUMN number INTEGER;

        CREATE TABLE signal_numbers (
            worker_id TEXT NOT NULL,
            generation INTEGER NOT NULL,
            last_number INTEGER NOT NULL,
            PRIMARY KEY (worker_id, generation)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE events ADD COLUMN intent INTEGER; -- the seq of the intent that an entry belongs to
        CREATE INDEX events_by_intent ON events (intent) WHERE intent IS NOT NULL;

        CREATE TABLE open_intents (
            seq INTEGER PRIMARY KEY REFERENCES events (seq) ON DELETE CASCADE
        ) STRICT;
        """

    static let exactnessViews = """
        DROP VIEW signals;
        CREATE VIEW signals AS
            SELECT \(utc("emitted_at")) AS time, signal_id, worker_id AS worker, generation, number, name, side, symbol,
                   data_type, sequence, \(utc("event_time")) AS event_time, price, quantity, data
            FROM emitted_signals ORDER BY seq;
        CREATE VIEW intents AS
            SELECT seq, \(utc("time")) AS time, worker_id AS worker, generation, cause AS intent, actor,
                   (SELECT group_concat(cause, ', ') FROM (
                       SELECT cause FROM events AS effect
                       WHERE effect.intent = events.seq AND effect.kind = 'effect' ORDER BY effect.seq)) AS effects,
                   (SELECT cause FROM events AS outcome
                       WHERE outcome.intent = events.seq AND outcome.kind = 'outcome' ORDER BY outcome.seq) AS outcome,
                   detail
            FROM events WHERE kind = 'intent' ORDER BY seq;
        """
}
