/// Turns a string with backslashes into text.
enum JSONUnescape {
    static func text(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(JSONError) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                continue
            }
            guard at < bytes.count else { throw JSONError("a lone backslash", at: position + at) }
            let code = bytes[at]
            at += 1
            switch code {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(code)
            case UInt8(ascii: "b"): out.append(0x08)
            case UInt8(ascii: "f"): out.append(0x0C)
            case UInt8(ascii: "n"): out.append(0x0A)
            case UInt8(ascii: "r"): out.append(0x0D)
            case UInt8(ascii: "t"): out.append(0x09)
            case UInt8(ascii: "u"): out.append(contentsOf: String(try scalar(bytes, &at, position)).utf8)
            default: throw JSONError("an unknown escape", at: position + at - 1)
            }
        }
        guard let text = String(validating: out, as: UTF8.self) else {
            throw JSONError("a string that is not UTF-8", at: position)
        }
        return text
    }

    /// Reads the four digits behind `\u`, and the second half of a surrogate pair where one is needed.
    private static func scalar(
        _ bytes: UnsafeRawBufferPointer,
        _ at: inout Int,
        _ position: Int
    ) throws(JSONError) -> Character {
        let high = try unit(bytes, &at, position)
        if let scalar = UnicodeScalar(UInt32(high)) { return Character(scalar) }
        guard high < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw JSONError("half of a surrogate pair", at: position + at) }
        at += 2
        let low = try unit(bytes, &at, position)
        guard 0xDC00...0xDFFF ~= low,
            let scalar = UnicodeScalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw JSONError("half of a surrogate pair", at: position + at) }
        return Character(scalar)
    }

    private static func unit(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ position: Int) throws(JSONError)
        -> UInt16
    {
        guard at + 4 <= bytes.count else { throw JSONError("four hexadecimal digits are missing", at: position + at) }
        var unit: UInt16 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw JSONError("not a hexadecimal digit", at: position + at)
            }
            unit = unit << 4 | UInt16(digit)
        }
        at += 4
        return unit
    }
}
