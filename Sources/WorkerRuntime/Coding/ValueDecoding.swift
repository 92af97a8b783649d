import WireProtocol

/// Decodes parameters and states from a JSON value, without Foundation, and throws errors that name the key and what was expected.
enum ValueDecoding {
    static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws -> T {
        try decode(type, from: value, codingPath: [])
    }

    fileprivate static func decode<T: Decodable>(
        _ type: T.Type,
        from value: JSONValue,
        codingPath: [any CodingKey]
    ) throws -> T {
        let decoded: (any Decodable)?
        switch type {
        case is Bool.Type: decoded = value.boolValue
        case is String.Type: decoded = value.stringValue
        case is Double.Type: decoded = double(value)
        case is Float.Type: decoded = double(value).map { Float($0) }
        case let type as any (FixedWidthInteger & Decodable).Type: decoded = integer(type, value)
        default: return try T(from: ValueDecoder(value: value, codingPath: codingPath))
        }
        guard let result = decoded as? T else { throw mismatch(expectation(type), value, codingPath) }
        return result
    }

    private static func integer<T: FixedWidthInteger & Decodable>(_ type: T.Type, _ value: JSONValue) -> T? {
        if let integer = value.integerValue { return T(exactly: integer) }
        guard let text = value.stringValue else { return nil }
        return BeyondJSON.integer(text)
    }

    private static func double(_ value: JSONValue) -> Double? {
        value.doubleValue ?? value.stringValue.flatMap(BeyondJSON.double)
    }

    private static func expectation(_ type: any Any.Type) -> String {
        switch type {
        case is Bool.Type: "true or false"
        case is String.Type: "text"
        case is Double.Type, is Float.Type: "a number"
        case let type as any FixedWidthInteger.Type: range(type)
        default: "\(type)"
        }
    }

    private static func range<T: FixedWidthInteger>(_ type: T.Type) -> String {
        T.bitWidth >= 64
            ? (T.isSigned ? "a whole number" : "a whole number from 0") : "a whole number \(T.min)...\(T.max)"
    }

    fileprivate static func mismatch(
        _ expected: String,
        _ value: JSONValue,
        _ codingPath: [any CodingKey]
    ) -> DecodingError {
        let isSecret = codingPath.contains { Secrets.isSecret($0.stringValue) }
        let shown = isSecret ? Secrets.mark : String(value.redacted.text.prefix(80))
        return .dataCorrupted(
            .init(codingPath: codingPath, debugDescription: "must be \(expected), not \(shown)")
        )
    }
}

private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = value.objectValue else { throw ValueDecoding.mismatch("an object", value, codingPath) }
        return KeyedDecodingContainer(KeyedValues<Key>(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.arrayValue else { throw ValueDecoding.mismatch("a list", value, codingPath) }
        return UnkeyedValues(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { value == .null }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        try ValueDecoding.decode(type, from: value, codingPath: codingPath)
    }
}

private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSONValue]
    let codingPath: [any CodingKey]

    var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key) == .null }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try ValueDecoding.decode(type, from: value(key), codingPath: codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        ValueDecoder(value: members["super"] ?? .null, codingPath: codingPath)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

    private func decoder(_ key: Key) throws -> ValueDecoder {
        ValueDecoder(value: try value(key), codingPath: codingPath + [key])
    }

    private func value(_ key: Key) throws -> JSONValue {
        guard let value = members[key.stringValue] else {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath + [key], debugDescription: "is missing"))
        }
        return value
    }
}

private struct UnkeyedValues: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(elements: [JSONValue], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex] == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let decoder = try next()
        return try ValueDecoding.decode(type, from: decoder.value, codingPath: decoder.codingPath)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }

    private mutating func next() throws -> ValueDecoder {
        guard !isAtEnd else {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "has too few elements"))
        }
        defer { currentIndex += 1 }
        return ValueDecoder(value: elements[currentIndex], codingPath: codingPath + [Index(intValue: currentIndex)])
    }

    private struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { intValue?.description ?? "" }

        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { nil }
    }
}
