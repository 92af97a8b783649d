/// Times as people and files write them, and as nanoseconds since the Unix epoch in UTC.
///
/// What is read, always in UTC where no zone is written:
/// - dates, year first: `2021-12-31`, `2021/12/31`, `2021.12.31`, `20211231`;
/// - a date and, after `T` or one blank, a time of day: `23:01`, `23:01:00`, `23:01:00.123456789`, `2301`, `230100`,
///   `230100.5`, and `230100065` with 3, 6 or 9 digits of the second's fraction;
/// - without a blank between them: `20211231230100` and `20211231230100065`;
/// - after a time of day a zone: `Z`, `UTC`, `+05:30`, `+0530` or `+05`, with or without a blank before it;
/// - a count since the epoch, whose unit follows from its size, each time anew: seconds, milliseconds, microseconds or
///   nanoseconds, whichever gives a time from 1973-01-01 to the end of 2200. The four ranges do not overlap:
///
/// | unit | from | below |
/// |---|---|---|
/// | seconds | 94694400 | 7289654400 |
/// | milliseconds | 94694400000 | 7289654400000 |
/// | microseconds | 94694400000000 | 7289654400000000 |
/// | nanoseconds | 94694400000000000 | 7289654400000000000 |
///
/// A count may have a fraction of up to 9 digits (`1640991660.25`) as far as it is whole nanoseconds. Dates reach from 1677-09-21
/// to 2262-04-11, which is what 64 bits of nanoseconds hold. Leap seconds and hour 24 do not exist here.
package enum TimeText {
    /// Longest text that is looked at, in bytes; the longest time has fewer.
    private static let maxLength = 64

    /// The time that the text says, in nanoseconds since the Unix epoch.
    ///
    /// - Parameter text: A time in one of the forms above, without blanks around it.
    /// - Returns: `nil` when the text is none of the forms, or the time does not exist or does not fit.
    package static func nanoseconds(from text: some StringProtocol) -> Int64? {
        guard text.utf8.count <= maxLength else { return nil }
        let bytes = Array(text.utf8)
        return nanoseconds(bytes.span)
    }

    /// The time as ISO-8601 in UTC with microseconds, such as `2021-12-31T23:01:00.000000Z`.
    ///
    /// - Parameter nanoseconds: Nanoseconds since the Unix epoch; what is below a microsecond is cut off towards the past.
    package static func iso8601(nanoseconds: Int64) -> String {
        let microseconds = flooredDivision(nanoseconds, by: 1000).quotient
        let (days, microsecondOfDay) = flooredDivision(microseconds, by: 86_400_000_000)
        let date = CivilDate(daysSinceEpoch: Int(days))
        let (secondOfDay, fraction) = Int(microsecondOfDay).quotientAndRemainder(dividingBy: 1_000_000)

        var text = Array("0000-00-00T00:00:00.000000Z".utf8)
        func put(_ value: Int, endingAt end: Int) {
            var rest = value
            var position = end
            while rest > 0 {
                text[position] += UInt8(rest % 10)
                rest /= 10
                position -= 1
            }
        }
        put(date.year, endingAt: 3)
        put(date.month, endingAt: 6)
        put(date.day, endingAt: 9)
        put(secondOfDay / 3600, endingAt: 12)
        put(secondOfDay / 60 % 60, endingAt: 15)
        put(secondOfDay % 60, endingAt: 18)
        put(fraction, endingAt: 25)
        return String(decoding: text, as: UTF8.self)
    }

    private static func flooredDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
