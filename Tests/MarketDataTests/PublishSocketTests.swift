import MarketData
import MarketRecord
import Testing
import WireProtocol
import ZeroMQ

/// Acknowledged publishing, over the broker's own socket.
@Suite struct PublishSocketTests {
    private static let recording = BrokerRig.Limits(record: .all)

    private func dealer(_ rig: BrokerRig) throws -> Dealer { try Dealer(rig.context, rig.folder.publish) }

    private func reader(_ rig: BrokerRig) throws -> RecordReader {
        try RecordReader(try #require(rig.record).configuration)
    }

    @Test func whatIsAcknowledgedIsOnDiskInItsOrder() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let subscriber = try await rig.subscriber("market.")
            let dealer = try dealer(rig)
            let start = try dealer.hello("p")
            #expect(start.accepted == 0)
            #expect(start.recorded == 0)
            for number in 1...500 as ClosedRange<UInt64> {
                try dealer.publish(number, "market.A.kline", Bodies.bar(close: Double(number)))
            }
            let last = try dealer.untilSafe(500)
            #expect(last.payload["recorded"] == nil)
            let range = RecordRange(topic: "market.A.kline", from: 1, to: 500)
            let chunk = try reader(rig).messages([range], limit: 1000, maxBytes: 1 << 20, format: .binary)
            #expect(chunk.messages.map(\.sequence) == Array(1...500))
            for message in chunk.messages {
                let (topic, body) = try subscriber.next()
                #expect(topic == message.topic)
                #expect(body == message.body)
            }
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.recorded, counters.unrecorded, counters.resent] == [500, 500, 0, 0])
        }
    }

    @Test func whatComesTwiceGoesNoFurther() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            _ = try dealer.hello("p")
            for number in [1, 2, 1, 2, 3] as [UInt64] { try dealer.publish(number, "market.A.kline", Bodies.bar()) }
            try dealer.untilSafe(3)
            let counters = await rig.broker.counters()
            #expect([counters.published, counters.resent] == [3, 2])
            #expect(try await rig.topic("market.A.kline").sequence == 3)
        }
    }

    @Test func whatIsMissingIsAskedFor() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            _ = try dealer.hello("p")
            try dealer.publish(1, "market.A.kline", Bodies.bar())
            try dealer.publish(3, "market.A.kline", Bodies.bar())
            var answers = [try dealer.next(), try dealer.next()]
            answers.sort { $0.type.rawValue < $1.type.rawValue }
            #expect(answers.map(\.type) == [.recorded, .resend])
            #expect(answers[1].payload["from"] == 2)
            for number in 2...3 as ClosedRange<UInt64> { try dealer.publish(number, "market.A.kline", Bodies.bar()) }
            try dealer.untilSafe(3)
            #expect(try await rig.topic("market.A.kline").sequence == 3)
        }
    }

    @Test func aRefusedMessageUsesItsNumberUp() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            _ = try dealer.hello("p")
            try dealer.publish(1, "market.A.kline", [1, 2, 3])
            let error = try dealer.next()
            #expect(error.type == .error)
            #expect(error.payload["number"] == 1)
            #expect(error.payload["message"]?.stringValue?.isEmpty == false)
            #expect(try dealer.untilSafe(1).payload["recorded"] == nil)
            try dealer.publish(2, "market.A.kline", Bodies.bar())
            try dealer.untilSafe(2)
            #expect(await rig.broker.counters().refused == 1)
            #expect(try await rig.topic("market.A.kline").sequence == 1)
        }
    }

    @Test func aPublisherGoesOnBehindWhatTheNextManagerHas() async throws {
        let folder = try TemporaryFolder()
        try await BrokerRig.run(in: folder, limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            _ = try dealer.hello("p")
            for number in 1...3 as ClosedRange<UInt64> { try dealer.publish(number, "market.A.kline", Bodies.bar()) }
            try dealer.untilSafe(3)
        }
        try await BrokerRig.run(in: folder, limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            try dealer.publish(4, "market.A.kline", Bodies.bar())
            #expect(try dealer.next().type == .hello)
            let start = try dealer.hello("p")
            #expect(start.accepted == 3)
            #expect(start.recorded == 3)
            try dealer.publish(4, "market.A.kline", Bodies.bar())
            try dealer.untilSafe(4)
            #expect(try await rig.topic("market.A.kline").sequence == 4)
        }
    }

    @Test func theRecordGoesOnWhenTheBrokerStopsAndStarts() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            for round in 0..<3 as Range<UInt64> {
                let dealer = try dealer(rig)
                #expect(try dealer.hello("p").accepted == round)
                try dealer.publish(round + 1, "market.A.kline", Bodies.bar())
                try dealer.untilSafe(round + 1)
                await rig.broker.stop()
                try await rig.broker.start()
            }
        }
    }

    @Test(arguments: [nil, .off, .topics(["market.B.kline"])] as [RecordConfiguration.Mode?])
    func whatIsNotRecordedIsAcknowledgedAtOnceAndSaysSo(mode: RecordConfiguration.Mode?) async throws {
        try await BrokerRig.run(limits: BrokerRig.Limits(record: mode)) { rig in
            let dealer = try dealer(rig)
            _ = try dealer.hello("p")
            for number in 1...3 as ClosedRange<UInt64> { try dealer.publish(number, "market.A.kline", Bodies.bar()) }
            #expect(try dealer.untilSafe(3).payload["recorded"] == false)
            let topic = try await rig.topic("market.A.kline")
            #expect([topic.published, topic.recorded, topic.unrecorded] == [3, 0, 0])
            #expect(!topic.isRecorded)
        }
    }

    @Test func aSecondPublisherOfTheSameIDTakesOver() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let (first, second) = (try dealer(rig), try dealer(rig))
            _ = try first.hello("p")
            try first.publish(1, "market.A.kline", Bodies.bar())
            try first.untilSafe(1)
            #expect(try second.hello("p").accepted == 1)
            try first.publish(2, "market.A.kline", Bodies.bar())
            let error = try first.next()
            #expect(error.type == .error)
            #expect(error.payload["number"] == nil)
            try second.publish(2, "market.A.kline", Bodies.bar())
            try second.untilSafe(2)
            #expect(try await rig.topic("market.A.kline").sequence == 2)
        }
    }

    @Test func nonsenseIsRefusedAndChangesNothing() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            let number = [UInt8](repeating: 0, count: 8)
            let nonsense: [[[UInt8]]] = [
                [[]], [Array("{".utf8)], [Message(.ping).bytes], [Message(.hello).bytes],
                [Message(.hello, payload: ["publisher": "no id"]).bytes], [number, number], [[1], [2], [3]],
                [[1, 2, 3], Array("market.A.kline".utf8), Bodies.bar()],
            ]
            for frames in nonsense {
                try dealer.send(frames: frames)
                let answer = try dealer.next()
                #expect(answer.type == .error)
                #expect(answer.payload["number"] == nil)
            }
            #expect(await rig.broker.counters().refused == UInt64(nonsense.count))
            let long = try Dealer(rig.context, rig.folder.publish, identity: String(repeating: "x", count: 33))
            try long.send(Message(.hello, payload: ["publisher": "p"]))
            try await rig.wait { await rig.broker.counters().refused == UInt64(nonsense.count) + 1 }
            // A third frame too many: the number is used up, nothing goes further.
            _ = try dealer.hello("p")
            try dealer.send([1] + number.dropLast(), Array("market.A.kline".utf8), Bodies.bar(), [0])
            #expect(try dealer.next().payload["number"] == 1)
            try dealer.untilSafe(1)
            try dealer.publish(2, "market.A.kline", Bodies.bar())
            try dealer.untilSafe(2)
            #expect(try await rig.topic("market.A.kline").sequence == 1)
        }
    }

    @Test func aREQSocketMayAsk() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            let dealer = try dealer(rig)
            try dealer.send([], Message(.hello, payload: ["publisher": "p"]).bytes)
            #expect(try dealer.next().type == .welcome)
        }
    }
}
