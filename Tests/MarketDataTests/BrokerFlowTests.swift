import MarketData
import Testing
import WireProtocol
import ZeroMQ

/// What passes, from a publisher's socket to a subscriber's.
@Suite struct BrokerFlowTests {
    @Test func binaryPassesNumberedPerTopicAndOtherwiseUntouched() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            let before = WallClock.nanoseconds()
            let sent = (1...500).map { Bodies.bar(close: Double($0), at: Int64($0) * 1000) }
            for (index, body) in sent.enumerated() {
                try publisher.send(index.isMultiple(of: 2) ? "market.A.kline" : "market.B.kline_1m", body)
            }
            var last: Int64 = before
            for (index, body) in sent.enumerated() {
                let (topic, got) = try subscriber.next()
                #expect(topic == (index.isMultiple(of: 2) ? "market.A.kline" : "market.B.kline_1m"))
                let event = try got.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }
                #expect(event.sequence == UInt64(index / 2 + 1))
                #expect(event.receiveTime >= last)
                last = event.receiveTime
                #expect(Array(got[..<8]) == Array(body[..<8]))
                #expect(Array(got[16..<24]) == Array(body[16..<24]))
                #expect(Array(got[32...]) == Array(body[32...]))
            }
            #expect(last <= WallClock.nanoseconds())
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.refused, counters.published] == [500, 0, 500])
            let topic = try await rig.topic("market.B.kline_1m")
            #expect([topic.sequence, topic.received, topic.published, topic.refused] == [250, 250, 250, 0])
            #expect(topic.lastEventTime == 500_000)
            #expect(topic.lastReceiveTime == last)
        }
    }

    @Test func whatAPublisherPutsWhereTheBrokerWritesIsReplaced() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            var body = Bodies.bar()
            for offset in Array(8..<16) + Array(24..<32) { body[offset] = 0xFF }
            try publisher.send("market.A.kline", body)
            let stale =
                #"{"seq":99,"ts_ns":98,"msg_type":"market_data","seq":97,"payload":{"data":\#(Bodies.barData)}}"#
            try publisher.send("market.A.kline", stale)
            let first = try subscriber.nextEvent().event
            #expect(first.sequence == 1)
            #expect(first.receiveTime > 1_600_000_000_000_000_000)
            let got = try subscriber.next().body
            let second = try got.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }
            #expect(second.receiveTime >= first.receiveTime)
            let text = String(decoding: got, as: UTF8.self)
            #expect(
                text
                    == #"{"seq":2,"ts_ns":\#(second.receiveTime),"msg_type":"market_data","payload":{"data":\#(Bodies.barData)}}"#
            )
        }
    }

    @Test func jsonPassesWithItsMembersInTheirOrder() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            let body =
                #"{"msg_type":"market_data","x":[1, {"y":"\u00e9"}],"payload":{"source":"s","data":\#(Bodies.barData)},"#
                + #""timestamp":1.25}"#
            try publisher.send("market.BTC/USDT.kline", body)
            let (topic, got) = try subscriber.next()
            #expect(topic == "market.BTC/USDT.kline")
            let text = String(decoding: got, as: UTF8.self)
            let event = try got.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }
            #expect(text == #"{"seq":1,"ts_ns":\#(event.receiveTime),"# + body.dropFirst())
            #expect(event.eventTime == 1_250_000_000)
            #expect(try await rig.topic(topic).lastEventTime == 1_250_000_000)
        }
    }

    @Test func jsonAndBinaryShareTheirTopicsSequence() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.A.kline")
            let publisher = try rig.publisher()
            for number in 1...40 {
                switch number % 3 {
                case 0: try publisher.send("market.A.kline", Bodies.bar(close: Double(number)))
                case 1:
                    try publisher.send(
                        "market.A.kline",
                        Bodies.json(#"{"open":1,"high":1,"low":1,"close":\#(number),"volume":0}"#)
                    )
                default:
                    try publisher.send(
                        Array(
                            Bodies.named("A", "kline", #"{"open":1,"high":1,"low":1,"close":\#(number),"volume":0}"#)
                                .utf8
                        )
                    )
                }
            }
            for number in 1...40 {
                let (topic, event) = try subscriber.nextEvent()
                #expect(topic == "market.A.kline")
                #expect(event.sequence == UInt64(number))
                guard case .bar(let bar) = event.payload else { throw ProtocolError("no bar") }
                #expect(bar.close == Double(number))
            }
        }
    }

    @Test func anEnvelopeAloneFindsItsTopicInItsPayload() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            try publisher.send(Array(Bodies.named(#"BTC\u002fUSDT"#, "kline").utf8))
            try publisher.send(Array(Message.marketData(symbol: "ETH", dataType: "funding", data: ["rate": 0.1]).bytes))
            #expect(try subscriber.nextEvent().topic == "market.BTC/USDT.kline")
            let (topic, body) = try subscriber.next()
            #expect(topic == "market.ETH.funding")
            let message = try body.withUnsafeBytes { try Message(parsing: $0) }
            #expect(message.sequence == 1)
            #expect(message.timestampNanoseconds != nil)
            #expect(message.payload["data"] == ["rate": 0.1])
            #expect(await rig.broker.counters().received == 2)
        }
    }

    @Test func everyKindPassesInBothForms() async throws {
        let payloads: [(String, MarketPayload)] = [
            ("kline", .bar(BarData(open: 1, high: 2, low: 0.5, close: 1.5, volume: 3))),
            ("tick", .tick(TickData(price: 1, bid: 0.5))), ("trade", .trade(TradeData(price: 1, size: 2, side: .sell))),
            ("quote", .quote(QuoteData(bid: 1, ask: 2))),
            ("depth", .depth(DepthData(bids: [DepthLevel(price: 1, size: 2)], asks: [], isSnapshot: true))),
        ]
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            for (dataType, payload) in payloads {
                let topic = try Topic(symbol: "A", dataType: dataType)
                try publisher.send("\(topic)", Bodies.binary(payload, at: 7000))
                try publisher.send(
                    "\(topic)",
                    JSONCodec.encode(MarketEvent(eventTime: 7000, payload: payload), topic: topic)
                )
                for sequence in 1...2 as ClosedRange<UInt64> {
                    let (name, event) = try subscriber.nextEvent()
                    #expect(name == "\(topic)")
                    #expect(event.sequence == sequence)
                    #expect(event.eventTime == 7000)
                    #expect(event.payload == payload)
                }
            }
        }
    }

    @Test func sequencesGoOnAfterAStopAndInTheNextBroker() async throws {
        let folder = try TemporaryFolder()
        try await BrokerRig.run(in: folder) { rig in
            for round in 0..<2 as Range<UInt64> {
                let subscriber = try await rig.subscriber("market.")
                let publisher = try rig.publisher()
                for _ in 0..<3 { try publisher.send("market.A.kline", Bodies.bar()) }
                for number in 1...3 as ClosedRange<UInt64> {
                    #expect(try subscriber.nextEvent().event.sequence == round * 3 + number)
                }
                await rig.broker.stop()
                try await rig.broker.start()
            }
        }
        try await BrokerRig.run(in: folder) { rig in
            let subscriber = try await rig.subscriber("market.")
            #expect(try await rig.topic("market.A.kline").sequence == 6)
            #expect(try await rig.topic("market.A.kline").received == 0)
            try rig.publisher().send("market.A.kline", Bodies.bar())
            #expect(try subscriber.nextEvent().event.sequence == 7)
        }
    }

    @Test func anAddressInUseSaysSo() async throws {
        try await BrokerRig.run { rig in
            let taken = try Socket(rig.context, .pull)
            try taken.bind("tcp://127.0.0.1:*")
            let address = try taken.lastEndpoint()
            let error = await #expect(throws: ZeroMQError.self) {
                try await BrokerRig.run(feedAddress: address) { _ in }
            }
            #expect(error?.code == .addressInUse)
        }
    }

    // MARK: For embedders

    @Test func anEmbedderPublishesAsAPublisherDoes() async throws {
        try await BrokerRig.run { rig in
            let subscriber = try await rig.subscriber("market.")
            let data: JSONValue = ["open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10]
            #expect(try await rig.broker.publish(symbol: "A", dataType: "kline", data: data) == 1)
            #expect(try await rig.broker.publish(symbol: "A", dataType: "kline", data: data) == 2)
            await #expect(throws: ProtocolError.self) {
                try await rig.broker.publish(symbol: "A", dataType: "kline", data: ["open": 1])
            }
            await #expect(throws: ProtocolError.self) {
                try await rig.broker.publish(symbol: "not one", dataType: "kline", data: data)
            }
            #expect(try await rig.broker.publish(symbol: "A", dataType: "kline", data: data) == 3)
            for sequence in 1...3 as ClosedRange<UInt64> {
                #expect(try subscriber.nextEvent().event.sequence == sequence)
            }
            let counters = await rig.broker.counters()
            #expect([counters.received, counters.refused, counters.published] == [5, 2, 3])
            let topic = try await rig.topic("market.A.kline")
            #expect([topic.received, topic.refused, topic.published] == [4, 1, 3])
            await rig.broker.stop()
            await #expect(throws: ProtocolError.self) {
                try await rig.broker.publish(symbol: "A", dataType: "kline", data: data)
            }
        }
    }

    @Test func anEmbedderHearsItsTopicsUntilTheBrokerStops() async throws {
        try await BrokerRig.run { rig in
            let stream = try await rig.broker.subscribe(symbols: ["A", "B"], dataTypes: ["kline", "tick"])
            await #expect(throws: ProtocolError.self) {
                try await rig.broker.subscribe(symbols: ["no symbol"], dataTypes: ["kline"])
            }
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            try publisher.send("market.A.kline", Bodies.bar(close: 7))
            try publisher.send("market.C.kline", Bodies.bar())
            try publisher.send("market.B.tick", Bodies.json(#"{"price":8}"#))
            for _ in 0..<3 { _ = try subscriber.next() }
            await rig.broker.stop()
            var heard: [String] = []
            for await (topic, event) in stream { heard.append("\(topic) \(event.sequence) \(event.payload.kind)") }
            #expect(heard == ["market.A.kline 1 bar", "market.B.tick 1 tick"])
        }
    }
}
