import MarketRecord
import Testing
import WireProtocol

@testable import MarketData

/// Questions about recorded data, over the broker's own socket.
@Suite struct HistoryServerTests {
    private static let recording = BrokerRig.Limits(record: .topics(["market.A.kline", "market.B.kline"]))

    private func ask(_ message: Message, _ dealer: Dealer) throws -> (
        answer: ReplayAnswer, messages: [(topic: String, event: MarketEvent)]
    ) {
        try dealer.send(message)
        let frames = try dealer.nextFrames()
        let envelope = try frames[0].withUnsafeBytes { try Message(parsing: $0) }
        #expect(envelope.type == .ack, "\(envelope)")
        #expect(envelope.replyTo == message.messageID)
        #expect(envelope.payload["result"] == "done")
        let messages = try stride(from: 1, to: frames.count, by: 2).map { index in
            let topic = String(decoding: frames[index], as: UTF8.self)
            return (topic, try frames[index + 1].withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) })
        }
        let answer = ReplayAnswer(payload: envelope.payload)
        #expect(answer.count == messages.count)
        return (answer, messages)
    }

    private func replay(_ request: ReplayRequest, _ dealer: Dealer) throws -> (
        answer: ReplayAnswer, messages: [(topic: String, event: MarketEvent)]
    ) {
        try ask(Message(.replay, payload: request.payload), dealer)
    }

    /// Publishes bars on A and B in turns; their close is their place.
    private func publish(_ count: Int, _ rig: BrokerRig) async throws {
        let subscriber = try await rig.subscriber("market.")
        let publisher = try rig.publisher()
        for number in 1...count {
            try publisher.send(
                number.isMultiple(of: 2) ? "market.B.kline" : "market.A.kline",
                Bodies.bar(close: Double(number))
            )
        }
        for _ in 1...count { _ = try subscriber.next() }
    }

    @Test(arguments: [BodyFormat.binary, .json])
    func whatWasPublishedBeforeTheQuestionIsInTheAnswer(format: BodyFormat) async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            try await publish(200, rig)
            let dealer = try Dealer(rig.context, rig.folder.history)
            let ranges = [
                ReplayRange(topic: "market.A.kline", from: 1, to: 100),
                ReplayRange(topic: "market.B.kline", from: 1, to: 100),
            ]
            let (answer, messages) = try replay(ReplayRequest(ranges: ranges, format: format), dealer)
            #expect(answer == ReplayAnswer(count: 200))
            for (index, message) in messages.enumerated() {
                guard case .bar(let bar) = message.event.payload else { throw ProtocolError("no bar") }
                #expect(bar.close == Double(index + 1))
                #expect(message.event.sequence == UInt64(index / 2 + 1))
            }
        }
    }

    @Test func anAnswerHasABoundAndSaysThatThereIsMore() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            try await publish(100, rig)
            let dealer = try Dealer(rig.context, rig.folder.history)
            var next: UInt64 = 1
            var got: [UInt64] = []
            var more = true
            while more {
                let range = ReplayRange(topic: "market.A.kline", from: next, to: 50)
                let (answer, messages) = try replay(ReplayRequest(ranges: [range], limit: 20), dealer)
                got += messages.map(\.event.sequence)
                next = (got.last ?? 0) + 1
                more = answer.more
            }
            #expect(got == Array(1...50))
        }
    }

    @Test func whatIsNotThereIsLostForGood() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            try await publish(4, rig)
            let dealer = try Dealer(rig.context, rig.folder.history)
            let ranges = [
                ReplayRange(topic: "market.A.kline", from: 2, to: 5),
                ReplayRange(topic: "market.C.kline", from: 1, to: 2),
            ]
            let (answer, messages) = try replay(ReplayRequest(ranges: ranges), dealer)
            #expect(messages.map(\.event.sequence) == [2])
            #expect(
                Set(answer.lost) == [
                    ReplayLoss(ReplayRange(topic: "market.A.kline", from: 3, to: 5), reason: "not recorded"),
                    ReplayLoss(ReplayRange(topic: "market.C.kline", from: 1, to: 2), reason: "record off"),
                ]
            )
        }
    }

    @Test func withoutARecordEverythingIsLost() async throws {
        try await BrokerRig.run { rig in
            let dealer = try Dealer(rig.context, rig.folder.history)
            let range = ReplayRange(topic: "market.A.kline", from: 1, to: 9)
            let (answer, _) = try replay(ReplayRequest(ranges: [range]), dealer)
            #expect(answer == ReplayAnswer(count: 0, lost: [ReplayLoss(range, reason: "record off")]))
            let (last, _) = try ask(
                Message(.history, payload: HistoryRequest(counts: ["market.A.kline": 5]).payload),
                dealer
            )
            #expect(last == ReplayAnswer(count: 0))
        }
    }

    @Test func theLastOfEachTopic() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            try await publish(100, rig)
            let dealer = try Dealer(rig.context, rig.folder.history)
            let request = HistoryRequest(
                counts: ["market.A.kline": 3, "market.B.kline": 2],
                before: ["market.A.kline": 11]
            )
            let (answer, messages) = try ask(Message(.history, payload: request.payload), dealer)
            #expect(!answer.more)
            #expect(
                messages.map { "\($0.topic) \($0.event.sequence)" } == [
                    "market.A.kline 8", "market.A.kline 9", "market.A.kline 10", "market.B.kline 49",
                    "market.B.kline 50",
                ]
            )
        }
    }

    @Test func nonsenseIsAnsweredAndChangesNothing() async throws {
        try await BrokerRig.run(limits: Self.recording) { rig in
            try await publish(2, rig)
            let dealer = try Dealer(rig.context, rig.folder.history)
            let huge: JSONValue = ["topics": ["market.A.kline": .integer(.max), "market.B.kline": .integer(.max)]]
            let nonsense: [[[UInt8]]] = [
                [[]], [Array("[".utf8)], [[1], [2]], [Message(.ping).bytes], [Message(.replay).bytes],
                [Message(.history).bytes],
                [Message(.replay, payload: ["ranges": [["topic": "x", "from": 2, "to": 1]]]).bytes],
                [Message(.replay, payload: ["ranges": [], "limit": 0]).bytes],
                [Message(.history, payload: ["topics": ["x": -1]]).bytes],
            ]
            for frames in nonsense {
                try dealer.send(frames: frames)
                #expect(try dealer.next().type == .error)
            }
            let (_, messages) = try ask(Message(.history, payload: huge), dealer)
            #expect(messages.count == 2)
            let ranges = (1...1500).map { ReplayRange(topic: "market.Z\($0).kline", from: 1, to: .max >> 1) }
            let (answer, _) = try replay(ReplayRequest(ranges: ranges), dealer)
            #expect(answer.more)
            #expect(answer.lost.count == 1000)
            let counters = await rig.broker.counters().history
            #expect(counters.refused == UInt64(nonsense.count))
            #expect(counters.requests == UInt64(nonsense.count) + 2)
            #expect(counters.messages == 2)
        }
    }

    @Test func turnsAreTakenAndBounded() {
        var queue = HistoryQueue<Int>()
        for number in 1...HistoryQueue<Int>.maxPerPeer {
            let isAdded = queue.add(number, from: [1])
            #expect(isAdded)
        }
        let more = [queue.add(99, from: [1]), queue.add(100, from: [2])]
        #expect(more == [false, true])
        var order: [Int] = []
        while let (_, request) = queue.next() { order.append(request) }
        #expect(order == [1, 100] + Array(2...HistoryQueue<Int>.maxPerPeer))
        #expect(queue.isEmpty)
        for peer in 0..<HistoryQueue<Int>.maxPeers {
            let isAdded = queue.add(0, from: [UInt8(peer & 255), UInt8(peer >> 8)])
            #expect(isAdded)
        }
        let isAdded = queue.add(0, from: [1, 2, 3])
        #expect(!isAdded)
    }
}
