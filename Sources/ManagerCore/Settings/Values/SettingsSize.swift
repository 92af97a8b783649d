/// A number of bytes as people write it: `1048576`, `64KB` (powers of 1,000) or `1MiB` (powers of 1,024).
public struct SettingsSize: SettingsScalar, Comparable {
    /// The number of bytes.
    public var bytes: Int

    /// Makes a setting of a number of bytes.
    public init(bytes: Int) {
        self.bytes = bytes
    }

    /// A number of KiB.
    public static func kibibytes(_ count: Int) -> SettingsSize { SettingsSize(bytes: count << 10) }
    /// A number of MiB.
    public static func mebibytes(_ count: Int) -> SettingsSize { SettingsSize(bytes: count << 20) }

    /// Orders by size.
    public static func < (left: SettingsSize, right: SettingsSize) -> Bool { left.bytes < right.bytes }

    /// What may be written, for messages.
    public static var expectation: String { "a size such as 64KB or 1MiB, or a number of bytes" }

    /// Bytes in a unit, the largest binary one first.
    private static let units: KeyValuePairs<String, Int> = [
        "GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "GB": 1_000_000_000, "MB": 1_000_000, "KB": 1000, "B": 1,
    ]

    /// Reads digits and a unit (`B KB MB GB KiB MiB GiB` in any case, bytes when missing).
    public init?(text: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text.dropFirst(number.count).lowercased()
        guard
            let unit = suffix.isEmpty ? 1 : Self.units.first(where: { $0.key.lowercased() == suffix })?.value,
            let count = Int(number)
        else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self.init(bytes: bytes)
    }

    /// The shortest exact text: 1,048,576 bytes are `1MiB`.
    public var description: String {
        guard bytes != 0, let (unit, size) = Self.units.first(where: { bytes % $0.value == 0 }) else { return "0B" }
        return "\(bytes / size)\(unit)"
    }
}
