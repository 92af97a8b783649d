/// A time span as people write it: `250ms`, `2s`, `5m`, `1h`, or a number of seconds. Never negative when read from text.
public struct SettingsDuration: SettingsScalar, Comparable {
    /// The span for the standard library's clocks.
    public var duration: Duration

    /// Makes a setting of a duration.
    public init(_ duration: Duration) {
        self.duration = duration
    }

    /// A number of milliseconds.
    public static func milliseconds(_ count: Int) -> SettingsDuration { SettingsDuration(.milliseconds(count)) }
    /// A number of seconds.
    public static func seconds(_ count: Int) -> SettingsDuration { SettingsDuration(.seconds(count)) }
    /// A number of hours.
    public static func hours(_ count: Int) -> SettingsDuration { .seconds(count * 3600) }
    /// A number of days of 24 hours.
    public static func days(_ count: Int) -> SettingsDuration { .hours(count * 24) }

    /// Orders by length.
    public static func < (left: SettingsDuration, right: SettingsDuration) -> Bool { left.duration < right.duration }

    /// What may be written, for messages.
    public static var expectation: String { "a duration such as 250ms, 2s, 5m or 1h, or a number of seconds" }

    /// Nanoseconds in a unit, the longest first.
    private static let units: KeyValuePairs<String, Int128> = [
        "d": 86_400_000_000_000, "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
        "us": 1000, "ns": 1,
    ]

    /// Reads digits, perhaps with a fraction of up to nine more, and a unit (`ns us ms s m h d`, seconds when missing).
    public init?(text: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let suffix = text.dropFirst(number.count)
        guard let unit = suffix.isEmpty ? 1_000_000_000 : Self.units.first(where: { $0.key == suffix })?.value else {
            return nil
        }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, 1...12 ~= parts[0].count, let whole = Int128(parts[0]) else { return nil }
        var nanoseconds = whole * unit
        if parts.count == 2 {
            guard 1...9 ~= parts[1].count, let fraction = Int128(parts[1]) else { return nil }
            nanoseconds += fraction * unit / parts[1].reduce(1) { scale, _ in scale * 10 }
        }
        guard let bounded = Int64(exactly: nanoseconds) else { return nil }
        self.init(.nanoseconds(bounded))
    }

    /// The shortest exact text: `300` seconds are `5m`.
    public var description: String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = Int128(seconds) * 1_000_000_000 + Int128(attoseconds) / 1_000_000_000
        guard nanoseconds != 0, let (unit, size) = Self.units.first(where: { nanoseconds % $0.value == 0 }) else {
            return "0s"
        }
        return "\(nanoseconds / size)\(unit)"
    }
}
