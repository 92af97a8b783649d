import GRDB

/// How far retention has come; kept in the file, in the transaction that drops.
struct RetentionAnchor {
    /// All entries up to here are dropped, but for the last transition of each worker.
    var seq: Int64
    /// The time of the entry at `seq`.
    var time: Int64
    private(set) var entries: Int64
    private(set) var signals: Int64
    /// What was dropped without an entry that says so.
    private(set) var unreportedEntries: Int64
    private(set) var unreportedSignals: Int64

    init(_ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                SELECT seq, time, entries, signals, unreported_entries, unreported_signals
                FROM retention_anchor WHERE id = 1
                """
        )
        guard let row = try Row.fetchOne(statement) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "retention_anchor is empty")
        }
        seq = try row.decode(atIndex: 0)
        time = try row.decode(atIndex: 1)
        entries = try row.decode(atIndex: 2)
        signals = try row.decode(atIndex: 3)
        unreportedEntries = try row.decode(atIndex: 4)
        unreportedSignals = try row.decode(atIndex: 5)
    }

    var isUnreported: Bool { unreportedEntries > 0 || unreportedSignals > 0 }

    mutating func countEntries(_ count: Int) {
        entries += Int64(count)
        unreportedEntries += Int64(count)
    }

    mutating func countSignals(_ count: Int) {
        signals += Int64(count)
        unreportedSignals += Int64(count)
    }

    mutating func reported() {
        unreportedEntries = 0
        unreportedSignals = 0
    }

    func save(_ db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE retention_anchor SET seq = ?, time = ?, entries = ?, signals = ?, unreported_entries = ?,
                    unreported_signals = ? WHERE id = 1
                """
        ).run([seq, time, entries, signals, unreportedEntries, unreportedSignals])
    }
}

/// The pages of the database.
struct DatabaseSpace {
    private let pages: Int64
    private let freePages: Int64
    private let pageSize: Int64
    /// Whether the file can give pages back.
    let fileShrinks: Bool

    init(_ db: Database) throws {
        func pragma(_ name: String) throws -> Int64 {
            try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA \(name)")) ?? 0
        }
        pages = try pragma("page_count")
        freePages = try pragma("freelist_count")
        pageSize = try pragma("page_size")
        fileShrinks = try pragma("auto_vacuum") == 2
    }

    var usedBytes: Int64 { (pages - freePages) * pageSize }
    var freeBytes: Int64 { freePages * pageSize }

    /// Whether so much is free that giving it back is worth the work.
    var isSpare: Bool { fileShrinks && freePages > pages / 8 + 256 }
    /// Whether more is free than is kept for what comes.
    var isAboveReserve: Bool { freePages > pages / 16 }
}
