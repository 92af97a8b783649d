import GRDB
import GRDBSQLite
import JournalChain

/// Writes within one transaction, and chains what it writes.
///
/// ``finish()`` has to be called before the commit: it moves the end of the chain.
struct JournalWriter {
    let db: Database
    /// The row that is being written, and the row that its hash covers, too.
    private var row = CanonicalRow()
    private var attachedRow = CanonicalRow()
    private let insertEntry: RawStatement
    /// The end of the chain.
    private var head: ChainState.Mark
    /// The place of the next entry.
    private var next: Int64
    private var numbers = SignalNumbers()

    init(_ db: Database) throws {
        self.db = db
        insertEntry = try db.rawStatement(
            """
            INSERT INTO events (\(ChainSchema.entryColumns), hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        // Where somebody else has written to the table, numbers go on behind what he wrote: he is told of by a
        // verification, and must not keep us from writing.
        let end = try db.rawStatement(
            """
            SELECT head_seq, head_hash, max(
                head_seq, coalesce((SELECT max(seq) FROM events), 0),
                coalesce((SELECT max(seq) FROM emitted_signals), 0),
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0))
            FROM hash_chain WHERE id = 1
            """
        )
        defer { end.reset() }
        guard try end.step(), let hash = end.hash(1) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "hash_chain has no end")
        }
        head = ChainState.Mark(seq: end.integer(0), hash: hash)
        next = end.integer(2) + 1
    }

    mutating func write(_ write: PendingWrite) throws -> SignalReceipt {
        switch write {
        case .entry(let entry, _): SignalReceipt(seq: try insert(entry), isNew: true)
        case .signal(let signal, _): try insert(signal)
        case .update(let update, _): SignalReceipt(seq: try insert(update), isNew: true)
        }
    }

    /// Moves the end of the chain to the last entry.
    func finish() throws {
        try numbers.save(db)
        guard head.seq == next - 1 else { return }
        let update = try db.rawStatement("UPDATE hash_chain SET head_seq = ?, head_hash = ? WHERE id = 1")
        try head.hash.withUnsafeBytes { hash in
            update.bind(head.seq, at: 1)
            update.bind(hash, at: 2)
            try update.run()
        }
    }

    /// Writes an entry, with the death that it tells of.
    mutating func insert(_ entry: JournalEntry, death: DeathRecord? = nil) throws -> Int64 {
        if let death { attachedRow.fill(death, seq: next) }
        let seq = try insert(entry, .death, death == nil ? nil : attachedRow.hash)
        if death != nil { try attachedRow.run(db.rawStatement(Self.insertDeath)) }
        if entry.kind == .intent {
            try db.cachedStatement(sql: "INSERT INTO open_intents (seq) VALUES (?)").run([seq])
        } else if entry.kind == .outcome, let intent = entry.intent {
            try db.cachedStatement(sql: "DELETE FROM open_intents WHERE seq = ?").run([intent])
        }
        return seq
    }

    private mutating func insert(_ signal: SignalRecord) throws -> SignalReceipt {
        numbers.note(signal)
        attachedRow.fill(signal, seq: next)
        // Nobody else writes within this transaction, so that looking first is as safe as INSERT OR IGNORE, and it
        // knows the place of the first one.
        let known = try db.rawStatement("SELECT seq FROM emitted_signals WHERE signal_id = ? AND worker_id = ?")
        if let seq = try attachedRow.lookUp(known, by: 1..<3) { return SignalReceipt(seq: seq, isNew: false) }
        let hash = attachedRow.hash
        let seq = try insert(.telling(of: signal), .signal, hash)
        try attachedRow.run(db.rawStatement(Self.insertSignal), hash: hash)
        return SignalReceipt(seq: seq, isNew: true)
    }

    private mutating func insert(
        _ entry: JournalEntry,
        _ link: CanonicalRow.Link,
        _ attached: ChainHash?
    ) throws -> Int64 {
        row.fill(entry, seq: next)
        row.link(link, attached)
        row.link(.previous, head.hash)
        let hash = row.hash
        try row.run(insertEntry, hash: hash)
        head = ChainState.Mark(seq: next, hash: hash)
        next += 1
        return head.seq
    }

    private static let insertSignal = """
        INSERT INTO emitted_signals (\(ChainSchema.signalColumns), hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let insertDeath = """
        INSERT INTO deaths (\(ChainSchema.deathColumns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}

extension Database {
    /// A statement of ours, prepared once a connection; it lives for as long as the schema stays.
    func rawStatement(_ sql: String) throws -> RawStatement {
        RawStatement(try cachedStatement(sql: sql).sqliteStatement)
    }

    /// A transaction by statements that are prepared once: GRDB's own parses its two each time, a tenth of what a commit takes us.
    func transaction(_ body: () throws -> Void) throws {
        try rawStatement("BEGIN IMMEDIATE").run()
        do {
            try body()
            try rawStatement("COMMIT").run()
        } catch {
            // SQLite has rolled back by itself after some errors.
            if sqlite3_get_autocommit(sqliteConnection) == 0 { try? rawStatement("ROLLBACK").run() }
            throw error
        }
    }
}

extension Statement {
    /// Runs a statement of ours, whose number of arguments is right by reading it.
    func run(_ arguments: [(any DatabaseValueConvertible)?]) throws {
        setUncheckedArguments(StatementArguments(arguments))
        try execute()
    }
}
