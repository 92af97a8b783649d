import Testing
import WireProtocol

@Suite struct JSONCodecTests {
    private static let time: Int64 = 1_736_933_400_123_456_000

    /// A body around `data`; the payload's time is ``time``.
    private static func body(_ data: String) -> String {
        #"{"msg_type":"market_data","payload":{"symbol":"X","data_type":"any","timestamp":1736933400.123456,"data":\#(data)}}"#
    }

    private static let bar =
        #"{"open":1.5,"high":4,"low":-1e-2,"close":2.25,"volume":0,"turnover":7,"trades":8,"open_time":60.5,"interval":"1m","closed":false}"#

    @Test(
        arguments: [
            (
                bar,
                .bar(
                    BarData(
                        open: 1.5,
                        high: 4,
                        low: -0.01,
                        close: 2.25,
                        volume: 0,
                        turnover: 7,
                        trades: 8,
                        openTime: 60_500_000_000,
                        interval: "1m",
                        closed: false
                    )
                )
            ),
            (
                #"{"volume":5,"close":4,"low":3,"high":2,"open":1}"#,
                .bar(BarData(open: 1, high: 2, low: 3, close: 4, volume: 5))
            ),
            (
                #"{"open":1,"high":2,"low":3,"close":4,"volume":5,"turnover":null,"open_time":null,"interval":null,"closed":null}"#,
                .bar(BarData(open: 1, high: 2, low: 3, close: 4, volume: 5))
            ),
            (#"{"price":10}"#, .tick(TickData(price: 10))),
            (
                #"{"price":10,"size":1,"bid":9,"ask":11,"bid_size":2,"ask_size":3}"#,
                .tick(TickData(price: 10, size: 1, bid: 9, ask: 11, bidSize: 2, askSize: 3))
            ),
            (#"{"price":10,"bid":9,"ask":null}"#, .tick(TickData(price: 10, bid: 9))),
            (#"{"price":10,"size":1}"#, .trade(TradeData(price: 10, size: 1))),
            (
                #"{"price":10,"size":1,"side":"buy","trade_id":"T-1"}"#,
                .trade(TradeData(price: 10, size: 1, side: .buy, tradeID: "T-1"))
            ),
            (#"{"price":10,"size":1,"side":"sell"}"#, .trade(TradeData(price: 10, size: 1, side: .sell))),
            (#"{"bid":9,"ask":11}"#, .quote(QuoteData(bid: 9, ask: 11))),
            (
                #"{"bid":9,"ask":11,"bid_size":1,"ask_size":2}"#,
                .quote(QuoteData(bid: 9, ask: 11, bidSize: 1, askSize: 2))
            ),
            (#"{"bids":[],"asks":[]}"#, .depth(DepthData(bids: [], asks: []))),
            (
                #"{"bids":[[9,1],[8,2]],"asks":[ [ 11 , 0 ] ],"snapshot":false}"#,
                .depth(
                    DepthData(
                        bids: [DepthLevel(price: 9, size: 1), DepthLevel(price: 8, size: 2)],
                        asks: [DepthLevel(price: 11, size: 0)],
                        isSnapshot: false
                    )
                )
            ),
            (#"{"price":1,"price":2,"open":9,"x":{"price":[3]},"é":"\u00e9"}"#, .tick(TickData(price: 2))),
        ] as [(String, MarketPayload)]
    )
    func readsEachKind(data: String, payload: MarketPayload) throws {
        let event = try MarketEvent(json: Self.body(data), kind: payload.kind)
        #expect(event == MarketEvent(eventTime: Self.time, payload: payload))
    }

    @Test(
        arguments: [
            (#"{"open":1,"high":1,"low":1,"close":1}"#, .bar),
            (#"{"open":null,"high":1,"low":1,"close":1,"volume":1}"#, .bar),
            (#"{"open":"1","high":1,"low":1,"close":1,"volume":1}"#, .bar),
            (#"{"open":1,"high":1,"low":1,"close":1,"volume":1,"closed":1}"#, .bar),
            (#"{"open":1,"high":1,"low":1,"close":1,"volume":1,"interval":"123456789"}"#, .bar),
            (#"{"open":1,"high":1,"low":1,"close":1,"volume":1,"interval":"é"}"#, .bar),
            (#"{"open":1,"high":1,"low":1,"close":1,"volume":1,"interval":"1\u006d"}"#, .bar),
            (#"{"open":1,"high":1,"low":1,"close":1,"volume":1,"open_time":1736933340000}"#, .bar),
            (#"{}"#, .tick), (#"{"price":null}"#, .tick), (#"{"price":1,"price":null}"#, .tick),
            (#"{"Price":1}"#, .tick), (#"{"pri\u0063e":1}"#, .tick), (#"{"price":true}"#, .tick),
            (#"{"price":[1]}"#, .tick),
            (#"{"price":NaN}"#, .tick), (#"{"price":Infinity}"#, .tick), (#"{"price":-Infinity}"#, .tick),
            (#"{"price":1e999}"#, .tick), (#"{"price":1,"other":1e999}"#, .tick), (#"{"price":1,"other":NaN}"#, .tick),
            (#"{"price":1,"timestamp":1736933400123}"#, .tick), (#"{"price":1,"timestamp":1e300}"#, .tick),
            (#"{"price":1}"#, .trade), (#"{"price":1,"size":1,"side":"Buy"}"#, .trade),
            (#"{"price":1,"size":1,"side":1}"#, .trade),
            (#"{"price":1,"size":1,"trade_id":7}"#, .trade),
            (#"{"price":1,"size":1,"trade_id":"1234567890123456789012345"}"#, .trade),
            (#"{"bid":1}"#, .quote),
            (#"{"bids":[]}"#, .depth), (#"{"asks":[]}"#, .depth), (#"{"bids":[],"asks":null}"#, .depth),
            (#"{"bids":{},"asks":[]}"#, .depth), (#"{"bids":[1],"asks":[]}"#, .depth),
            (#"{"bids":[[]],"asks":[]}"#, .depth),
            (#"{"bids":[[1]],"asks":[]}"#, .depth), (#"{"bids":[[1,2,3]],"asks":[]}"#, .depth),
            (#"{"bids":[["1","2"]],"asks":[]}"#, .depth), (#"{"bids":[],"asks":[],"snapshot":"yes"}"#, .depth),
            ("[]", .tick), ("null", .tick), ("1", .tick), (#""price""#, .tick),
        ] as [(String, DataKind)]
    )
    func refusesData(data: String, kind: DataKind) {
        #expect(throws: ProtocolError.self) { try MarketEvent(json: Self.body(data), kind: kind) }
    }

    @Test func aRefusalNamesWhatIsNeeded() {
        #expect { try MarketEvent(json: Self.body("{}"), kind: .bar) } throws: {
            "\($0)".contains("open high low close volume")
        }
    }

    @Test func depthHasAThousandLevelsASideAndNoMore() throws {
        func levels(_ count: Int) -> String {
            "[" + Array(repeating: "[1,2]", count: count).joined(separator: ",") + "]"
        }
        let full = #"{"bids":\#(levels(1000)),"asks":\#(levels(1000))}"#
        #expect(try MarketEvent(json: Self.body(full), kind: .depth).payload.numbers.count == 4000)
        let tooMany = #"{"bids":[],"asks":\#(levels(1001))}"#
        #expect(throws: ProtocolError.self) { try MarketEvent(json: Self.body(tooMany), kind: .depth) }
    }

    @Test(
        arguments: [
            (#""timestamp":1,"#, #""timestamp":2,"#, #","timestamp":3"#, 3_000_000_000),
            (#""timestamp":1,"#, #""timestamp":2,"#, "", 2_000_000_000),
            (#""timestamp":1,"#, "", "", 1_000_000_000),
            (#""timestamp":1,"#, "", #","timestamp":0.000001"#, 1000),
            (#""timestamp":1,"#, #""timestamp":"2025-01-15T09:30:00Z","#, #","timestamp":null"#, 1_000_000_000),
            ("", "", #","timestamp":-1.5"#, -1_500_000_000),
            ("", "", #","timestamp":1736933400.1234567"#, 1_736_933_400_123_457_000),
            ("", "", "", 0),
        ] as [(String, String, String, Int64)]
    )
    func theInnermostTimeIsTheEventTime(envelope: String, payload: String, data: String, time: Int64) throws {
        let text = #"{"msg_type":"market_data",\#(envelope)"payload":{\#(payload)"data":{"price":1\#(data)}}}"#
        #expect(try MarketEvent(json: text, kind: .tick).eventTime == time)
        // The order of the members makes no difference.
        let turned = #"{"payload":{"data":{"price":1\#(data)},\#(payload)"x":0},\#(envelope)"msg_type":"market_data"}"#
        #expect(try MarketEvent(json: turned, kind: .tick).eventTime == time)
    }

    @Test(arguments: ["market_data", "bar_data", "tick_data", "trade_data", "order_book"])
    func takesTheTypesOfMarketData(type: String) throws {
        let text = #"{"msg_type":"\#(type)","seq":7,"ts_ns":9,"payload":{"data":{"price":1}}}"#
        let event = try MarketEvent(json: text, kind: .tick)
        #expect(event == MarketEvent(sequence: 7, eventTime: 0, receiveTime: 9, payload: .tick(TickData(price: 1))))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", #"{"msg_type":"market_data"}"#, #"{"msg_type":"market_data","payload":{}}"#,
        #"{"payload":{"data":{"price":1}}}"#, #"{"msg_type":"heartbeat","payload":{"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","msg_type":"ping","payload":{"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","payload":[{"data":{"price":1}}]}"#,
        #"{"msg_type":"market_data","payload":{"data":{"price":1}}} {}"#,
        #"{"msg_type":"market_data","payload":{"data":{"price":1}},"payload":{}}"#,
        #"{"msg_type":"market_data","payload":{"data":{"price":1}}"#,
        #"{"msg_type":"market_data","payload":{"symbol":1,"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","payload":{"data_type":1,"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","seq":"1","payload":{"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","ts_ns":1.5,"payload":{"data":{"price":1}}}"#,
        #"{"msg_type":"market_data","timestamp":1e40,"payload":{"data":{"price":1}}}"#,
        #"{"ms\u0067_type":"market_data","payload":{"data":{"price":1}}}"#,
        #"{"msg_type":"market_d\u0061ta","payload":{"data":{"price":1}}}"#,
    ])
    func refusesAnotherShape(text: String) {
        #expect(throws: ProtocolError.self) { try MarketEvent(json: text, kind: .tick) }
    }

    @Test(
        arguments: [
            (
                "bar",
                #""msg_type":"market_data","seq":4711,"ts_ns":1736933400123999000,"payload":{"symbol":"BTC/USDT","data_type":"bar","source":"demo","timestamp":1736933400.123456,"data":{"close":94388.75,"closed":true,"high":94400.125,"interval":"1m","low":94300.25,"open":94321.5,"open_time":1736933340.0,"trades":345,"turnover":1165432.125,"volume":12.5}"#,
                .bar
            ),
            (
                "tick",
                #""msg_type":"market_data","payload":{"symbol":"BTC/USDT","data_type":"tick","source":"demo","timestamp":1736933400.123456,"data":{"price":-37.63}"#,
                .bareTick
            ),
            (
                "trade",
                #""msg_type":"market_data","seq":4711,"ts_ns":1736933400123999000,"payload":{"symbol":"BTC/USDT","data_type":"trade","source":"demo","timestamp":1736933400.123456,"data":{"price":94388.75,"side":"sell","size":0.015625,"trade_id":"T-1234567890"}"#,
                .trade
            ),
            (
                "quote",
                #""msg_type":"market_data","seq":4711,"ts_ns":1736933400123999000,"payload":{"symbol":"BTC/USDT","data_type":"quote","source":"demo","timestamp":1736933400.123456,"data":{"ask":94389.0,"ask_size":2.0,"bid":94388.5,"bid_size":1.25}"#,
                .quote
            ),
            (
                "depth",
                #""msg_type":"market_data","seq":4711,"ts_ns":1736933400123999000,"payload":{"symbol":"BTC/USDT","data_type":"depth","source":"demo","timestamp":1736933400.123456,"data":{"asks":[[94389.0,2.0]],"bids":[[94388.5,1.25],[94388.0,3.5]],"snapshot":true}"#,
                .depth
            ),
        ] as [(String, String, RecordedBody)]
    )
    func writesTheRecordedText(dataType: String, text: String, recorded: RecordedBody) throws {
        let topic = try Topic(symbol: "BTC/USDT", dataType: dataType)
        let body = JSONCodec.encode(recorded.event, topic: topic, source: "demo")
        #expect(String(decoding: body, as: UTF8.self) == "{\(text)}}")
        // JSON carries the event time to the microsecond.
        var expected = recorded.event
        expected.eventTime = Self.time
        #expect(try MarketEvent(bytes: body, kind: topic.kind ?? .tick) == expected)
    }

    @Test func timesKeepTheirMicroseconds() {
        var random = SeededGenerator(seed: 1970)
        var wrong: [Int64] = []
        for _ in 0..<20_000 {
            let time = Int64.random(in: -2_208_988_800_000_000...4_102_444_800_000_000, using: &random) * 1000
            if TimeFields.nanoseconds(seconds: TimeFields.seconds(nanoseconds: time)) != time { wrong.append(time) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect(TimeFields.nanoseconds(seconds: .infinity) == nil && TimeFields.nanoseconds(seconds: .nan) == nil)
        #expect(
            TimeFields.nanoseconds(seconds: 9_223_372_036) != nil
                && TimeFields.nanoseconds(seconds: 9_223_372_037) == nil
        )
    }
}
