import Testing
import WireProtocol

/// What the broker does with a JSON body: check it, and put its own sequence and time in front of the rest.
@Suite struct MarketEnvelopeTests {
    private static let rest = #""msg_type":"market_data","payload":{"data":{"price":1}}"#

    /// The members that are left of a body when the broker puts its own in front.
    private func copy(_ text: String, kind: DataKind? = .tick) throws -> String {
        var writer = JSONWriter()
        var envelope = MarketEnvelope()
        try Array(text.utf8).withUnsafeBytes { body in
            try withUnsafeMutablePointer(to: &writer) { pointer in
                try envelope.scan(body, kind: kind, copyingInto: pointer)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        #"{\#(rest)}"#,
        #"{"seq":1,\#(rest)}"#,
        #"{\#(rest),"seq":1}"#,
        #"{"seq":1,"ts_ns":2,\#(rest)}"#,
        #"{"ts_ns":2,\#(rest),"seq":1}"#,
        #"{ "seq" : 1 , "seq" : 2 , "ts_ns" : -3 , \#(rest) , "ts_ns" : 4 , "seq":5 }"#,
        #"{"seq":null,"ts_ns":null,\#(rest)}"#,
        #"{"seq":-1,"ts_ns":1e3,\#(rest)}"#,
    ])
    func leavesOutSequenceAndTimeWhereverTheyStand(text: String) throws {
        #expect(try copy(text) == "," + Self.rest)
    }

    @Test func keepsEverythingElseByteForByte() throws {
        let payload = #"{ "seq":9, "data" : {"price":1.50, "x":"\u00e9\/", "ts_ns":[1,{}]} ,"source":"é" }"#
        let text = #"  { "extra" : [ 1 , 2 ] , "seq":1, "msg_type":"market_data" ,"payload":\#(payload)}  "#
        #expect(
            try copy(text) == #","extra" : [ 1 , 2 ],"msg_type":"market_data","payload":\#(payload)"#
        )
    }

    @Test func theStampedBodyIsReadWithTheNewStamp() throws {
        let text = try copy(#"{"seq":5,"ts_ns":6,"timestamp":7,\#(Self.rest)}"#)
        let event = try MarketEvent(json: #"{"seq":4711,"ts_ns":1736933400123999000\#(text)}"#, kind: .tick)
        #expect(event.sequence == 4711 && event.receiveTime == 1_736_933_400_123_999_000)
        #expect(event.eventTime == 7_000_000_000)
    }

    @Test(arguments: [
        #"{"\u0073eq":1,\#(rest)}"#, #"{"s\u0065q":1,\#(rest)}"#, #"{"ts\u005fns":1,\#(rest)}"#,
        #"{"a\/b":1,\#(rest)}"#,
        #"{\#(rest),"se\u0071":1}"#,
    ])
    func refusesEscapedNames(text: String) {
        #expect { try copy(text) } throws: { "\($0)".contains("an escape in a member's name") }
    }

    @Test(arguments: [DataKind.tick, nil])
    func refusesWhatIsNotJSONInEveryCorner(kind: DataKind?) {
        for text in [
            #"{\#(Self.rest),"x":NaN}"#, #"{\#(Self.rest),"x":1e999}"#, #"{\#(Self.rest),"x":01}"#,
            #"{\#(Self.rest),"x":"\q"}"#,
            #"{\#(Self.rest),}"#, #"{\#(Self.rest)}}"#, #"{\#(Self.rest)} x"#, #"{"seq":NaN,\#(Self.rest)}"#,
            #"{"seq":1.5,\#(Self.rest)}"#,
            #"{"msg_type":"market_data","payload":{"data":{"price":1,"x":Infinity}}}"#,
            #"{"msg_type":"market_data","payload":{"data":{"price":1,"x":-Infinity}}}"#,
            #"{"msg_type":"market_data","payload":{"data":{"price":1},"source":"\ud800"}}"#,
            #"{"msg_type":"market_data","payload":{"data":[1]}}"#,
            #"{"msg_type":"market_data","payload":{"data":null}}"#,
        ] {
            #expect(throws: ProtocolError.self, "\(text)") { try copy(text, kind: kind) }
        }
    }

    @Test(arguments: ["msg_type", "symbol", "data_type", "source", "other"])
    func refusesBytesThatAreNotUTF8(name: String) {
        let inPayload = name != "msg_type" && name != "other"
        let bad = Array("\"\(name)\":\"".utf8) + [0xFF] + Array("\",".utf8)
        let body =
            Array("{".utf8) + (inPayload ? [] : bad) + Array(#""msg_type":"market_data","payload":{"#.utf8)
            + (inPayload ? bad : []) + Array(#""data":{"price":1}}}"#.utf8)
        #expect(throws: ProtocolError.self) { try MarketEvent(bytes: body, kind: .tick) }
    }

    @Test func dataWithoutAFixedMeaningIsOnlyChecked() throws {
        let text = #"{"msg_type":"market_data","payload":{"data":{"rate":0.0001,"deep":[[{}]]}}}"#
        #expect(try copy(text, kind: nil) == "," + text.dropFirst().dropLast())
    }

    @Test(
        arguments: [
            (#""symbol":"BTC/USDT","data_type":"tick","#, "market.BTC/USDT.tick"),
            (#""data_type":"kline_1m","symbol":"BTC\/USDT","#, "market.BTC/USDT.kline_1m"),
            (#""symbol":"\u5e01\u5b89","data_type":"tick","#, "market.币安.tick"),
            (#""symbol":"X","#, nil), (#""data_type":"tick","#, nil), ("", nil),
            (#""symbol":"","data_type":"tick","#, nil), (#""symbol":"a b","data_type":"tick","#, nil),
            (#""symbol":"X","data_type":"a-b","#, nil), (#""symbol":"a\nb","data_type":"tick","#, nil),
        ] as [(String, String?)]
    )
    func namesItsTopic(members: String, topic: String?) throws {
        let text = #"{"msg_type":"market_data","payload":{\#(members)"data":{"price":1}}}"#
        var envelope = MarketEnvelope()
        try Array(text.utf8).withUnsafeBytes { body in
            try envelope.scan(body, kind: nil)
            #expect((try? envelope.topic(in: body))?.description == topic)
        }
    }

    @Test(arguments: [
        (#""symbol":"BTC/USDT","data_type":"tick","#, true), (#""symbol":"BTC\/USDT","#, true),
        (#""data_type":"tick","#, true),
        ("", true), (#""symbol":"BTC/USD","#, false), (#""data_type":"tick_1","#, false),
        (#""symbol":"BTC\/USD","#, false),
        (#""symbol":"BTC/USDT","data_type":"","#, false),
    ])
    func mustNotContradictItsTopicFrame(members: String, agrees: Bool) throws {
        let topic = try Topic(symbol: "BTC/USDT", dataType: "tick")
        let text = #"{"msg_type":"market_data","payload":{\#(members)"data":{"price":1}}}"#
        var envelope = MarketEnvelope()
        try Array(text.utf8).withUnsafeBytes { body in
            try envelope.scan(body, kind: .tick)
            #expect(((try? envelope.checkTopic(topic, in: body)) != nil) == agrees)
        }
    }
}
