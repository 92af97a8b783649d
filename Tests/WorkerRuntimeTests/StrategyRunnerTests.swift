import StrategyKit
import Testing
import WireProtocol

@testable import WorkerRuntime

/// A strategy in this process, driven by the real runner; what it sends out is kept.
struct StrategyRunnerTests {
    final class Recorder: RunnerOutlet {
        var subscriptions: [String] = []
        var delivered: [Message] = []
        var offered: [Message] = []
        var lines: [String] = []
        var signals: [Message] = []
        var past: [MarketEvent] = []
        var questions: [String] = []

        func setSubscribed(_ topic: Topic, _ isSubscribed: Bool) {
            subscriptions.append("\(isSubscribed ? "+" : "-")\(topic)")
        }
        func deliver(_ message: Message) { delivered.append(message) }
        func offer(_ message: Message) { offered.append(message) }
        func emit(_ signal: Message) { signals.append(signal) }
        func history(of topic: Topic, count: Int, before: UInt64?) throws(StrategyError) -> [MarketEvent] {
            questions.append("\(topic) \(count) \(before.map { "\($0)" } ?? "-")")
            return past
        }
        func log(_ level: LogLevel, _ text: String) { lines.append("\(level) \(text)") }
    }

    final class Echo: Strategy {
        struct Params: StrategyParams { var failAbove = 1e9 }
        struct TooHigh: Error {}

        func onStart(_ context: Context<Params>) throws {
            context.signal("hello")
            try context.subscribe(symbols: ["ETH"], dataTypes: ["tick"])
        }

        func onBar(_ bar: Bar, _ context: Context<Params>) throws {
            if bar.close > context.params.failAbove { throw TooHigh() }
            context.signal("first", side: .buy, data: ["now": context.now, "bad": Double.nan, "side": Side.sell])
            context.signal("second", symbol: "OTHER", price: 1, quantity: 2)
        }

        func onTick(_ tick: Tick, _ context: Context<Params>) throws {
            context.unsubscribe(symbols: ["ETH"], dataTypes: ["tick"])
            context.metric("price", tick.price)
            context.metric("nothing", .nan)
        }

        func onError(_ error: any Error, in callback: String, _ context: Context<Params>) throws {
            context.log.info("onError after \(callback)")
        }

        func onParams(_ previous: Params, _ context: Context<Params>) throws {
            if context.params.failAbove < 0 { throw TooHigh() }
        }
    }

    private let recorder = Recorder()

    private func runner(
        _ symbols: [String] = ["BTC"],
        _ params: UserParams = UserParams([:]),
        delivery: DeliveryMode = .lossless
    ) throws -> StrategyRunner {
        let runner = StrategyRunner(
            setup: StrategySetup(workerID: "w", generation: 3, symbols: symbols, dataTypes: ["kline"]),
            name: "Echo",
            budget: ErrorBudget(errors: 2, window: .seconds(3600)),
            gauges: WorkerGauges(.init(workerID: "w", generation: 3)),
            logLevel: .info,
            delivery: delivery,
            outlet: recorder
        )
        try runner.start(StrategyFactory(Echo.self), params: params)
        return runner
    }

    private func send(_ payload: MarketPayload, _ topic: String, _ sequence: UInt64, to runner: StrategyRunner) {
        var body: [UInt8] = []
        BinaryCodec.encode(MarketEvent(sequence: sequence, eventTime: 1234, payload: payload), into: &body)
        send(body, topic, to: runner)
    }

    private func send(_ body: [UInt8], _ topic: String, to runner: StrategyRunner) {
        Array(topic.utf8).withUnsafeBytes { topic in
            body.withUnsafeBytes { _ = runner.handle(topic: topic, body: $0) }
        }
    }

    private func bar(_ close: Double) -> MarketPayload {
        .bar(BarData(open: 1, high: 1, low: 1, close: close, volume: 1))
    }

    @Test func signalsSayWhereTheyComeFrom() throws {
        let runner = try runner()
        send(bar(7), "market.BTC.kline", 41, to: runner)
        let payloads = recorder.signals.map(\.payload)
        #expect(payloads.map { $0["signal_id"] } == ["w:onStart:3:1", "w:BTC.kline:41:1", "w:BTC.kline:41:2"])
        let first = try #require(payloads.dropFirst().first)
        #expect(first["symbol"] == "BTC")
        #expect(first["data_type"] == "kline")
        #expect(first["sequence"] == 41)
        #expect(first["event_time"] == 1234)
        #expect(first["price"] == 7.0)
        #expect(first["quantity"] == .null)
        #expect(first["side"] == "buy")
        #expect(first["data"] == ["now": 1234, "bad": "nan", "side": "sell"])
        let second = try #require(payloads.last)
        #expect(second["symbol"] == "OTHER")
        #expect(second["side"] == .null)
        #expect(second["price"] == 1.0)
        #expect(recorder.signals.allSatisfy { $0.generation == 3 && $0.workerID == "w" })
        #expect(runner.gauges[.signals] == 3)
    }

