/// Decimal numbers as bytes.
enum NumberText {
    /// 10^0 to 10^22: the powers of ten that a `Double` holds exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]

    /// The nearest `Double` to a number such as `-12.5`, `.5`, `3.` or `1e-5`; infinite when out of range.
    ///
    /// Nothing else is a number: no blanks, no thousands separators, no `nan`, `inf` or hexadecimal.
    ///
    /// Exact by Clinger's fast path (How to Read Floating Point Numbers Accurately, 1990): mantissa and power of ten are both
    /// exact doubles, so one operation rounds once. Other numbers go to the standard library's conversion, which is exact too.
    static func double(_ bytes: Span<UInt8>) -> Double? {
        var position = 0
        let isNegative = position < bytes.count && bytes[position] == .minus
        if isNegative || (position < bytes.count && bytes[position] == .plus) { position += 1 }

        var decimal = Decimal()
        let integerStart = position
        while position < bytes.count, let digit = bytes[position].digit {
            decimal.append(digit)
            position += 1
        }
        var digitCount = position - integerStart
        if position < bytes.count, bytes[position] == .point {
            position += 1
            let fractionStart = position
            while position < bytes.count, let digit = bytes[position].digit {
                decimal.append(digit)
                decimal.exponent -= 1
                position += 1
            }
            digitCount += position - fractionStart
        }
        guard digitCount > 0 else { return nil }
        if position < bytes.count, bytes[position].lowercased == UInt8(ascii: "e") {
            position += 1
            guard let exponent = exponent(bytes, &position) else { return nil }
            decimal.exponent += exponent
        }
        guard position == bytes.count else { return nil }

        if let magnitude = decimal.exactDouble(powersOfTen) { return isNegative ? -magnitude : magnitude }
        return Double(String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self))
    }

    /// A signed exponent; beyond ±9999 it is enough to know that it is huge.
    private static func exponent(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
        let isNegative = position < bytes.count && bytes[position] == .minus
        if isNegative || (position < bytes.count && bytes[position] == .plus) { position += 1 }
        let start = position
        var value = 0
        while position < bytes.count, let digit = bytes[position].digit {
            value = min(value * 10 + Int(digit), 9999)
            position += 1
        }
        return position == start ? nil : isNegative ? -value : value
    }

    /// The first 19 significant digits of a number, and its power of ten.
    private struct Decimal {
        var mantissa: UInt64 = 0
        var exponent = 0
        var isExact = true

        @inline(__always)
        mutating func append(_ digit: UInt8) {
            if mantissa < 1_000_000_000_000_000_000 {
                mantissa = mantissa * 10 + UInt64(digit)
            } else {
                isExact = false
            }
        }

        func exactDouble(_ powersOfTen: [Double]) -> Double? {
            guard isExact, mantissa <= 1 << 53, abs(exponent) < powersOfTen.count else { return nil }
            let value = Double(mantissa)
            return exponent < 0 ? value / powersOfTen[-exponent] : value * powersOfTen[exponent]
        }
    }
}
