import Histogram
import WireProtocol

/// A distribution of times in nanoseconds, exact to three digits.
struct Latency {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1,
        highestTrackableValue: 600_000_000_000,
        numberOfSignificantValueDigits: .three
    )

    init() {}

    /// How many times it holds.
    var count: UInt64 { histogram.totalCount }

    /// Takes in a time; a negative one, from clocks that differ by a little, counts as 0.
    mutating func record(_ nanoseconds: Int64, count: UInt64 = 1) {
        histogram.record(UInt64(clamping: nanoseconds), count: count)
    }

    mutating func add(_ other: Latency) {
        histogram.add(other.histogram)
    }

    /// The time that `percent` of all times do not exceed, in units of `unit` nanoseconds.
    func percentile(_ percent: Double, in unit: Double) -> Double {
        count == 0 ? .nan : Double(histogram.valueAtPercentile(percent)) / unit
    }

    /// A percentile over all rounds together, with the lowest and the highest of the rounds.
    static func figure(_ rounds: [Latency], _ percent: Double, in unit: Double) -> Figure {
        var all = Latency()
        for round in rounds { all.add(round) }
        return Figure(all.percentile(percent, in: unit), rounds: rounds.map { $0.percentile(percent, in: unit) })
    }

    // MARK: Between processes

    /// Lines of a value and how often it came.
    var lines: String {
        histogram.recordedValues().map { "\($0.value) \($0.count)\n" }.joined()
    }

    /// Takes in ``lines``.
    mutating func add(lines: some Sequence<Substring>) throws {
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count == 2, let value = Int64(words[0]), let count = UInt64(words[1]) else {
                throw BenchError("a result that cannot be read: \(line.prefix(80))")
            }
            record(value, count: count)
        }
    }
}
