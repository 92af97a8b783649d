import Testing
import WireProtocol

@testable import quantcell

@Suite struct ReplayTests {
    @Test func theProgressLine() {
        let progress = ReplayProgress(fileBytes: 1000, now: 0, isShown: false)
        #expect(
            progress.line(rows: 25_000, bytes: 250, now: 2_000_000_000)
                == "[======                  ] 25%  25,000 rows  12,500/s  ETA 6s"
        )
        #expect(progress.line(rows: 0, bytes: 0, now: 0) == "[                        ] 0%  0 rows  0/s  ETA ?")
        #expect(progress.line(rows: 1, bytes: 1000, now: 1).hasSuffix("ETA 0s"))
    }

    @Test func theSummary() throws {
        var summary = ReplaySummary(topic: try Topic(symbol: "A", dataType: "tick"))
        summary.count(sentAt: 1_640_991_660_000_000_000)
        summary.count(sentAt: 1_640_991_720_000_000_000)
        summary.bad = 1
        summary.nanoseconds = 500_000_000
        summary.outcome = PublisherOutcome(safety: .recorded)
        #expect(summary.text == "sent 2 rows to market.A.tick in 500ms (4/s), all recorded, skipped 1 bad row")
        #expect(
            summary.json == [
                "topic": "market.A.tick", "sent": 2, "bad": 1, "before_from": 0, "seconds": 0.5, "rate": 4,
                "interrupted": false, "safety": "recorded", "published_before": 0, "refused": 0, "unacknowledged": 0,
                "first_event_time": "2021-12-31T23:01:00.000000Z", "last_event_time": "2021-12-31T23:02:00.000000Z",
            ]
        )
    }
}

@Suite struct TemplateTests {
    @Test(arguments: [
        ("my-idea", "MyIdeaStrategy", "my-idea.swift"), ("bar", "BarStrategy", "bar.swift"),
        ("sma_cross.swift", "SmaCrossStrategy", "sma_cross.swift"),
        ("X2", "X2Strategy", "X2.swift"), ("mean-reversion.py", "MeanReversionStrategy", "mean-reversion.py"),
    ])
    func names(name: String, className: String, fileName: String) throws {
        let template = try #require(StrategyTemplate(name: name))
        #expect(template.className == className)
        #expect(template.fileName == fileName)
        let declaration =
            template.language == .swift ? "final class \(className): Strategy {" : "class \(className)(Strategy):"
        #expect(template.text.contains(declaration))
    }

    @Test func theLanguageIsThatOfTheNameOrTheOption() throws {
        #expect(StrategyTemplate(name: "a", language: .python)?.fileName == "a.py")
        #expect(StrategyTemplate(name: "a.py", language: .python)?.fileName == "a.py")
        #expect(StrategyTemplate(name: "a.py", language: .swift) == nil)
        #expect(StrategyTemplate(name: "a.swift", language: .python) == nil)
    }

    @Test(arguments: ["", "1x", "-x", "a/b", "a b", "é", ".swift", ".py", "a.txt", String(repeating: "a", count: 65)])
    func noNames(name: String) {
        #expect(StrategyTemplate(name: name) == nil)
    }
}
