import AllocationCounter
import BroadcastRing
import StrategyKit
import Testing
import WireProtocol

@testable import WorkerRuntime

/// What a worker takes out of a ring.
struct RingLaneTests {
    private let writer: RingWriter
    private let lane: RingLane
    private let runner: StrategyRunner
    private let outlet = StrategyRunnerTests.Recorder()

    init() throws {
        writer = try RingWriter(bytes: 64 << 10)
        lane = try RingLane(writer.offer, at: .newest, directName: Array("sync.me".utf8))
        runner = StrategyRunner(
            setup: StrategySetup(workerID: "w", generation: 1, symbols: [], dataTypes: []),
            name: "None",
            budget: ErrorBudget(),
            gauges: WorkerGauges(.init(workerID: "w", generation: 1)),
            logLevel: .info,
            outlet: outlet
        )
    }

    private func write(_ number: UInt32, _ name: String, _ body: String = "body") {
        Array(name.utf8).withUnsafeBytes { name in
            Array(body.utf8).withUnsafeBytes { _ = writer.write(topic: number, name: name, body: $0) }
        }
    }

    private func subscribe(_ symbol: String) throws {
        _ = runner.topics.subscribe(try Topic(symbol: symbol, dataType: "tick"), .tick)
        lane.forgetTopics()
    }

    @Test func onlyWhatIsAskedForIsTaken() throws {
        try subscribe("B")
        for _ in 0..<2 {
            write(0, "market.A.tick")
            write(1, "market.B.tick", "b")
            // A prefix of it is another topic.
            write(2, "market.B.tick_1")
            write(RingEntry.direct, "sync.other")
            write(RingEntry.direct, "sync.me", "me")
            #expect(lane.next(for: runner) == .message(0))
            #expect(lane.reader.withBody { String(decoding: $0, as: UTF8.self) } == "b")
            #expect(lane.next(for: runner) == .direct)
            #expect(lane.reader.withBody { String(decoding: $0, as: UTF8.self) } == "me")
            #expect(lane.next(for: runner) == .nothing)
        }
        #expect(runner.gauges[.unrequested] == 0)
    }

    @Test func otherTopicsMayBeAskedForLater() throws {
        write(7, "market.A.tick")
        #expect(lane.next(for: runner) == .nothing)
        try subscribe("A")
        write(7, "market.A.tick")
        #expect(lane.next(for: runner) == .message(0))
        _ = runner.topics.unsubscribe(try Topic(symbol: "A", dataType: "tick"))
        lane.forgetTopics()
        write(7, "market.A.tick")
        #expect(lane.next(for: runner) == .nothing)
    }

    @Test func beforeItHasJoinedOnlyTheMarkerCounts() throws {
        try subscribe("A")
        write(0, "market.A.tick")
        write(RingEntry.direct, "sync.me")
        write(0, "market.A.tick")
        #expect(lane.next(for: nil) == .direct)
        #expect(lane.next(for: runner) == .message(0))
    }

    @Test func whatIsWrittenOverIsKnown() throws {
        try subscribe("A")
        for _ in 0..<5000 { write(0, "market.A.tick") }
        guard case .overrun(let bytes) = lane.next(for: runner) else { return #expect(Bool(false), "no overrun") }
        #expect(bytes > 64 << 10)
        #expect(lane.next(for: runner) == .message(0))
    }

    @Test func nothingIsAllocatedForAMessage() throws {
        try subscribe("A")
        let names = ["market.A.tick", "market.B.tick"].map { Array($0.utf8) }
        let body = [UInt8](repeating: 1, count: 150)
        var taken = 0
        func pass() {
            for number in 0..<2 {
                names[number].withUnsafeBytes { name in
                    body.withUnsafeBytes { _ = writer.write(topic: UInt32(number), name: name, body: $0) }
                }
            }
            while case .message = lane.next(for: runner) { taken += lane.reader.withBody(\.count) }
        }
        for _ in 0..<10 { pass() }
        ac_begin()
        for _ in 0..<5000 { pass() }
        #expect(ac_end() == 0)
        #expect(taken == 5010 * 150)
    }

    /// A number that is beyond every table costs no memory.
    @Test func largeNumbersAreLookedUpByName() throws {
        try subscribe("A")
        for _ in 0..<2 {
            write(RingEntry.direct - 2, "market.A.tick")
            write(RingEntry.direct - 3, "market.B.tick")
            #expect(lane.next(for: runner) == .message(0))
            #expect(lane.next(for: runner) == .nothing)
        }
    }
}
