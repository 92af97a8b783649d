internal import CoreMetrics
internal import Synchronization

/// One series, as something counts it.
protocol MetricCell: AnyObject, Sendable {
    static var kind: MetricKind { get }
    /// Writes its samples to the family that the page has begun.
    func write(_ labels: [(String, String)], to page: inout Exposition)
}

/// A count that grows.
final class CounterCell: MetricCell, CounterHandler, FloatingPointCounterHandler {
    static let kind = MetricKind.counter
    private let count = AtomicDouble(0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    /// Adds an amount; one that is negative or no number would make a counter of none.
    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { count.add(amount) }
    }

    func reset() { count.store(0) }

    func write(_ labels: [(String, String)], to page: inout Exposition) {
        page.sample(labels, count.value)
    }
}

/// A value that comes and goes.
final class GaugeCell: MetricCell, MeterHandler, RecorderHandler {
    static let kind = MetricKind.gauge
    private let current = AtomicDouble(0)

    func set(_ value: Int64) { current.store(Double(value)) }
    func set(_ value: Double) { current.store(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(_ labels: [(String, String)], to page: inout Exposition) {
        page.sample(labels, current.value)
    }
}

/// How often values of each size have come, and their sum.
final class HistogramCell: MetricCell, RecorderHandler, TimerHandler {
    static let kind = MetricKind.histogram
    private let counts: BucketCounts
    private let sum = AtomicDouble(0)

    /// - Parameter bounds: The upper bounds of the buckets, ascending; one for everything beyond is added.
    init(bounds: [Double]) {
        counts = BucketCounts(bounds: bounds)
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// Takes in a value; one that is no number is in no bucket.
    func record(_ value: Double) {
        guard value.isFinite else { return }
        counts.count(value)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(_ labels: [(String, String)], to page: inout Exposition) {
        // Of what comes meanwhile some may count in the sum only; buckets and count always agree.
        var total: UInt64 = 0
        for (bound, count) in counts.read() {
            total += count
            page.sample(labels + [("le", bound == .infinity ? "+Inf" : "\(bound)")], total, suffix: "_bucket")
        }
        page.sample(labels, sum.value, suffix: "_sum")
        page.sample(labels, total, suffix: "_count")
    }
}
