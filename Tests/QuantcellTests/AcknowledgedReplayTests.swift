import Glibc
import MarketFiles
import MarketRecord
import Testing
import WireProtocol
import ZeroMQ

@testable import MarketData
@testable import quantcell

/// `replay` and `publish` against the broker that they talk to.
@Suite struct AcknowledgedReplayTests {
    private static let rows = 20_000

    private let broker: TestBroker
    private let topic: Topic
    private let file: TemporaryFile

    init() throws {
        broker = try TestBroker()
        topic = try Topic(symbol: "A", dataType: "tick")
        file = try TemporaryFile(
            "timestamp,price\n" + (1...Self.rows).map { "\(1_640_991_600 + $0),\($0)\n" }.joined()
        )
    }

    private func replay(
        as publisher: String,
        through last: Int = rows,
        timeout: TimeSpan = .seconds(60)
    ) throws -> ReplaySummary {
        let plan = ReplayRun.Plan(
            path: file.path,
            topic: topic,
            speed: .max,
            range: 0..<Int64(1_640_991_600 + last + 1) * 1_000_000_000,
            usesJSON: false
        )
        var run = ReplayRun(plan, reader: try MarketFileReader(path: file.path, kind: .tick))
        return try run.run(
            with: try AcknowledgedPublisher(broker.runtime.location, publisher: publisher, timeout: timeout)
        )
    }

    private func expectEveryRowOnce(_ count: Int = rows) throws {
        let messages = try broker.recorded(topic)
        #expect(messages.count == count)
        for (index, message) in messages.enumerated() {
            #expect(message.sequence == UInt64(index + 1))
            let event = try message.body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .tick) }
            guard event.payload == .tick(TickData(price: Double(index + 1))) else {
                Issue.record("row \(index + 1) is \(event)")
                return
            }
        }
    }

    @Test func everyRowIsOnDiskWhenItEnds() async throws {
        let life = try await broker.start()
        let summary = try replay(as: "p")
        #expect(summary.sent == Self.rows)
        #expect(summary.outcome == PublisherOutcome(safety: .recorded))
        #expect(summary.isComplete)
        // Before anything is stopped.
        try expectEveryRowOnce()
        await life.stop()
    }

    @Test func aSecondRunGoesOnBehindTheFirst() async throws {
        let life = try await broker.start()
        #expect(try replay(as: "p", through: 700).sent == 700)
        let summary = try replay(as: "p")
        #expect(summary.accepted == 700)
        #expect(summary.sent == Self.rows - 700)
        #expect(try replay(as: "p").sent == 0)
        await life.stop()
        try expectEveryRowOnce()
    }

    /// The manager is started anew again and again while messages are on their way to it.
    @Test func aManagerThatComesBackMissesNothing() async throws {
        var life = try await broker.start()
        var publisher = try AcknowledgedPublisher(broker.runtime.location, publisher: "p", timeout: .seconds(60))
        let name = Array(topic.description.utf8)
        for row in 1...Self.rows {
            if row.isMultiple(of: 4000) {
                await life.stop()
                life = try await broker.start()
            }
            var body: [UInt8] = []
            BinaryCodec.encode(
                MarketEvent(eventTime: Int64(row), payload: .tick(TickData(price: Double(row)))),
                into: &body
            )
            #expect(try publisher.send(topic: name, body: body, line: row) == true)
        }
        #expect(try publisher.finish() == PublisherOutcome(safety: .recorded))
        await life.stop()
        try expectEveryRowOnce()
    }

    @Test(arguments: [false, true]) func aManagerThatStaysAwayIsNotWaitedForForever(isBusy: Bool) async throws {
        let life = try await broker.start()
        var publisher = try AcknowledgedPublisher(
            broker.runtime.location,
            publisher: "p",
            timeout: TimeSpan(nanoseconds: 300_000_000)
        )
        #expect(try publisher.begin() == PublisherStart())
        await life.stop()
        let failure: CommandFailure?
        do throws(CommandFailure) {
            // Also for somebody who goes on and on: there is room for all of these.
            let count = isBusy ? 1000 : 1
            for line in 1...count {
                _ = try publisher.send(topic: Array(topic.description.utf8), body: [1], line: line)
            }
            if isBusy { Issue.record("everything was taken") }
            _ = try publisher.finish()
            failure = nil
        } catch {
            failure = error
        }
        #expect(failure?.status == 75)
        #expect(failure?.message?.contains("acknowledged nothing for 300ms") == true)
    }

    @Test func whatTheManagerRefusesIsToldWithItsLine() async throws {
        let life = try await broker.start()
        var publisher = try AcknowledgedPublisher(broker.runtime.location, publisher: "p", timeout: .seconds(60))
        for line in 1...3 {
            let body =
                line == 2
                ? Array("{}".utf8) : Message.marketData(symbol: "A", dataType: "tick", data: ["price": 1]).bytes
            #expect(try publisher.send(topic: Array(topic.description.utf8), body: body, line: line) == true)
        }
        let outcome = try publisher.finish()
        #expect(outcome.refused == 1)
        #expect(outcome.refusals.map(\.line) == [2])
        #expect(outcome.safety == .recorded)
        await life.stop()
        #expect(try broker.recorded(topic).count == 2)
    }

    @Test func anIDMayBePublishedTwice() async throws {
        let life = try await broker.start()
        func publish(_ count: Int) throws -> PublishRun {
            var publisher = try AcknowledgedPublisher(
                broker.runtime.location,
                publisher: "import",
                timeout: .seconds(60)
            )
            var run = PublishRun(topic: topic)
            for line in 1...count {
                let message = try Array("{\"price\":\(line)}".utf8).withUnsafeBytes {
                    try PublishMessage(parsing: $0, topic: topic, timestamp: 5)
                }
                #expect(try run.send(message, line: line, to: &publisher) == true)
            }
            let outcome = try run.finish(publisher)
            #expect(outcome == PublisherOutcome(safety: .recorded))
            return run
        }
        #expect(try publish(3).sent == 3)
        let second = try publish(5)
        #expect(second.sent == 2)
        #expect(second.skipped == 3)
        #expect(
            second.text(PublisherOutcome(safety: .recorded)) == "published 2 messages, left out 3 that the manager had"
        )
        await life.stop()
        try expectEveryRowOnce(5)
    }
}
