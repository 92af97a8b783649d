import Crypto

/// A SHA-256: 32 bytes.
package struct ChainHash: Hashable, Sendable, CustomStringConvertible {
    private var bits: SIMD4<UInt64>

    /// All zeros: the hash over no rows, to which ``formXOR(_:)`` adds rows.
    package static let zero = ChainHash(bits: .zero)

    private init(bits: SIMD4<UInt64>) {
        self.bits = bits
    }

    /// The SHA-256 of some bytes.
    package init(of bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        bits = hasher.finalize().withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// A hash that was stored; nil unless there are 32 bytes.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == MemoryLayout<SIMD4<UInt64>>.size else { return nil }
        bits = bytes.loadUnaligned(as: SIMD4<UInt64>.self)
    }

    /// A hash in hexadecimal digits; nil unless there are 64.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, digits.allSatisfy({ $0 != nil }) else { return nil }
        let nibbles = digits.compactMap(\.self)
        let bytes = stride(from: 0, to: 64, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
        bits = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }

    /// Adds a row to a set of rows, or takes it out of the set again. The order does not matter.
    package mutating func formXOR(_ other: ChainHash) {
        bits ^= other.bits
    }

    /// The 32 bytes, while `body` runs.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: bits, body)
    }

    /// In hexadecimal digits, as `sqlite3 journal.db 'select lower(hex(hash)) from events'` shows it.
    package var description: String {
        withUnsafeBytes { bytes in
            bytes.reduce(into: "") { text, byte in
                if byte < 16 { text += "0" }
                text += String(byte, radix: 16)
            }
        }
    }
}
