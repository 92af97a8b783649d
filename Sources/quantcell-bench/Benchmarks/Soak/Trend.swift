/// How something has changed with time: a line through samples.
///
/// Its slope is the median of the slopes between any two samples (Theil 1950, Sen 1968): a peak here and there does not bend it.
struct Trend {
    /// The middle of the values.
    let level: Double
    let lowest: Double
    let highest: Double
    /// By the line, over the time from the first sample to the last.
    let growth: Double

    /// - Parameter samples: Seconds and values, in the order of time. There must be one at least.
    init(_ samples: [(seconds: Double, value: Double)]) {
        let values = samples.map(\.value)
        level = Figure.median(values)
        lowest = values.min() ?? level
        highest = values.max() ?? level
        var slopes: [Double] = []
        for (index, first) in samples.enumerated() {
            for second in samples[(index + 1)...] where second.seconds > first.seconds {
                slopes.append((second.value - first.value) / (second.seconds - first.seconds))
            }
        }
        let time = (samples.last?.seconds ?? 0) - (samples.first?.seconds ?? 0)
        growth = slopes.isEmpty ? 0 : Figure.median(slopes) * time
    }
}
