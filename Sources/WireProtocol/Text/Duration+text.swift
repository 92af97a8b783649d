extension Duration {
    /// For people: seconds, to the millisecond, without needless zeros, such as `0.116 s` or `60 s`.
    package var text: String {
        let (seconds, attoseconds) = components
        let milliseconds = abs(attoseconds / 1_000_000_000_000_000)
        guard milliseconds > 0 else { return "\(seconds) s" }
        let digits = String(milliseconds)
        var fraction = String(repeating: "0", count: 3 - digits.count) + digits
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let sign = attoseconds < 0 && seconds == 0 ? "-" : ""
        return "\(sign)\(seconds).\(fraction) s"
    }
}
