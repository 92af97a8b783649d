internal import CoreMetrics
internal import Synchronization

/// Keeps the series of a program and writes them for Prometheus: a backend of swift-metrics.
///
/// Labels become names that Prometheus allows; counters end in `_total`, timers are histograms of seconds and end in `_seconds`. The same
/// name and dimensions give the same series, however often they are made. What an update costs is an atomic addition; a series is
/// looked up only when it is made.
///
/// How many there can be is bounded. What is made beyond that counts nowhere, and how much that was is a series itself.
public final class PrometheusRegistry: Sendable {
    /// How much it keeps.
    public struct Limits: Hashable, Sendable {
        /// Families, each of one name.
        public var families: Int
        /// Series in one family, each of other labels.
        public var seriesPerFamily: Int

        /// Makes limits: 500 families of 1,000 series by default.
        public init(families: Int = 500, seriesPerFamily: Int = 1000) {
            self.families = families
            self.seriesPerFamily = seriesPerFamily
        }
    }

    struct Family {
        let kind: MetricKind
        var series: [[String]: (labels: [(String, String)], cell: any MetricCell)] = [:]
    }

    struct Contents {
        var families: [String: Family] = [:]
        var help: [String: String] = [:]
        var bounds: [String: [Double]] = [:]
        var dropped: UInt64 = 0
    }

    /// The buckets of a timer or recorder that nothing else is said of, seconds: from 100 µs to a minute.
    public static let defaultBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// The family that counts what was dropped.
    private static let droppedName = "quantcell_metrics_dropped_series_total"

    private let limits: Limits
    private let contents = Mutex(Contents())

    /// An empty registry.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Says what a name means, and which buckets its histograms have; to be called before the first of its series is made.
    ///
    /// - Parameters:
    ///   - name: As it is exposed.
    ///   - help: One sentence for people.
    ///   - bounds: The upper bounds of the buckets; `nil` for ``defaultBounds``.
    public func describe(_ name: String, _ help: String, bounds: [Double]? = nil) {
        contents.withLock { contents in
            contents.help[name] = help
            contents.bounds[name] = bounds
        }
    }

    /// How many series could not be kept since there are too many, or since their name has another kind.
    public var dropped: UInt64 { contents.withLock(\.dropped) }

    /// Writes all series to a page, families in the order of their names; leaves out what the page has already.
    public func write(to page: inout Exposition) {
        let (families, help, dropped) = contents.withLock { ($0.families, $0.help, $0.dropped) }
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            guard page.family(name, family.kind, help[name] ?? "") else { continue }
            for (_, series) in family.series.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                series.cell.write(series.labels, to: &page)
            }
        }
        if page.family(Self.droppedName, .counter, "Series that were not kept, since there were too many.") {
            page.sample([], dropped)
        }
    }

    /// The series of that name and those dimensions, made where there is none; where it cannot be kept, one that is shown nowhere.
    func cell<Cell: MetricCell>(_ name: String, _ dimensions: [(String, String)], _ make: ([Double]) -> Cell) -> Cell {
        let labels = Self.labels(dimensions)
        let key = labels.flatMap { [$0.0, $0.1] }
        return contents.withLock { contents in
            let made = make(contents.bounds[name] ?? Self.defaultBounds)
            var family = contents.families[name] ?? Family(kind: Cell.kind)
            if let known = family.series[key]?.cell as? Cell { return known }
            let hasRoom = contents.families[name] != nil || contents.families.count < limits.families
            guard hasRoom, family.kind == Cell.kind, family.series.count < limits.seriesPerFamily else {
                contents.dropped += 1
                return made
            }
            // Emptied first, so that the family is changed in place.
            contents.families[name] = nil
            family.series[key] = (labels, made)
            contents.families[name] = family
            return made
        }
    }

    /// Forgets a series that is no longer counted.
    func forget(_ cell: any MetricCell) {
        contents.withLock { contents in
            for (name, family) in contents.families {
                guard let key = family.series.first(where: { $0.value.cell === cell })?.key else { continue }
                contents.families[name]?.series[key] = nil
                if contents.families[name]?.series.isEmpty ?? false { contents.families[name] = nil }
                return
            }
        }
    }

    /// Valid names, in their order; of two that become the same the first one counts.
    private static func labels(_ dimensions: [(String, String)]) -> [(String, String)] {
        var labels: [(String, String)] = []
        for (name, value) in dimensions {
            let name = MetricName.label(name)
            // `le` is the histograms' own.
            guard name != "le", !labels.contains(where: { $0.0 == name }) else { continue }
            labels.append((name, value))
        }
        return labels.sorted { $0.0 < $1.0 }
    }
}
