import GRDBSQLite
import Glibc

/// A connection that only reads, with its statements.
final class ChainConnection {
    private var connection: OpaquePointer?
    private var statements: [OpaquePointer] = []

    /// Opens the file for reading, and begins to read: what others write from now on is not seen.
    init(_ path: String) throws(VerificationError) {
        guard access(path, R_OK) == 0 else {
            throw VerificationError(
                code: .cannotRead,
                description: "cannot read \(path): \(String(cString: strerror(errno)))"
            )
        }
        let code = sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        do {
            if code != SQLITE_OK { throw SQLiteFailure(code, connection) }
            sqlite3_busy_timeout(connection, 5000)
            try statement("BEGIN").run()
            // The file is looked at no earlier than here.
            _ = try integer("SELECT count(*) FROM sqlite_schema")
        } catch {
            throw VerificationError(error, path)
        }
    }

    deinit {
        for statement in statements { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// A statement that lives as long as the connection.
    func statement(_ sql: String) throws -> RawStatement {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v2(connection, sql, -1, &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw SQLiteFailure(code, connection) }
        statements.append(pointer)
        return RawStatement(pointer)
    }

    /// The first column of the first row; nil where there is none, or NULL.
    func integer(_ sql: String) throws -> Int64? {
        let statement = try statement(sql)
        defer { statement.reset() }
        guard try statement.step(), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }
}

extension VerificationError {
    /// What an error of SQLite means for who verifies `path`.
    init(_ error: any Error, _ path: String) {
        if let error = error as? VerificationError {
            self = error
            return
        }
        if let fault = error as? ChainFault {
            self.init(code: .damaged, description: "\(path): \(fault)")
            return
        }
        guard let failure = error as? SQLiteFailure else {
            self.init(code: .cannotRead, description: "cannot read \(path): \(error)")
            return
        }
        switch failure.code & 0xFF {
        case SQLITE_NOTADB:
            self.init(code: .notVerifiable, description: "\(path) is no SQLite database")
        case SQLITE_CORRUPT:
            self.init(
                code: .damaged,
                description: "\(path) is damaged (\(failure)); `sqlite3 \(path) .recover` reads what is left of it"
            )
        case SQLITE_CANTOPEN, SQLITE_READONLY:
            self.init(
                code: .cannotRead,
                description:
                    "cannot read \(path) (\(failure)): SQLite needs to write its -shm file; copy the journal, with its "
                    + "-wal, to a folder of yours"
            )
        default:
            self.init(code: .cannotRead, description: "cannot read \(path): \(failure)")
        }
    }
}
