internal import GRDBSQLite

/// One SQLite connection, used by one thread at a time.
///
/// Related SQLite documentation: https://www.sqlite.org/cintro.html
final class Connection {
    /// The file, for messages.
    let path: String
    private let handle: OpaquePointer

    /// Opens the file; one that is not there is made unless `readOnly`.
    init(path: String, readOnly: Bool, busyTimeout: Duration) throws(RecordError) {
        var handle: OpaquePointer?
        // NOMUTEX: the owner sees to it that threads take turns.
        let mode = readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let code = sqlite3_open_v2(path, &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let handle, code == SQLITE_OK else {
            let error = RecordError(
                sqlite: code,
                reason: handle.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory",
                path: path
            )
            sqlite3_close_v2(handle)
            throw error
        }
        self.handle = handle
        self.path = path
        sqlite3_busy_timeout(handle, Int32(clamping: Int(busyTimeout / .milliseconds(1))))
    }

    deinit {
        // v2: a statement that is finalized after its connection is no error.
        sqlite3_close_v2(handle)
    }

    /// Runs statements that return nothing.
    func execute(_ sql: String) throws(RecordError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw error }
    }

    /// Compiles one statement, to be run many times.
    func prepare(_ sql: String) throws(RecordError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error }
        return Statement(statement, of: self)
    }

    /// The first column of the first row, as an integer; 0 where there is no row.
    func integer(_ sql: String) throws(RecordError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// How many rows the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// Whether a transaction is open: some errors end it, others leave it to us.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// What the last call that failed means.
    var error: RecordError {
        RecordError(
            sqlite: sqlite3_extended_errcode(handle),
            reason: String(cString: sqlite3_errmsg(handle)),
            path: path
        )
    }

    /// Runs `body` in a read transaction: all that it reads is of one moment.
    func reading<Value>(_ body: () throws(RecordError) -> Value) throws(RecordError) -> Value {
        try execute("BEGIN")
        // Nothing was written, so that it does not matter whether the end of the transaction succeeds.
        defer { try? execute("COMMIT") }
        return try body()
    }

    /// Ends a transaction that failed.
    func rollback() {
        if isInTransaction { try? execute("ROLLBACK") }
    }
}
