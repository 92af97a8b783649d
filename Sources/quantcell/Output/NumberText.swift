/// Numbers for people.
enum NumberText {
    /// `1234567` as `1,234,567`.
    static func grouped(_ value: Int) -> String {
        var result = ""
        for (index, digit) in String(value.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (value < 0 ? "-" : "") + String(result.reversed())
    }

    /// How many of something a second; 0 where no time has passed.
    static func rate(_ count: Int, nanoseconds: Int64) -> Int {
        guard nanoseconds > 0 else { return 0 }
        return Int(exactly: (Double(count) / (Double(nanoseconds) / 1e9)).rounded()) ?? 0
    }

    /// A number with a noun: `1 row`, `2 rows`.
    static func counted(_ value: Int, _ noun: String) -> String {
        "\(grouped(value)) \(noun)\(value == 1 ? "" : "s")"
    }
}
