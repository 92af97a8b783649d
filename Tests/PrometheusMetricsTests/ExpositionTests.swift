import Testing

@testable import PrometheusMetrics

/// The text format, byte by byte.
@Suite struct ExpositionTests {
    private func text(_ build: (inout Exposition) -> Void) -> String {
        var page = Exposition()
        build(&page)
        return String(decoding: page.bytes, as: UTF8.self)
    }

    @Test func aFamilyHasItsHelpItsTypeAndItsSamples() {
        let text = text { page in
            page.family("quantcell_workers", .gauge, "Workers by state.")
            page.sample([("state", "running")], 3)
            page.sample([("state", "error"), ("kind", "a b")], 0.5)
            page.family("up_total", .counter, "")
            page.sample([], UInt64.max)
        }
        #expect(
            text == """
                # HELP quantcell_workers Workers by state.
                # TYPE quantcell_workers gauge
                quantcell_workers{state="running"} 3
                quantcell_workers{state="error",kind="a b"} 0.5
                # TYPE up_total counter
                up_total 18446744073709551615

                """
        )
    }

    @Test func whatWouldEndAValueOrALineIsEscaped() {
        let text = text { page in
            page.family("a", .gauge, "one\ntwo \\ \"three\"")
            page.sample([("b", "x\"y\\z\nä")], 1)
        }
        #expect(
            text == #"""
                # HELP a one\ntwo \\ "three"
                # TYPE a gauge
                a{b="x\"y\\z\nä"} 1

                """#
        )
    }

    @Test func numbersThatAreNotFiniteAreWrittenAsPrometheusReadsThem() {
        let text = text { page in
            page.family("a", .gauge, "")
            for value in [Double.infinity, -.infinity, .nan, 1e-7, 2.5, -3, 1e300] { page.sample([], value) }
        }
        #expect(
            text.split(separator: "\n").dropFirst().map { $0.dropFirst(2) }
                == ["+Inf", "-Inf", "NaN", "1e-07", "2.5", "-3", "1e+300"]
        )
    }

    @Test func noFamilyStandsTwice() {
        var page = Exposition()
        let (first, second) = (page.family("a", .gauge, "first"), page.family("a", .counter, "second"))
        #expect(first && !second)
        #expect(!String(decoding: page.bytes, as: UTF8.self).contains("second"))
    }

    @Test(arguments: [
        ("hb.requests", "hb_requests"), ("http.server.request.duration", "http_server_request_duration"),
        ("9lives", "_9lives"), ("", "_"), ("a-b c", "a_b_c"), ("a:b", "a:b"), ("größe", "gr____e"),
    ]) func aMetricsNameIsOneThatPrometheusAllows(_ label: String, _ name: String) {
        #expect(MetricName.metric(label) == name)
    }

    @Test func aLabelsNameIsOneThatPrometheusAllows() {
        #expect(MetricName.label("a:b.c") == "a_b_c")
        #expect(MetricName.label("__name__") == "label__name__")
        #expect(MetricName.metric("x_total", suffix: "_total") == "x_total")
        #expect(MetricName.metric("x", suffix: "_total") == "x_total")
    }
}
