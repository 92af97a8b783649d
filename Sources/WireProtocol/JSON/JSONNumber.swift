/// A number of a JSON text, scanned once: its grammar checked, its digits gathered.
struct JSONNumber {
    private var start = 0
    private var end = 0
    private var isNegative = false
    private var isInteger = true
    /// The first 19 significant digits; more are noted in ``droppedDigits``.
    private var mantissa: UInt64 = 0
    private var digits = 0
    private var droppedDigits = 0
    private var exponent = 0

    /// Scans a number that begins at `from` and returns the offset behind it.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, from: Int) throws(JSONError) -> Int {
        start = from
        var at = from
        func byte() -> UInt8 { at < bytes.count ? bytes[at] : 0 }
        func isDigit() -> Bool { byte() &- UInt8(ascii: "0") < 10 }

        if byte() == UInt8(ascii: "-") {
            isNegative = true
            at += 1
        }
        guard isDigit() else { throw JSONError("not a JSON value", at: from) }
        let leadingZero = byte() == UInt8(ascii: "0")
        let firstDigit = at
        while isDigit() {
            append(byte(), afterPoint: false)
            at += 1
        }
        guard !leadingZero || at == firstDigit + 1 else { throw JSONError("a number with a leading zero", at: from) }
        if byte() == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            guard isDigit() else { throw JSONError("a number that ends in a point", at: at) }
            while isDigit() {
                append(byte(), afterPoint: true)
                at += 1
            }
        }
        if byte() | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            let isNegativeExponent = byte() == UInt8(ascii: "-")
            if isNegativeExponent || byte() == UInt8(ascii: "+") { at += 1 }
            guard isDigit() else { throw JSONError("an exponent without digits", at: at) }
            var written = 0
            while isDigit() {
                // Beyond what the digits of any text could make up for, so that stopping here changes no value.
                if written < 1_000_000_000 { written = written * 10 + Int(byte() - UInt8(ascii: "0")) }
                at += 1
            }
            exponent += isNegativeExponent ? -written : written
        }
        end = at
        return at
    }

    private mutating func append(_ digit: UInt8, afterPoint: Bool) {
        if digits < 19 {
            mantissa = mantissa * 10 + UInt64(digit - UInt8(ascii: "0"))
            if mantissa > 0 { digits += 1 }
            if afterPoint { exponent -= 1 }
        } else {
            droppedDigits += 1
            if !afterPoint { exponent += 1 }
        }
    }

    /// The number as a double, correctly rounded.
    func double(in bytes: UnsafeRawBufferPointer) throws(JSONError) -> Double {
        // Clinger's fast path: both parts are exact as doubles, so that one operation rounds once.
        if droppedDigits == 0, mantissa <= 1 << 53, -22...22 ~= exponent {
            let magnitude =
                exponent < 0
                ? Double(mantissa) / Self.powersOfTen[-exponent] : Double(mantissa) * Self.powersOfTen[exponent]
            return isNegative ? -magnitude : magnitude
        }
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSONError("a number that is not finite", at: start)
        }
        return value
    }

    /// The number as a value: an integer where it is written as one and fits.
    func value(in bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONValue {
        if isInteger, droppedDigits == 0 {
            if !isNegative, let value = Int64(exactly: mantissa) { return .integer(value) }
            if isNegative, mantissa > 0, mantissa <= Int64.min.magnitude {
                return .integer(Int64(truncatingIfNeeded: 0 &- mantissa))
            }
        }
        return .number(try double(in: bytes))
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
