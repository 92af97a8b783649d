import MarketData
import Testing
import WireProtocol

/// What does not pass: each is counted and reported with its reason, and the next good message passes.
@Suite struct BrokerRefusalTests {
    /// A bad message on a topic frame that is good.
    struct Bad: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var topic = "market.A.kline"
        let body: [UInt8]
        let reason: String

        init(_ name: String, topic: String = "market.A.kline", _ body: [UInt8], _ reason: String) {
            testDescription = name
            self.topic = topic
            self.body = body
            self.reason = reason
        }

        init(_ name: String, topic: String = "market.A.kline", _ body: String, _ reason: String) {
            self.init(name, topic: topic, Array(body.utf8), reason)
        }
    }

    static func changed(_ body: [UInt8], _ offset: Int, _ value: UInt8) -> [UInt8] {
        var body = body
        body[offset] = value
        return body
    }

    static let bad = [
        Bad("too large", [UInt8](repeating: 0x20, count: 2001), "a body of 2001 bytes; at most 2000 are taken"),
        Bad("empty", "", "market data that is not valid JSON"),
        Bad("garbage", [0, 1, 2, 0xFF], "market data that is not valid JSON"),
        Bad("another symbol", Bodies.named("B", "kline"), "'payload' names another topic than the frame before it"),
        Bad("another data type", Bodies.named("A", "bar"), "'payload' names another topic than the frame before it"),
        Bad("NaN in JSON", Bodies.json(#"{"open":NaN,"high":1,"low":1,"close":1,"volume":1}"#), "not valid JSON"),
        Bad(
            "infinity in JSON",
            Bodies.json(#"{"open":1e999,"high":1,"low":1,"close":1,"volume":1}"#),
            "not valid JSON"
        ),
        Bad("a field missing", Bodies.json(#"{"open":1,"high":1,"low":1,"close":1}"#), "volume"),
        Bad("no data", #"{"msg_type":"market_data","payload":{}}"#, "market data without 'payload.data'"),
        Bad("no market data", #"{"msg_type":"heartbeat","payload":{"data":\#(Bodies.barData)}}"#, "msg_type"),
        Bad("text behind the end", Bodies.json(Bodies.barData) + "x", "not valid JSON"),
        Bad("NaN in binary", Bodies.bar(close: .nan), "a number that is not finite at byte 56"),
        Bad("infinity in binary", Bodies.bar(close: -.infinity), "a number that is not finite at byte 56"),
        Bad("wrong kind", Bodies.trade(), "a binary body whose kind is not its topic's"),
        Bad("unknown kind", changed(Bodies.bar(), 2, 9), "a binary body whose kind is not its topic's"),
        Bad("unknown version", changed(Bodies.bar(), 1, 2), "a binary body of an unknown version"),
        Bad("wrong length field", changed(Bodies.bar(), 4, 1), "a binary body whose length field is wrong"),
        Bad("cut off", Array(Bodies.bar().dropLast()), "a binary body whose length field is wrong"),
        Bad("header alone", Array(Bodies.bar().prefix(31)), "a binary body of 31 bytes"),
        Bad(
            "binary without a layout",
            topic: "market.A.funding",
            Bodies.bar(),
            "a binary body for a data type without a binary layout"
        ),
    ]

    @Test(arguments: bad)
    func aBadBodyIsRefusedWithItsReason(_ bad: Bad) async throws {
        try await BrokerRig.run(limits: .init(maxMessageBytes: 2000)) { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            try publisher.send(bad.topic, bad.body)
            try publisher.send(bad.topic, Bodies.json(Bodies.barData))
            let (topic, body) = try subscriber.next()
            #expect(topic == bad.topic)
            #expect(String(decoding: body, as: UTF8.self).hasPrefix(#"{"seq":1,"#))
            let refusal = try #require(rig.refusals.elements.first)
            #expect(refusal.reason.contains(bad.reason), "\(refusal.reason)")
            #expect(refusal.topic == bad.topic)
            #expect(refusal.bytes == bad.topic.utf8.count + bad.body.count)
            #expect(refusal.unreported == 0)
            #expect(rig.refusals.elements.count == 1)
            #expect(rig.lines.elements == ["warning: market data refused: \(refusal.reason)"])
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.refused, counters.published] == [2, 1, 1])
            let counted = try await rig.topic(bad.topic)
            // A topic counts from its first good message on.
            #expect([counted.sequence, counted.received, counted.refused, counted.published] == [1, 1, 0, 1])
        }
    }

    @Test(arguments: ["", "market.", "market.A B.kline", "signal.A.kline", "market.A.kl-ine", "market..kline"])
    func aBadTopicIsRefusedAndTakesNoPlace(_ topic: String) async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            try publisher.send(topic, Bodies.bar())
            try publisher.send("market.A.kline", Bodies.bar())
            #expect(try subscriber.nextEvent().topic == "market.A.kline")
            let refusal = try #require(rig.refusals.elements.first)
            #expect(refusal.reason == "not a topic: 'market.SYMBOL.DATA_TYPE' is needed")
            #expect(refusal.topic == nil)
            let counters = await rig.broker.counters()
            #expect(counters.topics.map(\.topic) == ["market.A.kline"])
            #expect([counters.received, counters.refused] == [2, 1])
        }
    }

    @Test func moreThanTwoFramesAreOneBadMessage() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            try publisher.send(Array("market.A.kline".utf8), Bodies.bar(), Bodies.bar())
            try publisher.send(Array("market.A.kline".utf8), Bodies.bar(), Array("market.A.kline".utf8), Bodies.bar())
            try publisher.send("market.A.kline", Bodies.bar())
            #expect(try subscriber.nextEvent().event.sequence == 1)
            #expect(rig.refusals.elements.map(\.reason) == ["more than two frames", "more than two frames"])
            #expect(rig.refusals.elements.map(\.topic) == ["market.A.kline", "market.A.kline"])
            #expect(await rig.broker.counters().refused == 2)
        }
    }

    @Test(
        arguments: [
            (Bodies.json(Bodies.barData), nil, "'payload' needs 'symbol' and 'data_type'"),
            (Bodies.named("not one", "kline"), nil, "\"not one\" is not a symbol"),
            ("QQQ", nil, "one frame that is not a JSON envelope"),
            ("", nil, "one frame that is not a JSON envelope"),
            ("{", nil, "not valid JSON"),
            (Bodies.named("A", "kline", #"{"open":1}"#), "market.A.kline", "high"),
            (#"{"x":"\#(String(repeating: "x", count: 3000))"}"#, nil, "at most 2000 are taken"),
        ] as [(String, String?, String)]
    )
    func aBadEnvelopeAloneIsRefused(_ body: String, _ topic: String?, _ reason: String) async throws {
        try await BrokerRig.run(limits: .init(maxMessageBytes: 2000)) { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            try publisher.send(Array(body.utf8))
            try publisher.send(Array(Bodies.named("A", "kline").utf8))
            #expect(try subscriber.nextEvent().event.sequence == 1)
            let refusal = try #require(rig.refusals.elements.first)
            #expect(refusal.reason.contains(reason), "\(refusal.reason)")
            #expect(refusal.topic == topic)
            #expect(refusal.bytes == body.utf8.count)
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.refused, counters.published] == [2, 1, 1])
            #expect(counters.topics.map(\.refused) == [0])
        }
    }

    @Test func moreTopicsThanAllowedAreRefusedAndTheOthersGoOn() async throws {
        try await BrokerRig.run(limits: .init(maxTopics: 2)) { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            for symbol in ["A", "B", "C", "A"] { try publisher.send("market.\(symbol).kline", Bodies.bar()) }
            try publisher.send(Array(Bodies.named("D", "kline").utf8))
            try publisher.send("market.B.kline", Bodies.bar())
            let got = try (1...4).map { _ in
                let (topic, event) = try subscriber.nextEvent()
                return "\(topic) \(event.sequence)"
            }
            #expect(got == ["market.A.kline 1", "market.B.kline 1", "market.A.kline 2", "market.B.kline 2"])
            let reason = "more than 2 topics; 'broker.max_topics' allows no more"
            #expect(rig.refusals.elements.map(\.reason) == [reason, reason])
        }
    }

    @Test func whatIsRefusedTakesNoPlaceAmongTheTopics() async throws {
        try await BrokerRig.run(limits: .init(maxTopics: 1)) { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            for number in 0..<5 { try publisher.send("market.X\(number).kline", Bodies.bar(close: .nan)) }
            try publisher.send("market.Y.kline", "{")
            try publisher.send(Array(Bodies.named("Z", "kline", "{}").utf8))
            try publisher.send("market.A.kline", Bodies.bar())
            #expect(try subscriber.nextEvent().topic == "market.A.kline")
            let counters = await rig.broker.counters()
            #expect(counters.topics.map(\.topic) == ["market.A.kline"])
            #expect([counters.received, counters.refused, counters.published] == [8, 7, 1])
            let topics = ["X0", "X1", "X2", "X3", "X4", "Y", "Z"].map { "market.\($0).kline" }
            #expect(rig.refusals.elements.map(\.topic) == topics)
        }
    }

    @Test func refusalsAreCountedPerTopicAndReportedAtTheSampledRate() async throws {
        try await BrokerRig.run(limits: .init(refusedSample: 3)) { rig in
            let subscriber = try await rig.subscriber("")
            let publisher = try rig.publisher()
            for symbol in ["A", "B"] { try publisher.send("market.\(symbol).kline", Bodies.bar()) }
            for _ in 0..<200 { try publisher.send("market.A.kline", "{") }
            for _ in 0..<100 { try publisher.send("market.B.kline", "{") }
            try publisher.send("market.A.kline", Bodies.bar())
            #expect(try (0..<3).map { _ in try subscriber.nextEvent().event.sequence } == [1, 1, 2])
            #expect(try await rig.topic("market.A.kline").refused == 200)
            #expect(try await rig.topic("market.B.kline").refused == 100)
            let counters = await rig.broker.counters()
            #expect(counters.refused == 300)
            #expect(counters.refused == counters.topics.reduce(0) { $0 + $1.refused })
            // Three in each second that this has taken; those in between are counted in the report that follows them.
            let reports = rig.refusals.elements
            #expect(reports.count >= 3 && reports.count < 300)
            #expect(reports.prefix(3).map(\.unreported) == [0, 0, 0])
            #expect(UInt64(reports.count) + reports.reduce(0) { $0 + $1.unreported } <= 300)
        }
    }

    @Test func whatASubscriberSaysOtherwiseIsRefused() async throws {
        try await BrokerRig.run { rig in
            let peer = try RawSubscriber(rig.context, rig.folder.data)
            try peer.send([7, 8, 9])
            try peer.send([1] + Array("sync.me".utf8))
            await rig.broker.sync("me", replyTo: "1", topics: [])
            #expect(try peer.next().first == Array("sync.me".utf8))
            #expect(rig.refusals.elements.map(\.reason) == ["a message on the data socket"])
            #expect(await rig.broker.counters().refused == 1)
        }
    }
}
