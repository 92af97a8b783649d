import WireProtocol

/// A quantity measured in several rounds: the middle, and how far the rounds lie apart.
struct Figure {
    let median: Double
    let min: Double
    let max: Double

    /// The median of the rounds. There must be one at least.
    init(_ rounds: [Double]) {
        self.init(Figure.median(rounds), rounds: rounds)
    }

    /// A middle that was taken over all rounds together, such as a percentile of all their samples.
    init(_ middle: Double, rounds: [Double]) {
        median = middle
        min = rounds.min() ?? middle
        max = rounds.max() ?? middle
    }

    /// The middle of the values; of an even number, the mean of the two in the middle.
    static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// How far the rounds lie apart, as highest by lowest.
    var spread: Double { min > 0 ? max / min : 1 }

    var json: JSONValue { ["median": .number(median), "min": .number(min), "max": .number(max)] }
}
