import CoreMetrics
import Testing

@testable import PrometheusMetrics

/// The backend as swift-metrics uses it.
@Suite struct RegistryTests {
    private let registry = PrometheusRegistry(limits: PrometheusRegistry.Limits(families: 4, seriesPerFamily: 3))

    private var lines: [String] {
        var page = Exposition()
        registry.write(to: &page)
        return String(decoding: page.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func value(_ series: String) -> String? {
        lines.first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
    }

    @Test func countersGrowAndNeverShrink() {
        let counter = Counter(label: "hb.requests", dimensions: [("http.method", "GET")], factory: registry)
        counter.increment()
        counter.increment(by: 4)
        counter.increment(by: -3)
        let fractions = FloatingPointCounter(label: "spent", factory: registry)
        fractions.increment(by: 0.25)
        fractions.increment(by: Double.nan)
        #expect(value("hb_requests_total{http_method=\"GET\"}") == "5")
        #expect(value("spent_total") == "0.25")
        counter.reset()
        #expect(value("hb_requests_total{http_method=\"GET\"}") == "0")
    }

    @Test func theSameNameAndDimensionsAreTheSameSeries() {
        Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment()
        Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        #expect(value("a_total{x=\"1\",y=\"2\"}") == "2")
    }

    @Test func gaugesAndMetersShowTheLastValue() {
        let gauge = Gauge(label: "depth", factory: registry)
        gauge.record(7)
        gauge.record(2.5)
        let meter = Meter(label: "load", factory: registry)
        meter.set(3)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(value("depth") == "2.5")
        #expect(value("load") == "4")
        #expect(lines.contains("# TYPE depth gauge"))
    }

    @Test func aTimersBucketsHoldAllSmallerOnes() {
        registry.describe("wait_seconds", "How long.", bounds: [1, 0.1])
        let timer = CoreMetrics.Timer(label: "wait", dimensions: [("le", "x"), ("kind", "k")], factory: registry)
        for milliseconds in [50, 100, 500, 5000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        #expect(
            lines.prefix(7) == [
                "# HELP wait_seconds How long.", "# TYPE wait_seconds histogram",
                #"wait_seconds_bucket{kind="k",le="0.1"} 2"#, #"wait_seconds_bucket{kind="k",le="1.0"} 3"#,
                #"wait_seconds_bucket{kind="k",le="+Inf"} 4"#, #"wait_seconds_sum{kind="k"} 5.65"#,
                #"wait_seconds_count{kind="k"} 4"#,
            ]
        )
    }

    @Test func whatIsBeyondTheLimitsIsDroppedAndCounted() {
        for index in 0..<5 {
            Counter(label: "many", dimensions: [("id", "\(index)")], factory: registry).increment()
        }
        #expect(registry.dropped == 2)
        for name in ["b", "c", "d", "e", "f"] { Counter(label: name, factory: registry).increment() }
        #expect(registry.dropped == 4)
        // A name has one kind.
        Gauge(label: "b_total", factory: registry).record(9)
        #expect(registry.dropped == 5)
        #expect(lines.filter { $0.hasPrefix("many_total{") }.count == 3)
        #expect(value("b_total") == "1")
        #expect(value("quantcell_metrics_dropped_series_total") == "5")
    }

    @Test func aSeriesThatIsDestroyedMakesRoom() {
        let counters = (0..<3).map { Counter(label: "a", dimensions: [("id", "\($0)")], factory: registry) }
        counters[1].destroy()
        #expect(value("a_total{id=\"1\"}") == nil)
        #expect(value("a_total{id=\"2\"}") == "0")
        Counter(label: "a", dimensions: [("id", "3")], factory: registry).increment()
        #expect(registry.dropped == 0)
        #expect(value("a_total{id=\"3\"}") == "1")
    }

    @Test func nothingIsLostWhenManyThreadsCount() async {
        let counter = Counter(label: "together", factory: registry)
        let timer = CoreMetrics.Timer(label: "together", factory: registry)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment()
                        timer.recordNanoseconds(500_000_000)
                    }
                }
            }
        }
        #expect(value("together_total") == "80000")
        #expect(value("together_seconds_count") == "80000")
        #expect(value("together_seconds_sum") == "40000")
    }
}
