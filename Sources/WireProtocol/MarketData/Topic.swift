/// What a market-data message is about: `market.{symbol}.{data_type}`.
public struct Topic: Hashable, Sendable, CustomStringConvertible {
    /// The instrument, such as `BTC/USDT`.
    public let symbol: String
    /// The kind of data, such as `kline`.
    public let dataType: String

    /// The longest symbol, in bytes of UTF-8.
    public static let maxSymbolBytes = 64
    /// The longest data type, in bytes.
    public static let maxDataTypeBytes = 32
    /// The longest topic, in bytes.
    public static let maxBytes = 7 + maxSymbolBytes + 1 + maxDataTypeBytes

    /// Makes a topic.
    ///
    /// - Throws: ``ProtocolError`` when the symbol is empty, longer than 64 bytes or has spaces or control characters in it, or the
    ///   data type is not 1 to 32 of `A-Z a-z 0-9 _`.
    public init(symbol: String, dataType: String) throws(ProtocolError) {
        self.symbol = symbol
        self.dataType = dataType
        guard TopicSyntax.isSymbol(symbol.utf8) else {
            throw ProtocolError(
                "\(ProtocolError.quote(symbol)) is not a symbol: 1 to 64 bytes without spaces are needed"
            )
        }
        guard TopicSyntax.isDataType(dataType.utf8) else {
            throw ProtocolError(
                "\(ProtocolError.quote(dataType)) is not a data type: 1 to 32 of A-Z a-z 0-9 _ are needed"
            )
        }
    }

    /// Reads a topic frame; the data type is what follows the last dot.
    ///
    /// - Throws: ``ProtocolError``
    package init(parsing bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
        guard let parts = TopicSyntax.split(bytes), let symbol = String(validating: parts.symbol, as: UTF8.self),
            let dataType = String(validating: parts.dataType, as: UTF8.self)
        else {
            throw ProtocolError("not a topic: 'market.SYMBOL.DATA_TYPE' is needed")
        }
        self.symbol = symbol
        self.dataType = dataType
    }

    /// The topic frame as text.
    public var description: String { "market.\(symbol).\(dataType)" }

    /// The kind of data, if it is one with a fixed meaning.
    public var kind: DataKind? { DataKind(dataType: dataType) }
}

/// The rules for topics, on bytes.
package enum TopicSyntax {
    private static let prefix: StaticString = "market."

    /// Cuts a topic frame into its parts, or returns `nil` where it breaks a rule. UTF-8 is not checked here.
    package static func split(
        _ bytes: UnsafeRawBufferPointer
    ) -> (symbol: UnsafeRawBufferPointer, dataType: UnsafeRawBufferPointer)? {
        let start = prefix.utf8CodeUnitCount
        let expected = UnsafeRawBufferPointer(start: prefix.utf8Start, count: start)
        guard bytes.count > start, bytes.count <= Topic.maxBytes, bytes[..<start].elementsEqual(expected),
            let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > start
        else { return nil }
        let symbol = UnsafeRawBufferPointer(rebasing: bytes[start..<dot])
        let dataType = UnsafeRawBufferPointer(rebasing: bytes[(dot + 1)...])
        guard isSymbol(symbol), isDataType(dataType) else { return nil }
        return (symbol, dataType)
    }

    static func isSymbol(_ bytes: some Collection<UInt8>) -> Bool {
        1...Topic.maxSymbolBytes ~= bytes.count && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    static func isDataType(_ bytes: some Collection<UInt8>) -> Bool {
        1...Topic.maxDataTypeBytes ~= bytes.count
            && bytes.allSatisfy { byte in
                byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            }
    }
}
