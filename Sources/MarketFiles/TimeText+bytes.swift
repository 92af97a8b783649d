/// Reading times from bytes, in integer arithmetic throughout.
extension TimeText {
    /// The time that the bytes say, in nanoseconds since the Unix epoch.
    static func nanoseconds(_ bytes: Span<UInt8>) -> Int64? {
        let leadingDigits = digitCount(bytes, from: 0)
        let isCount = leadingDigits == bytes.count || bytes[leadingDigits] == .point
        if isCount, let unit = unit(bytes, digits: leadingDigits) {
            return count(bytes, digits: leadingDigits, unit: unit)
        }

        var position = 0
        guard let days = days(bytes, &position) else { return nil }
        if position == bytes.count { return instant(days: days, nanosecondOfDay: 0, offset: 0) }
        switch bytes[position] {
        case .space, UInt8(ascii: "T"), UInt8(ascii: "t"): position += 1
        case _ where leadingDigits == 14 || leadingDigits == 17: break
        default: return nil
        }
        return nanoseconds(bytes, from: position, days: days)
    }

    /// Days from the Unix epoch to a date without a time of day.
    static func days(_ bytes: Span<UInt8>) -> Int? {
        var position = 0
        guard let days = days(bytes, &position), position == bytes.count else { return nil }
        return days
    }

    /// The time that a time of day, with or without a zone, says on a day, in nanoseconds since the Unix epoch.
    static func nanoseconds(timeOfDay bytes: Span<UInt8>, days: Int) -> Int64? {
        nanoseconds(bytes, from: 0, days: days)
    }

    /// The rest of a time after its date: time of day and zone, to the end of the bytes.
    private static func nanoseconds(_ bytes: Span<UInt8>, from start: Int, days: Int) -> Int64? {
        var position = start
        guard let nanosecondOfDay = nanosecondOfDay(bytes, &position) else { return nil }
        guard let offset = zoneOffset(bytes, &position), position == bytes.count else { return nil }
        return instant(days: days, nanosecondOfDay: nanosecondOfDay, offset: offset)
    }

    // MARK: Counts since the epoch

    /// How many nanoseconds one step of a count stands for, by its size.
    private static func unit(_ bytes: Span<UInt8>, digits: Int) -> UInt64? {
        guard let value = wholeNumber(bytes, digits: digits) else { return nil }
        let first: UInt64 = 94_694_400
        let end: UInt64 = 7_289_654_400
        return switch value {
        case first..<end: 1_000_000_000
        case first * 1000..<end * 1000: 1_000_000
        case first * 1_000_000..<end * 1_000_000: 1000
        case first * 1_000_000_000..<end * 1_000_000_000: 1
        default: nil
        }
    }

    private static func count(_ bytes: Span<UInt8>, digits: Int, unit: UInt64) -> Int64? {
        guard let whole = wholeNumber(bytes, digits: digits) else { return nil }
        var position = digits
        var part: UInt64 = 0
        if position < bytes.count {
            position += 1
            guard let billionths = fraction(bytes, &position), position == bytes.count else { return nil }
            let (quotient, remainder) = (UInt64(billionths) * unit).quotientAndRemainder(dividingBy: 1_000_000_000)
            guard remainder == 0 else { return nil }
            part = quotient
        }
        return Int64(exactly: whole * unit + part)
    }

    /// The first `digits` bytes as a number; `nil` beyond 19 digits, which is more than any time has.
    private static func wholeNumber(_ bytes: Span<UInt8>, digits: Int) -> UInt64? {
        guard (1...19).contains(digits) else { return nil }
        var value: UInt64 = 0
        for index in 0..<digits {
            guard let digit = bytes[index].digit else { return nil }
            value = value * 10 + UInt64(digit)
        }
        return value
    }

    // MARK: Calendar

    private static func days(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
        guard let year = number(bytes, &position, digits: 4), position < bytes.count else { return nil }
        let separators: [3 of UInt8] = [.minus, UInt8(ascii: "/"), .point]
        let separator = bytes[position]
        let isSeparated = separators[0] == separator || separators[1] == separator || separators[2] == separator
        if isSeparated { position += 1 }
        guard let month = number(bytes, &position, digits: 2) else { return nil }
        if isSeparated {
            guard position < bytes.count, bytes[position] == separator else { return nil }
            position += 1
        }
        guard let day = number(bytes, &position, digits: 2) else { return nil }
        return CivilDate(year: year, month: month, day: day)?.daysSinceEpoch
    }

    private static func nanosecondOfDay(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
        guard let hour = number(bytes, &position, digits: 2), position < bytes.count else { return nil }
        let isSeparated = bytes[position] == .colon
        if isSeparated { position += 1 }
        guard let minute = number(bytes, &position, digits: 2) else { return nil }
        var second = 0
        var nanosecond = 0
        let hasSecond =
            position < bytes.count && (isSeparated ? bytes[position] == .colon : bytes[position].digit != nil)
        if hasSecond {
            if isSeparated { position += 1 }
            guard let value = number(bytes, &position, digits: 2) else { return nil }
            second = value
            if position < bytes.count, bytes[position] == .point || bytes[position] == .comma {
                position += 1
                guard let value = fraction(bytes, &position) else { return nil }
                nanosecond = value
            } else if !isSeparated, [3, 6, 9].contains(digitCount(bytes, from: position)) {
                guard let value = fraction(bytes, &position) else { return nil }
                nanosecond = value
            }
        }
        guard hour < 24, minute < 60, second < 60 else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanosecond
    }

    /// Seconds by which the zone is ahead of UTC; 0 at the end of the bytes.
    private static func zoneOffset(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
        guard position < bytes.count else { return 0 }
        if bytes[position] == .space { position += 1 }
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        position += 1
        switch first {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            return 0
        case UInt8(ascii: "U"):
            guard position + 2 <= bytes.count, bytes[position] == UInt8(ascii: "T"),
                bytes[position + 1] == UInt8(ascii: "C")
            else { return nil }
            position += 2
            return 0
        case .plus, .minus:
            guard let hour = number(bytes, &position, digits: 2), hour < 24 else { return nil }
            var minute = 0
            if position < bytes.count {
                if bytes[position] == .colon { position += 1 }
                guard let value = number(bytes, &position, digits: 2), value < 60 else { return nil }
                minute = value
            }
            let offset = hour * 3600 + minute * 60
            return first == .minus ? -offset : offset
        default:
            return nil
        }
    }

    /// Puts a time together; 128 bits, since near the limits a step between would not fit 64.
    private static func instant(days: Int, nanosecondOfDay: Int, offset: Int) -> Int64? {
        Int64(exactly: Int128(days * 86_400 - offset) * 1_000_000_000 + Int128(nanosecondOfDay))
    }

    // MARK: Digits

    private static func digitCount(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position].digit != nil { position += 1 }
        return position - start
    }

    /// A number of exactly so many digits.
    private static func number(_ bytes: Span<UInt8>, _ position: inout Int, digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for index in position..<position + digits {
            guard let digit = bytes[index].digit else { return nil }
            value = value * 10 + Int(digit)
        }
        position += digits
        return value
    }

    /// The 1 to 9 digits of a fraction, in billionths. A tenth digit is left for the caller to stumble over.
    private static func fraction(_ bytes: Span<UInt8>, _ position: inout Int) -> Int? {
        let digits = min(digitCount(bytes, from: position), 9)
        guard digits > 0, var value = number(bytes, &position, digits: digits) else { return nil }
        for _ in digits..<9 { value *= 10 }
        return value
    }
}
