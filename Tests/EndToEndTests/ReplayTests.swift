import Foundation
import ProcessControl
import Testing
import WireProtocol

/// Every bar of a real file reaches everybody, in order, and what strategies make of them can be worked out by hand.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: RealBars.path), "\(RealBars.path) is missing"))
struct ReplayTests {
    @Test(.needsPython) func allBarsReachAllStrategiesAndAPythonSubscriber() async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 50ms}}") { manager in
            let closes = try RealBars.closes()
            try #require(closes.count == RealBars.count)
            let symbols: JSONValue = [.string(RealBars.symbol)]
            let cross = Build.strategy("sma_cross")
            try manager.start(cross, name: "quick", symbols: symbols, params: ["fast": 10, "slow": 30])
            try manager.start(cross, name: "calm", symbols: symbols, params: ["fast": 20, "slow": 120])
            let probe = Build.strategy("heartbeat_probe")
            try manager.start(probe, name: "probe", symbols: symbols, params: ["interval": "50ms"])
            let subscriber = try Self.subscriber(manager)

            let replay = try manager.cli(
                "replay",
                RealBars.path,
                "--symbol",
                RealBars.symbol,
                "--data-type",
                "kline",
                "--speed",
                "max",
                "--json"
            )
            #expect(replay.code == 0, "\(replay.errors)")
            let summary = try JSONValue(parsing: replay.output)
            #expect(summary["sent"] == 45_031 || summary["published"] == 45_031, "\(summary.text)")

            try Self.checkSubscriber(subscriber, closes)
            for (worker, fast, slow) in [("quick", 10, 30), ("calm", 20, 120)] {
                try Self.checkWorker(worker, manager)
                let signals = try Self.crossings(
                    of: worker,
                    manager,
                    expected: Crossing.all(of: closes, fast: fast, slow: slow)
                )
                #expect(signals.count > 100)
            }
            try Self.checkWorker("probe", manager)
            _ = try manager.untilEvent("metrics.probe", "all bars counted") {
                $0["name"] == "bars" && $0["value"]?.integerValue == 45_031
            }

            let topic = try #require(
                try manager.ask(.topics)["topics"]?.arrayValue?.first { $0["topic"] == "market.BTC/USDT.kline" }
            )
            #expect(topic["sequence"] == 45_031)
            #expect(topic["published"] == 45_031)
            #expect(topic["refused"] == 0)
            #expect(topic["received"] == 45_031)
        }
    }

    /// Starts the subscriber of the protocol's page, and returns when its subscriptions have taken effect.
    private static func subscriber(_ manager: TestManager) throws -> Program {
        let program = try Pages.write("subscriber.py", from: "Subscribing", to: "\(manager.folder)/work")
        // Subscriptions go out in the order of their bytes: when the last one has arrived, both have.
        let topics = "market.\(RealBars.symbol).kline,market.~.tick"
        let python = try #require(Pages.python)
        let subscriber = try manager.program(python, [program, "ipc://\(manager.runtime)/data.sock", topics])
        #expect(try manager.cli("publish", "~", "tick", #"{"price": 1}"#).code == 0)
        try manager.asking("the subscription of subscriber.py") {
            let topics = try manager.ask(.topics)["topics"]?.arrayValue ?? []
            return topics.contains { $0["topic"] == "market.~.tick" && $0["subscribers"] == 1 }
        }
        return subscriber
    }

    private static func checkSubscriber(_ subscriber: Program, _ closes: [Double]) throws {
        for (index, close) in closes.enumerated() {
            let line = try JSONValue(parsing: subscriber.line("bar \(index + 1)") { $0.contains("kline") })
            try #require(line["sequence"]?.integerValue == Int64(index + 1))
            try #require(line["data"]?["close"]?.doubleValue == close)
        }
        try subscriber.send(.int)
        let end = try subscriber.finish()
        #expect(end.code == 0, "\(end.errors)")
        let summary = try JSONValue(parsing: String(try #require(end.lines.last)))
        let topic = summary["topics"]?["market.BTC/USDT.kline"]
        #expect(topic == ["first": 1, "last": 45_031, "missing": 0, "repeated": 0])
    }

    /// The worker says itself that it has handled every bar once.
    private static func checkWorker(_ worker: String, _ manager: TestManager) throws {
        let status = try manager.asking(worker, until: "all bars handled") { $0["messages_processed"] == 45_031 }
        let metadata = try #require(status["metadata"])
        #expect(metadata["last_sequence"] == 45_031)
        #expect(metadata["messages_missed"] == 0)
        #expect(metadata["messages_repeated"] == 0)
        #expect(status["errors_count"] == 0)
        #expect(status["restarts"] == 0)
    }

    private static func crossings(of worker: String, _ manager: TestManager, expected: [Crossing]) throws -> [Crossing]
    {
        let signals = try manager.untilSignals(of: worker, expected.count)
        let crossings = try signals.map { signal in
            Crossing(
                sequence: Int(try #require(signal["sequence"]?.integerValue)),
                side: try #require(signal["side"]?.stringValue),
                price: try #require(signal["price"]?.doubleValue),
                fast: try #require(signal["data"]?["fast"]?.doubleValue),
                slow: try #require(signal["data"]?["slow"]?.doubleValue)
            )
        }
        #expect(crossings == expected)
        #expect(signals.allSatisfy { $0["symbol"] == "BTC/USDT" && $0["name"] == "cross" && $0["generation"] == 1 })
        return crossings
    }
}
