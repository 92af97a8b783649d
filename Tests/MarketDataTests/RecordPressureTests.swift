import MarketData
import Testing
import WireProtocol

@testable import MarketRecord

/// A disk that is slower than the data.
@Suite struct RecordPressureTests {
    private static let topic = "market.A.kline"
    private static let messages = 2000

    /// Somebody else's write transaction on the database: nothing can be committed while it lasts.
    private final class SlowDisk {
        private let connection: Connection

        init(_ folder: TemporaryFolder) throws {
            connection = try Connection(path: folder.database, readOnly: false, busyTimeout: .seconds(20))
            try connection.execute("BEGIN IMMEDIATE")
        }

        func end() throws { try connection.execute("COMMIT") }
    }

    private static func limits(_ pressure: RecordPressure) -> BrokerRig.Limits {
        // The smallest ring: some three hundred bars.
        BrokerRig.Limits(record: .all, ringBytes: 1, pressure: pressure)
    }

    private func recorded(_ rig: BrokerRig) throws -> [UInt64] {
        let range = RecordRange(topic: Self.topic, from: 1, to: .max)
        let reader = try RecordReader(try #require(rig.record).configuration)
        return try reader.messages([range], limit: .max, maxBytes: .max, format: .binary).messages.map(\.sequence)
    }

    private func flush(_ rig: BrokerRig) async throws {
        let record = try #require(rig.record)
        // While recording is tried again, somebody who waits to read is told so.
        try await rig.wait {
            await withCheckedContinuation { done in record.flush { done.resume(returning: (try? $0.get()) != nil) } }
        }
    }

    @Test func everybodyWaitsAndNothingIsLost() async throws {
        try await BrokerRig.run(limits: Self.limits(.block)) { rig in
            let subscriber = try await rig.subscriber("market.")
            let disk = try SlowDisk(rig.folder)
            let publisher = try rig.publisher()
            let dealer = try Dealer(rig.context, rig.folder.publish)
            _ = try dealer.hello("p")
            for number in 1...Self.messages {
                try publisher.send(Self.topic, Bodies.bar())
                try dealer.publish(UInt64(number), Self.topic, Bodies.bar())
            }
            try await rig.wait { await rig.broker.counters().isBlocked }
            let data: JSONValue = ["open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10]
            let embedder = Task { try await rig.broker.publish(symbol: "A", dataType: "kline", data: data) }
            let before = await rig.broker.counters()
            #expect(before.published < UInt64(Self.messages))
            #expect(before.queuedBytes > 0)
            try disk.end()
            try dealer.untilSafe(UInt64(Self.messages))
            #expect(try await embedder.value > before.published)
            let all = Array(1...UInt64(2 * Self.messages + 1))
            for sequence in all { #expect(try subscriber.nextEvent().event.sequence == sequence) }
            try await flush(rig)
            #expect(try recorded(rig) == all)
            let counters = await rig.broker.counters()
            #expect([counters.unrecorded, counters.recorded] == [0, UInt64(all.count)])
            #expect(counters.blocks >= 1)
            #expect(!counters.isBlocked)
        }
    }

    @Test func feedsOfTheManagersOwnWaitToo() async throws {
        try await BrokerRig.run(limits: Self.limits(.block)) { rig in
            let disk = try SlowDisk(rig.folder)
            let topic = try Topic(symbol: "A", dataType: "kline")
            try await rig.broker.start(
                .randomWalk(
                    RandomWalkConfiguration(
                        topic: topic,
                        kind: .bar,
                        seed: 1,
                        interval: .zero,
                        startPrice: 1,
                        volatility: 0.01,
                        count: Self.messages
                    )
                )
            )
            try await rig.wait { await rig.broker.counters().isBlocked }
            try disk.end()
            try await rig.wait { await rig.broker.counters().published == UInt64(Self.messages) }
            try await flush(rig)
            #expect(try recorded(rig) == Array(1...UInt64(Self.messages)))
        }
    }

    @Test func whatFindsNoRoomIsSentAndCounted() async throws {
        try await BrokerRig.run(limits: Self.limits(.drop)) { rig in
            let subscriber = try await rig.subscriber("market.")
            let disk = try SlowDisk(rig.folder)
            let dealer = try Dealer(rig.context, rig.folder.publish)
            _ = try dealer.hello("p")
            for number in 1...Self.messages { try dealer.publish(UInt64(number), Self.topic, Bodies.bar()) }
            for sequence in 1...Self.messages { #expect(try subscriber.nextEvent().event.sequence == UInt64(sequence)) }
            let counters = await rig.broker.counters()
            #expect(counters.unrecorded > 0)
            #expect(counters.recorded + counters.unrecorded == UInt64(Self.messages))
            #expect(!counters.isBlocked)
            try disk.end()
            // What was recorded is awaited, the rest is as safe as it gets.
            #expect(try dealer.untilSafe(UInt64(Self.messages)).payload["recorded"] == false)
            #expect(try recorded(rig).count == Int(counters.recorded))
            #expect(try await rig.topic(Self.topic).unrecorded == counters.unrecorded)
        }
    }

    @Test func aStopDoesNotWaitForTheDisk() async throws {
        let folder = try TemporaryFolder()
        var disk: SlowDisk?
        try await BrokerRig.run(in: folder, limits: Self.limits(.block)) { rig in
            disk = try SlowDisk(folder)
            let dealer = try Dealer(rig.context, folder.publish)
            _ = try dealer.hello("p")
            for number in 1...Self.messages { try dealer.publish(UInt64(number), Self.topic, Bodies.bar()) }
            try await rig.wait { await rig.broker.counters().isBlocked }
            let data: JSONValue = ["open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10]
            let embedder = Task { try await rig.broker.publish(symbol: "A", dataType: "kline", data: data) }
            await rig.broker.stop()
            await #expect(throws: ProtocolError.self) { try await embedder.value }
            try disk?.end()
        }
        // Nothing that was accepted is missing, and the publisher goes on behind it.
        try await BrokerRig.run(in: folder, limits: Self.limits(.block)) { rig in
            let sequence = try await rig.topic(Self.topic).sequence
            #expect(sequence > 0)
            #expect(try recorded(rig) == Array(1...sequence))
            let dealer = try Dealer(rig.context, folder.publish)
            #expect(try dealer.hello("p").accepted == sequence)
        }
    }
}
