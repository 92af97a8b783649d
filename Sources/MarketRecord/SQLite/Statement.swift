internal import GRDBSQLite

/// A compiled statement: bind, step, read, reset, again.
final class Statement {
    private let connection: Connection
    private let handle: OpaquePointer
    /// What ``rebind`` bound to each parameter.
    private var bound: [Bound]

    private enum Bound: Equatable {
        case unknown
        case text(String?)
    }

    init(_ handle: OpaquePointer, of connection: Connection) {
        self.handle = handle
        self.connection = connection
        bound = Array(repeating: .unknown, count: Int(sqlite3_bind_parameter_count(handle)) + 1)
    }

    deinit {
        sqlite3_finalize(handle)
    }

    // MARK: Parameters, counted from 1

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(handle, index, value)
    }

    /// An unsigned number, bit by bit: one beyond 63 bits is negative for SQL.
    func bind(_ index: Int32, _ value: UInt64) {
        sqlite3_bind_int64(handle, index, Int64(bitPattern: value))
    }

    func bind(_ index: Int32, _ value: Double) {
        sqlite3_bind_double(handle, index, value)
    }

    func bind(_ index: Int32, _ value: Double?) {
        if let value { sqlite3_bind_double(handle, index, value) } else { sqlite3_bind_null(handle, index) }
    }

    /// Text, or NULL for `nil`; costs nothing where it is what was bound last, since a statement keeps its values over a reset.
    func rebind(_ index: Int32, _ value: String?) {
        let place = Int(index)
        guard bound.indices.contains(place) else { return bind(index, value) }
        if bound[place] == .text(value) { return }
        bind(index, value)
        bound[place] = .text(value)
    }

    /// Text, or NULL for `nil`.
    func bind(_ index: Int32, _ value: String?) {
        guard var value else {
            sqlite3_bind_null(handle, index)
            return
        }
        value.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(
                    handle,
                    index,
                    $0.baseAddress ?? Self.empty,
                    Int32(clamping: $0.count),
                    Self.transient
                )
            }
        }
    }

    /// Text that stays where it is until the statement is reset; NULL where it is empty.
    func bindOrNull(_ index: Int32, inPlace bytes: UnsafeRawBufferPointer) {
        bound[Int(index)] = .unknown
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_null(handle, index)
            return
        }
        sqlite3_bind_text(handle, index, base.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), nil)
    }

    // MARK: Running

    /// Goes to the next row; `false` at the end, where the statement can be run again.
    ///
    /// - Throws: ``RecordError``; the statement can then be run again, too.
    func step() throws(RecordError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let error = connection.error
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns nothing.
    func run() throws(RecordError) {
        _ = try step()
    }

    /// Ends the run before its last row.
    func reset() {
        sqlite3_reset(handle)
    }

    // MARK: Columns of the row, counted from 0

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// What was bound as an unsigned number.
    func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }

    func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func optionalDouble(_ column: Int32) -> Double? { isNull(column) ? nil : double(column) }

    func text(_ column: Int32) -> String { optionalText(column) ?? "" }

    func optionalText(_ column: Int32) -> String? {
        guard let text = sqlite3_column_text(handle, column) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// Lets SQLite copy the bytes before `bind` returns: `SQLITE_TRANSIENT`, which is a macro.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    /// Where empty text lies: NULL would bind NULL.
    nonisolated(unsafe) private static let empty: UnsafePointer<CChar> = {
        let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return UnsafePointer(byte)
    }()
}
