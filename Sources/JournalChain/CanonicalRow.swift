import GRDBSQLite
import Glibc

/// The columns of one row in the form that is hashed.
///
/// ```
/// row      domain, one letter: e (events), s (emitted_signals) or d (deaths)
/// column   n                               NULL
///          i, 8 bytes little-endian        INTEGER
///          r, 8 bytes little-endian        REAL, the bits of the double; never NaN and never -0.0
///          t, length in 4 bytes, UTF-8     TEXT
/// link     s, d or p, and 32 bytes         the hash of the signal's row, of the death's row, of the entry before
/// ```
///
/// The hash is over all of it, one after the other. What is bound to a statement is taken from the same bytes, so that
/// what is stored is what was hashed. One value is used for many rows, without allocating for each.
package struct CanonicalRow {
    /// The table that a row belongs to.
    package enum Domain: Unicode.Scalar {
        case entry = "e"
        case signal = "s"
        case death = "d"
    }

    /// What the hash of an entry covers beside its columns.
    package enum Link: Unicode.Scalar {
        case signal = "s"
        case death = "d"
        case previous = "p"
    }

    private enum Column {
        case null
        case integer(Int64)
        case real(Double)
        case text(offset: Int, count: Int)
    }

    private var bytes: [UInt8] = []
    private var columns: [Column] = []

    /// An empty row.
    package init() {}

    /// Forgets the row before and begins one.
    package mutating func begin(_ domain: Domain) {
        bytes.removeAll(keepingCapacity: true)
        columns.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: domain.rawValue))
    }

    package mutating func add(_ value: Int64?) {
        guard let value else { return addNull() }
        columns.append(.integer(value))
        add("i", value)
    }

    /// SQLite has no unsigned numbers; nothing real counts beyond 2^63.
    package mutating func add(_ value: UInt64?) {
        add(value.map { Int64(clamping: $0) })
    }

    package mutating func add(_ value: Bool?) {
        add(value.map { $0 ? 1 : 0 } as Int64?)
    }

    /// SQLite stores NaN as NULL, and -0.0 as 0.0.
    package mutating func add(_ value: Double?) {
        guard let value, !value.isNaN else { return addNull() }
        let stored = value == 0 ? 0 : value
        columns.append(.real(stored))
        add("r", stored.bitPattern)
    }

    /// A NUL becomes U+2400: it would end the text for SQLite; what follows it would be lost, and two names could
    /// become one.
    package mutating func add(_ value: String?) {
        guard var value else { return addNull() }
        value.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    private mutating func add(_ text: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "t"))
        let lengthOffset = bytes.count
        withUnsafeBytes(of: UInt32(clamping: text.count).littleEndian) { bytes.append(contentsOf: $0) }
        let offset = bytes.count
        if let base = text.baseAddress, memchr(base, 0, text.count) != nil {
            for byte in text {
                if byte == 0 { bytes.append(contentsOf: "\u{2400}".utf8) } else { bytes.append(byte) }
            }
            let count = UInt32(clamping: bytes.count - offset)
            withUnsafeBytes(of: count.littleEndian) { length in
                bytes.replaceSubrange(lengthOffset..<offset, with: length)
            }
        } else {
            bytes.append(contentsOf: text)
        }
        columns.append(.text(offset: offset, count: bytes.count - offset))
    }

    private mutating func addNull() {
        columns.append(.null)
        bytes.append(UInt8(ascii: "n"))
    }

    private mutating func add<Word: FixedWidthInteger>(_ tag: Unicode.Scalar, _ word: Word) {
        bytes.append(UInt8(ascii: tag))
        withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds columns of the row that a statement stands on, as they are stored.
    package mutating func add(_ range: Range<Int32>, of row: RawStatement) {
        for column in range {
            switch row.type(column) {
            case SQLITE_INTEGER: add(row.integer(column))
            case SQLITE_FLOAT: add(row.real(column))
            case SQLITE_TEXT: row.withText(column) { add($0) }
            // The tables are STRICT and have no other columns than these and the hashes.
            default: addNull()
            }
        }
    }

    /// Adds what an entry's hash covers beside its columns.
    package mutating func link(_ link: Link, _ hash: ChainHash?) {
        guard let hash else { return }
        bytes.append(UInt8(ascii: link.rawValue))
        hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// The hash over all that was added.
    package var hash: ChainHash {
        bytes.withUnsafeBytes { ChainHash(of: $0) }
    }

    /// Runs a statement whose parameters are this row's columns and, behind them, a hash.
    package func run(_ statement: RawStatement, hash: ChainHash? = nil) throws {
        try withBound(statement, columns.indices) {
            guard let hash else { return try statement.run() }
            try hash.withUnsafeBytes { bytes in
                statement.bind(bytes, at: Int32(columns.count + 1))
                try statement.run()
            }
        }
    }

    /// Looks up an integer by some of this row's columns; nil where there is none.
    package func lookUp(_ statement: RawStatement, by selected: Range<Int>) throws -> Int64? {
        try withBound(statement, selected) {
            defer { statement.reset() }
            return try statement.step() ? statement.integer(0) : nil
        }
    }

    /// Binds without copying: `body` has to reset the statement.
    private func withBound<Result>(
        _ statement: RawStatement,
        _ selected: Range<Int>,
        _ body: () throws -> Result
    ) throws -> Result {
        try bytes.withUnsafeBytes { bytes in
            var parameter: Int32 = 1
            for column in columns[selected] {
                switch column {
                case .null: statement.bindNull(at: parameter)
                case .integer(let value): statement.bind(value, at: parameter)
                case .real(let value): statement.bind(value, at: parameter)
                case .text(let offset, let count):
                    let text = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
                    try statement.bind(text: text, at: parameter)
                }
                parameter += 1
            }
            return try body()
        }
    }
}
