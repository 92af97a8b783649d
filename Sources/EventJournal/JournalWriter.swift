import GRDB

/// The statements that write, prepared once a connection and used for one transaction.
struct JournalWriter {
    private let db: Database
    private let insertEvent: Statement
    /// Of so many generations of a worker the last number is kept.
    private static let numberedGenerations: Int64 = 16

    init(_ db: Database) throws {
        self.db = db
        insertEvent = try db.cachedStatement(
            sql: """
                INSERT INTO events (
                    time, kind, worker_id, generation, from_state, to_state, cause, actor, detail, intent)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
    }

    func write(_ write: PendingWrite) throws -> SignalReceipt {
        switch write {
        case .entry(let entry, _): SignalReceipt(seq: try insert(entry), isNew: true)
        case .signal(let signal, _): try insert(signal)
        case .update(let update, _): SignalReceipt(seq: try insert(update), isNew: true)
        }
    }

    func insert(_ entry: JournalEntry) throws -> Int64 {
        try insertEvent.run([
            entry.time, text(entry.kind.rawValue), text(entry.workerID), number(entry.generation),
            text(entry.fromState), text(entry.toState), text(entry.cause), text(entry.actor), text(entry.detail),
            entry.intent,
        ])
        let seq = db.lastInsertedRowID
        if entry.kind == .intent {
            try run("INSERT INTO open_intents (seq) VALUES (?)", [seq])
        } else if entry.kind == .outcome, let intent = entry.intent {
            try run("DELETE FROM open_intents WHERE seq = ?", [intent])
        }
        return seq
    }

    private func insert(_ signal: SignalRecord) throws -> SignalReceipt {
        let signalID = text(signal.signalID)
        let workerID = text(signal.workerID)
        try note(signal.number, of: workerID, signal.generation)
        // Nobody else writes within this transaction, so that looking first is as safe as INSERT OR IGNORE, and it
        // knows the place of the first one.
        let known = try db.cachedStatement(
            sql: "SELECT seq FROM emitted_signals WHERE signal_id = ? AND worker_id = ?"
        )
        if let seq = try Int64.fetchOne(known, arguments: [signalID, workerID]) {
            return SignalReceipt(seq: seq, isNew: false)
        }
        let seq = try insertSignalEvent(signal)
        let insertSignal = try db.cachedStatement(
            sql: """
                INSERT INTO emitted_signals (
                    seq, signal_id, worker_id, generation, name, side, symbol, data_type, sequence, event_time,
                    price, quantity, data, emitted_at, number)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try insertSignal.run([
            seq, signalID, workerID, number(signal.generation), text(signal.name), text(signal.side),
            text(signal.symbol), text(signal.dataType), number(signal.sequence), signal.eventTime, signal.price,
            signal.quantity, text(signal.data), signal.emittedAt, number(signal.number),
        ])
        return SignalReceipt(seq: seq, isNew: true)
    }

    /// Notes the number of a signal, of a duplicate too: the worker need not send it again.
    private func note(_ signalNumber: UInt64?, of workerID: String, _ generation: UInt64?) throws {
        guard let signalNumber = number(signalNumber), let generation = number(generation) else { return }
        try run(
            """
            INSERT INTO signal_numbers (worker_id, generation, last_number) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET last_number = max(last_number, excluded.last_number)
            """,
            [workerID, generation, signalNumber]
        )
        if signalNumber == 1 {
            try run(
                "DELETE FROM signal_numbers WHERE worker_id = ? AND generation <= ?",
                [workerID, generation - Self.numberedGenerations]
            )
        }
    }

    /// The signal's line in the history: enough to follow it there; the rest is in `emitted_signals`.
    private func insertSignalEvent(_ signal: SignalRecord) throws -> Int64 {
        // json_patch drops what is null.
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO events (time, kind, worker_id, generation, cause, actor, detail)
                VALUES (?, 'signal', ?, ?, ?, 'worker', json_patch('{}', json_object(
                    'signal_id', ?, 'side', ?, 'symbol', ?, 'price', ?, 'quantity', ?)))
                """
        )
        try statement.run([
            signal.emittedAt, text(signal.workerID), number(signal.generation), text(signal.name),
            text(signal.signalID), text(signal.side), text(signal.symbol), finite(signal.price),
            finite(signal.quantity),
        ])
        return db.lastInsertedRowID
    }

    /// Runs a statement that is not worth a property.
    func run(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws {
        try db.cachedStatement(sql: sql).run(arguments)
    }

    /// SQLite has no unsigned numbers; nothing real counts beyond 2^63.
    func number(_ value: UInt64?) -> Int64? {
        value.map { Int64(clamping: $0) }
    }

    /// JSON knows no infinity.
    private func finite(_ value: Double?) -> Double? {
        value.flatMap { $0.isFinite ? $0 : nil }
    }

    /// A NUL would end the text for SQLite: what follows it would be lost, and two names could become one.
    func text(_ value: String) -> String {
        value.utf8.contains(0) ? String(value.map { $0 == "\0" ? "\u{2400}" : $0 }) : value
    }

    func text(_ value: String?) -> String? {
        value.map { text($0) }
    }
}

extension Statement {
    /// Runs a statement of ours, whose number of arguments is right by reading it.
    func run(_ arguments: [(any DatabaseValueConvertible)?]) throws {
        setUncheckedArguments(StatementArguments(arguments))
        try execute()
    }
}
