extension Duration {
    /// Reads a positive number followed by `ms`, `s`, `m`, `h` or `d`; `nil` for anything else and for more than a century.
    init?(intervalText text: String) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let secondsPerUnit: [Substring: Double] = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let value = Double(number), let unit = secondsPerUnit[text[number.endIndex...]] else { return nil }
        let seconds = value * unit
        guard seconds > 0, seconds < 100 * 365 * 86400 else { return nil }
        self = .seconds(seconds)
    }
}
