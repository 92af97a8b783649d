/// Spans of time for people.
enum DurationText {
    /// The largest two units of a span: `850ms`, `3.2s`, `4m 10s`, `2h 5m`, `3d 1h`.
    static func short(nanoseconds: Int64) -> String {
        let milliseconds = max(nanoseconds, 0) / 1_000_000
        let seconds = milliseconds / 1000
        return switch seconds {
        case 0: milliseconds == 0 ? "0s" : "\(milliseconds)ms"
        case ..<60: milliseconds % 1000 < 100 ? "\(seconds)s" : "\(seconds).\(milliseconds % 1000 / 100)s"
        case ..<3600: pair(seconds / 60, "m", seconds % 60, "s")
        case ..<86_400: pair(seconds / 3600, "h", seconds % 3600 / 60, "m")
        default: pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h")
        }
    }

    /// A moment as seen from now, in its largest unit: `just now`, `3s ago`, `in 2m`.
    static func relative(_ moment: Int64, now: Int64) -> String {
        let (difference, overflow) = now.subtractingReportingOverflow(moment)
        let seconds = overflow ? Int64.max / 1_000_000_000 : abs(difference / 1_000_000_000)
        let span =
            switch seconds {
            case 0: ""
            case ..<60: "\(seconds)s"
            case ..<3600: "\(seconds / 60)m"
            case ..<86_400: "\(seconds / 3600)h"
            default: "\(seconds / 86_400)d"
            }
        if span.isEmpty { return "just now" }
        return moment <= now ? "\(span) ago" : "in \(span)"
    }

    private static func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit) \(small)\(smallUnit)"
    }
}
