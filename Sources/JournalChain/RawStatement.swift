import GRDBSQLite

/// A prepared statement of somebody else's, bound and stepped without boxing its arguments.
///
/// What is bound is not copied: it has to stay until the statement is reset. ``run()`` resets it.
///
/// Related SQLite documentation: https://www.sqlite.org/c3ref/stmt.html
package struct RawStatement {
    private let pointer: OpaquePointer

    /// A statement that lives for as long as this value is used.
    package init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    // MARK: Binding: parameters count from 1, and ours are right by reading the statement

    package func bind(_ value: Int64, at parameter: Int32) {
        sqlite3_bind_int64(pointer, parameter, value)
    }

    package func bind(_ value: Double, at parameter: Int32) {
        sqlite3_bind_double(pointer, parameter, value)
    }

    package func bindNull(at parameter: Int32) {
        sqlite3_bind_null(pointer, parameter)
    }

    /// Binds UTF-8.
    package func bind(text: UnsafeRawBufferPointer, at parameter: Int32) throws {
        let characters = text.assumingMemoryBound(to: CChar.self).baseAddress
        let code = sqlite3_bind_text64(pointer, parameter, characters, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
        // The only one that depends on what comes from outside: it may be too long.
        if code != SQLITE_OK { throw SQLiteFailure(code, sqlite3_db_handle(pointer)) }
    }

    package func bind(_ bytes: UnsafeRawBufferPointer, at parameter: Int32) {
        sqlite3_bind_blob64(pointer, parameter, bytes.baseAddress, UInt64(bytes.count), nil)
    }

    // MARK: Running

    /// Runs a statement that has no rows, or whose rows are not wanted.
    package func run() throws {
        defer { reset() }
        while try step() {}
    }

    /// Whether there is another row; after an error, the statement has to be reset.
    package func step() throws -> Bool {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw SQLiteFailure(code, sqlite3_db_handle(pointer))
        }
    }

    /// Lets go of the rows and of what was bound.
    package func reset() {
        sqlite3_reset(pointer)
    }

    // MARK: Reading the row: columns count from 0

    package func type(_ column: Int32) -> Int32 {
        sqlite3_column_type(pointer, column)
    }

    package func isNull(_ column: Int32) -> Bool {
        type(column) == SQLITE_NULL
    }

    package func integer(_ column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    package func real(_ column: Int32) -> Double {
        sqlite3_column_double(pointer, column)
    }

    /// The UTF-8 of a text, while `body` runs.
    package func withText<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // In this order: the first call may convert, the second one counts what it has made.
        let text = sqlite3_column_text(pointer, column)
        return body(UnsafeRawBufferPointer(start: text, count: Int(sqlite3_column_bytes(pointer, column))))
    }

    /// A text of a row, with what is no UTF-8 repaired.
    package func text(_ column: Int32) -> String {
        withText(column) { String(decoding: $0, as: UTF8.self) }
    }

    /// A hash; nil for NULL and for what is none.
    package func hash(_ column: Int32) -> ChainHash? {
        let bytes = sqlite3_column_blob(pointer, column)
        return ChainHash(
            bytes: UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(pointer, column)))
        )
    }
}

/// What SQLite said no to.
package struct SQLiteFailure: Error, CustomStringConvertible {
    /// The extended result code.
    ///
    /// Related SQLite documentation: https://www.sqlite.org/rescode.html
    package let code: Int32
    /// SQLite's own words.
    package let message: String

    /// The last failure of a connection.
    init(_ code: Int32, _ connection: OpaquePointer?) {
        self.code = connection.map { sqlite3_extended_errcode($0) } ?? code
        message = String(cString: connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    }

    /// Whether the file itself is damaged.
    var isDamage: Bool {
        [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xFF)
    }

    package var description: String { message }
}
