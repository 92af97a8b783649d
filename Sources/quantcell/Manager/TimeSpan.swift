import ArgumentParser

/// A span of time as a user writes it: `90`, `1.5s`, `250ms`, `10m`, `2h`, `1d`.
struct TimeSpan: Hashable, ExpressibleByArgument {
    /// Nanoseconds, not negative.
    let nanoseconds: Int64

    /// A whole number of seconds.
    static func seconds(_ count: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: count * 1_000_000_000)
    }

    init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    init?(argument: String) {
        let number = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factor: Double
        switch argument.dropFirst(number.count) {
        case "ms": factor = 1e6
        case "s", "": factor = 1e9
        case "m": factor = 60e9
        case "h": factor = 3600e9
        case "d": factor = 86_400e9
        default: return nil
        }
        guard let value = Double(number), let nanoseconds = Int64(exactly: (value * factor).rounded()) else {
            return nil
        }
        self.nanoseconds = nanoseconds
    }

    /// For a socket option: rounded up, and held within its range.
    var milliseconds: Int32 {
        Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }
}
