internal import Glibc

/// Reads JSON from bytes, one token at a time, without allocating.
///
/// Market data is read with it field by field; ``JSONValue`` is built on it for everything else. It is our own because it stands
/// on the hot path: Foundation's decoder takes about 10 µs for one bar.
package struct JSONScanner {
    /// How deep arrays and objects may nest.
    package static let maxDepth = 64

    /// Where a string's contents lie, between its quotes.
    package struct StringRange {
        package let start: Int
        package let count: Int
        /// Whether there is a backslash in it, so that the bytes are not the text.
        package let isEscaped: Bool
    }

    package let bytes: UnsafeRawBufferPointer
    package private(set) var offset = 0
    private var depth = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next byte that is not white space, without taking it.
    package mutating func peek() throws(JSONError) -> UInt8 {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        throw JSONError("the text ends too early", at: offset)
    }

    /// Takes `byte` as the next token, or throws.
    package mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard try peek() == byte else {
            throw JSONError("expected '\(Character(UnicodeScalar(byte)))'", at: offset)
        }
        offset += 1
    }

    /// Takes `byte` if it is the next token.
    package mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try peek() == byte else { return false }
        offset += 1
        return true
    }

    /// Checks that only white space is left.
    package mutating func end() throws(JSONError) {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                throw JSONError("more text after the value", at: offset)
            }
            offset += 1
        }
    }

    // MARK: Objects and arrays

    /// Goes into an object: returns whether it has a first member.
    package mutating func beginObject() throws(JSONError) -> Bool {
        try expect(UInt8(ascii: "{"))
        try descend()
        return try !close(UInt8(ascii: "}"))
    }

    /// Reads a member's key and the colon; the value comes next.
    package mutating func key() throws(JSONError) -> StringRange {
        let range = try stringRange()
        try expect(UInt8(ascii: ":"))
        return range
    }

    /// After a member's value: whether another one follows.
    package mutating func nextMember() throws(JSONError) -> Bool {
        if try take(UInt8(ascii: ",")) { return true }
        guard try close(UInt8(ascii: "}")) else { throw JSONError("expected ',' or '}'", at: offset) }
        return false
    }

    /// Goes into an array: returns whether it has a first element.
    package mutating func beginArray() throws(JSONError) -> Bool {
        try expect(UInt8(ascii: "["))
        try descend()
        return try !close(UInt8(ascii: "]"))
    }

    /// After an element: whether another one follows.
    package mutating func nextElement() throws(JSONError) -> Bool {
        if try take(UInt8(ascii: ",")) { return true }
        guard try close(UInt8(ascii: "]")) else { throw JSONError("expected ',' or ']'", at: offset) }
        return false
    }

    private mutating func descend() throws(JSONError) {
        depth += 1
        guard depth <= Self.maxDepth else {
            throw JSONError("nested deeper than \(Self.maxDepth) levels", at: offset)
        }
    }

    private mutating func close(_ byte: UInt8) throws(JSONError) -> Bool {
        guard try take(byte) else { return false }
        depth -= 1
        return true
    }

    // MARK: Strings

    /// Reads a string and says where it lies; its bytes are checked to be valid UTF-8 only when it is turned into text.
    package mutating func stringRange() throws(JSONError) -> StringRange {
        try expect(UInt8(ascii: "\""))
        let start = offset
        var isEscaped = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                let range = StringRange(start: start, count: offset - start, isEscaped: isEscaped)
                offset += 1
                return range
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                offset += 1
            } else if byte < 0x20 {
                throw JSONError("a control character in a string", at: offset)
            }
            offset += 1
        }
        throw JSONError("a string without an end", at: min(offset, bytes.count))
    }

    /// Whether the string in `range` is `text`. An escaped spelling of the same text does not match.
    package func matches(_ range: StringRange, _ text: StaticString) -> Bool {
        raw(range).equals(text)
    }

    /// The bytes between the quotes, as they stand.
    package func raw(_ range: StringRange) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range.start..<range.start + range.count])
    }

    /// The string in `range` as text.
    package func text(_ range: StringRange) throws(JSONError) -> String {
        guard range.isEscaped else {
            guard let text = String(validating: raw(range), as: UTF8.self) else {
                throw JSONError("a string that is not UTF-8", at: range.start)
            }
            return text
        }
        return try JSONUnescape.text(raw(range), at: range.start)
    }

    /// Checks that the string in `range` is what ``text(_:)`` would accept.
    package func validate(_ range: StringRange) throws(JSONError) {
        if range.isEscaped || raw(range).contains(where: { $0 >= 0x80 }) { _ = try text(range) }
    }

    // MARK: Numbers and words

    /// Reads a number as a finite double.
    package mutating func double() throws(JSONError) -> Double {
        _ = try peek()
        var number = JSONNumber()
        offset = try number.scan(bytes, from: offset)
        return try number.double(in: bytes)
    }

    /// Reads `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        if try peek() == UInt8(ascii: "t") {
            try word("true")
            return true
        }
        try word("false")
        return false
    }

    /// Takes `null` if it is the next token.
    package mutating func takeNull() throws(JSONError) -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    private mutating func word(_ text: StaticString) throws(JSONError) {
        let end = offset + text.utf8CodeUnitCount
        guard end <= bytes.count, UnsafeRawBufferPointer(rebasing: bytes[offset..<end]).equals(text) else {
            throw JSONError("not a JSON value", at: offset)
        }
        offset = end
    }

    // MARK: Whole values

    /// Reads any value.
    package mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            var more = try beginObject()
            while more {
                let name = try text(key())
                members[name] = try value()
                more = try nextMember()
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            var more = try beginArray()
            while more {
                elements.append(try value())
                more = try nextElement()
            }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try text(stringRange()))
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool(try bool())
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default:
            var number = JSONNumber()
            offset = try number.scan(bytes, from: offset)
            return try number.value(in: bytes)
        }
    }

    /// Passes over any value, checking it as ``value()`` would.
    package mutating func skip() throws(JSONError) {
        switch try peek() {
        case UInt8(ascii: "{"):
            var more = try beginObject()
            while more {
                try validate(key())
                try skip()
                more = try nextMember()
            }
        case UInt8(ascii: "["):
            var more = try beginArray()
            while more {
                try skip()
                more = try nextElement()
            }
        case UInt8(ascii: "\""): try validate(stringRange())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): try word("null")
        default: _ = try double()
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of `text`. Compared at once, since a bar has some twenty names.
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let start = baseAddress else { return count == text.utf8CodeUnitCount }
        return memcmp(start, text.utf8Start, count) == 0
    }
}
