import AllocationCounter
import BroadcastRing
import StrategyKit
import Testing
import WireProtocol

@testable import WorkerRuntime

/// A binary message on its way to a callback allocates nothing.
struct AllocationTests {
    final class Quiet: Strategy {
        struct State: Codable { var last = 0.0 }
        var state = State()

        func onBar(_ bar: Bar, _ context: Context<NoParams>) throws { state.last = bar.close }
        func onTick(_ tick: Tick, _ context: Context<NoParams>) throws { state.last = tick.price }
    }

    /// - Parameter isByRing: Whether the messages go through a ring, or are handed in as they come out of a socket.
    private func allocations(
        _ payload: MarketPayload,
        _ dataType: String,
        messages: Int,
        isByRing: Bool
    ) throws -> Int {
        let writer = try RingWriter(bytes: 1 << 20)
        let ring = try RingLane(writer.offer, at: .newest, directName: [])
        let recorder = StrategyRunnerTests.Recorder()
        let runner = StrategyRunner(
            setup: StrategySetup(workerID: "w", generation: 1, symbols: ["BTC/USDT"], dataTypes: [dataType]),
            name: "Quiet",
            budget: ErrorBudget(),
            gauges: WorkerGauges(.init(workerID: "w", generation: 1)),
            logLevel: .info,
            outlet: recorder
        )
        // With a state, but not so many messages that it would be saved.
        let policy = Checkpointer.Policy(messages: .max, interval: .max)
        try runner.start(StrategyFactory(Quiet.self), params: UserParams([:]), policy: policy)
        var body: [UInt8] = []
        BinaryCodec.encode(MarketEvent(eventTime: 1, payload: payload), into: &body)
        let topic = Array("market.BTC/USDT.\(dataType)".utf8)
        let other = Array("market.ETH/USDT.\(dataType)".utf8)
        var sequence: UInt64 = 0
        func send() {
            sequence += 1
            body.withUnsafeMutableBytes { BinaryCodec.stamp($0, sequence: sequence, receiveTime: 2) }
            topic.withUnsafeBytes { topic in
                body.withUnsafeBytes { body in
                    guard isByRing else { return _ = runner.handle(topic: topic, body: body) }
                    writer.write(topic: 5, name: topic, body: body)
                    // Of a topic that was not asked for.
                    other.withUnsafeBytes { _ = writer.write(topic: 6, name: $0, body: body) }
                    while case .message(let index) = ring.next(for: runner) {
                        ring.reader.withBody { _ = runner.handle(at: index, body: $0) }
                    }
                }
            }
        }
        // What is made once, such as a type's metadata, is made with the first.
        for _ in 0..<10 { send() }
        ac_begin()
        for _ in 0..<messages { send() }
        let count = ac_end()
        #expect(runner.gauges[.processed] == messages + 10)
        return count
    }

    /// Code that is not optimised allocates for closures and existentials: `swift test -c release --filter AllocationTests`.
    @Test(.enabled(if: !_isDebugAssertConfiguration(), "the tests are built without optimisation"))
    func barsAndTicksAllocateNothing() throws {
        let bar = BarData(open: 1, high: 2, low: 0.5, close: 1.5, volume: 10, interval: "1m")
        for isByRing in [false, true] {
            #expect(try allocations(.bar(bar), "kline_1m", messages: 100_000, isByRing: isByRing) == 0)
            let tick = TickData(price: 3, bid: 2)
            #expect(try allocations(.tick(tick), "tick", messages: 100_000, isByRing: isByRing) == 0)
        }
    }

    @Test func theCounterCounts() {
        ac_begin()
        let list = [Int](repeating: 1, count: 1000)
        #expect(ac_end() >= 1)
        #expect(list.count == 1000)
    }
}