    @Test func whatWasNotAskedForAndWhatComesTwiceIsDroppedAndCounted() throws {
        let runner = try runner(delivery: .drop)
        let counters: () -> [Int] = {
            [.processed, .unrequested, .repeated, .dropped, .unreadable].map { runner.gauges[$0] }
        }
        send(bar(1), "market.BTC.kline", 1, to: runner)
        send(bar(1), "market.BTC.kline_1m", 2, to: runner)
        send(bar(1), "market.BTC.kline", 1, to: runner)
        #expect(counters() == [1, 1, 1, 0, 0])
        send(bar(1), "market.BTC.kline", 5, to: runner)
        #expect(counters() == [2, 1, 1, 3, 0])
        send(Array("{}".utf8), "market.BTC.kline", to: runner)
        send([0x51, 1, 2], "market.BTC.kline", to: runner)
        #expect(counters() == [2, 1, 1, 3, 2])
    }

    @Test func complaintsAreLimited() throws {
        let runner = try runner()
        for _ in 0..<1000 { send([], "market.BTC.kline", to: runner) }
        #expect(runner.gauges[.unreadable] == 1000)
        #expect(recorder.lines.count == 10)
    }

    @Test func topicsCanBeChangedWithinACallback() throws {
        let runner = try runner()
        send(.tick(TickData(price: 3)), "market.ETH.tick", 1, to: runner)
        send(.tick(TickData(price: 4)), "market.ETH.tick", 2, to: runner)
        #expect(recorder.subscriptions == ["+market.BTC.kline", "+market.ETH.tick", "-market.ETH.tick"])
        #expect(recorder.offered.map(\.payload) == [["name": "price", "value": 3.0]])
        #expect(runner.gauges[.unrequested] == 1)
    }

    @Test func errorsBeyondTheBudgetEndTheDataButNotTheWorker() throws {
        let runner = try runner(["BTC"], UserParams(["failAbove": 5]))
        for sequence in 1...5 { send(bar(9), "market.BTC.kline", UInt64(sequence), to: runner) }
        let errors = recorder.delivered.filter { $0.type == .error }.map(\.payload)
        #expect(errors.map { $0["fatal"] } == [false, false, true])
        #expect(errors.map { $0["errors_count"] } == [1, 2, 3])
        #expect(errors.first?["message"] == "onBar threw: TooHigh()")
        #expect(errors.allSatisfy { $0["callback"] == "onBar" })
        #expect(runner.isBroken)
        #expect(runner.gauges[.processed] == 3)
        #expect(recorder.lines.filter { $0 == "info onError after onBar" }.count == 3)
    }

    @Test func aRefusedChangeOfParametersChangesNothing() throws {
        let runner = try runner()
        #expect(throws: Echo.TooHigh.self) { try runner.changeParams(UserParams(["failAbove": -1])) }
        #expect(runner.effectiveParams == ["failAbove": 1e9])
        #expect(throws: StrategyError.self) { try runner.changeParams(UserParams(["failabov": 1])) }
        try runner.changeParams(UserParams(["failAbove": 4]))
        #expect(runner.effectiveParams == ["failAbove": 4.0])
    }

    @Test(arguments: [["B TC"], [""], [String(repeating: "x", count: 65)]])
    func aStartOnABadSymbolIsRefused(_ symbols: [String]) {
        #expect(throws: StrategyError.self) { try runner(symbols) }
        #expect(recorder.subscriptions.isEmpty)
    }

    @Test func dataThatNoCallbackTakesIsRefused() throws {
        let runner = try runner()
        let error = #expect(throws: StrategyError.self) {
            try runner.subscribe(symbols: ["BTC"], dataTypes: ["tick", "funding"])
        }
        #expect(error?.message.contains("'funding'") == true)
        #expect(!recorder.subscriptions.contains("+market.BTC.tick"))
    }

    @Test func aHeartbeatNamesTheCallbackThatRuns() throws {
        let gauges = WorkerGauges(.init(workerID: "w", generation: 1))
        gauges.nameTopic("market.A.kline", at: 0)
        gauges.handled(topic: 0, sequence: 88, receiveTime: 7, total: 88)
        gauges.enter(Callback.onBar.number, at: 1_000_000_000)
        let stuck = gauges.heartbeat(at: 3_500_000_000).payload
        #expect(stuck["callback"] == "onBar")
        #expect(stuck["callback_seconds"] == 2.5)
        #expect(stuck["last_topic"] == "market.A.kline")
        #expect(stuck["last_sequence"] == 88)
        #expect(stuck["positions"] == ["market.A.kline": 88])
        #expect(stuck["handled_receive_ns"] == 7)
        #expect(stuck["mode"] == "live")
        gauges.leave()
        #expect(gauges.heartbeat(at: 4_000_000_000).payload["callback"] == .null)
    }
}
