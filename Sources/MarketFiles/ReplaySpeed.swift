/// How fast recorded data is played back.
package enum ReplaySpeed: Hashable, Sendable {
    /// As fast as it goes, without waiting.
    case max
    /// A multiple of the pace at which the data happened: positive and finite, 1 for real time.
    case multiple(Double)

    /// Reads `max`, `realtime`, or a factor such as `60x` or `0.5x`.
    ///
    /// - Returns: `nil` for anything else, and for a factor that is not positive and finite.
    package init?(_ text: some StringProtocol) {
        switch text {
        case "max": self = .max
        case "realtime": self = .multiple(1)
        default:
            guard text.last == "x" || text.last == "X" else { return nil }
            let digits = Array(text.dropLast().utf8)
            guard let factor = NumberText.double(digits.span), factor > 0, factor.isFinite else { return nil }
            self = .multiple(factor)
        }
    }

    /// How long after the `earlier` event the `later` one is due on the wall clock.
    ///
    /// Measure from the first event of a replay rather than from the one before, so that rounding and late wake-ups do not
    /// add up. Gaps in the data, such as a weekend, are kept at their length.
    ///
    /// - Parameters:
    ///   - earlier: Event time, nanoseconds since the Unix epoch.
    ///   - later: Event time, nanoseconds since the Unix epoch.
    /// - Returns: Zero at ``max`` and when `later` is not later; at most `Int64.max` nanoseconds, which is 292 years.
    package func delay(between earlier: Int64, and later: Int64) -> Duration {
        guard case .multiple(let factor) = self, later > earlier else { return .zero }
        let (gap, overflow) = later.subtractingReportingOverflow(earlier)
        let nanoseconds = overflow ? Int64.max : gap
        if factor == 1 { return .nanoseconds(nanoseconds) }
        return .nanoseconds(Int64(exactly: (Double(nanoseconds) / factor).rounded()) ?? .max)
    }
}
