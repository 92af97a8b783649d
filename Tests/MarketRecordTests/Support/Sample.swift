import WireProtocol

/// A body as the broker sends it.
struct Sample: Sendable, CustomStringConvertible {
    static let receiveTime: Int64 = 1_736_933_401_000_000_123

    let description: String
    let topic: String
    let live: [UInt8]

    /// JSON bodies refuse texts with escapes; such a message stays binary.
    var isBinaryOnly: Bool { description == "binary odd trade" }

    var isBinary: Bool { live.first == BinaryLayout.magic }

    private init(binary name: String, _ dataType: String, _ payload: MarketPayload) {
        description = "binary \(name)"
        topic = "market.BTC/USDT.\(dataType)"
        var body: [UInt8] = []
        let event = MarketEvent(
            sequence: 7,
            eventTime: 1_736_933_400_123_456_789,
            receiveTime: Self.receiveTime,
            payload: payload
        )
        BinaryCodec.encode(event, into: &body)
        live = body
    }

    private init(json name: String, _ dataType: String, _ data: String, _ rest: String = ",\"timestamp\":1736933400.5")
    {
        description = "JSON \(name)"
        topic = "market.Ünï/\\\"USDT.\(dataType)"
        let text = """
            {"seq":7,"ts_ns":\(Self.receiveTime),"msg_type":"market_data","timestamp":1736933499.25,"payload":{"symbol":\
            "Ünï/\\\\\\"USDT","data_type":"\(dataType)"\(rest),"data":\(data)}}
            """
        live = Array(text.utf8)
    }

    static let all: [Sample] = [
        Sample(
            binary: "bar",
            "kline_1m",
            .bar(
                BarData(
                    open: 94321.5,
                    high: 94400.1,
                    low: 94300.25,
                    close: 94388.3,
                    volume: 1 / 3,
                    turnover: 1_165_432.1,
                    trades: 345,
                    openTime: 1_736_933_340_000_000_001,
                    interval: "12345678",
                    closed: false
                )
            )
        ),
        Sample(binary: "plain bar", "bar", .bar(BarData(open: 1, high: 2, low: 0, close: 1, volume: 0))),
        Sample(
            binary: "tick",
            "tick",
            .tick(TickData(price: 1.5, size: 2.5, bid: 1.4, ask: 1.6, bidSize: 0, askSize: 1e-9))
        ),
        Sample(binary: "plain tick", "ticker", .tick(TickData(price: -37.63, ask: 0))),
        Sample(binary: "trade", "trade", .trade(TradeData(price: 0.1, size: 0.2, side: .sell, tradeID: "abc-24"))),
        Sample(binary: "odd trade", "trade", .trade(TradeData(price: 0.1, size: 0.2, tradeID: "abc\"\\-24"))),
        Sample(binary: "quote", "quote", .quote(QuoteData(bid: 0.1, ask: 0.3, bidSize: 1 / 3))),
        Sample(
            binary: "depth",
            "depth",
            .depth(
                DepthData(
                    bids: (0..<1000).map { DepthLevel(price: 100 / Double($0 + 1), size: Double($0)) },
                    asks: [DepthLevel(price: 0.1, size: 0)],
                    isSnapshot: false
                )
            )
        ),
        Sample(binary: "empty depth", "order_book", .depth(DepthData(bids: [], asks: []))),
        Sample(json: "bar", "kline", #"{"open":1,"high":2.25,"low":0.1,"close":1e-3,"volume":42000}"#),
        Sample(
            json: "bar with everything",
            "kline",
            #"""
            {"open":1,"vwap":1.5,"high":2,"low":0.5,"close":1.5,"volume":0,"turnover":0,"trades":0,"closed":false,"interval":"",
            "open_time":1736933340.000001,"timestamp":1736933400.123456,"no\"te":{"a":[1,{"b":null}]},"venue":"X","price":3}
            """#,
            #","source":"bin\"ance\u00fc","timestamp":1736933400.5,"other":{"data":{}}"#
        ),
        Sample(
            json: "bar with nulls and odd values",
            "kline",
            #"{"open":1,"high":2,"low":0.5,"close":1.5,"volume":0,"trades":2.5,"turnover":null,"timestamp":"2025-01-15","open_time":null}"#,
            #","source":null"#
        ),
        Sample(json: "tick", "tick", #"{"price":1.5,"bid":null,"ask_size":0,"bids":[],"x":true,"timestamp":-1.5}"#),
        Sample(json: "trade", "trade", #"{"price":1.5,"size":1,"side":"buy","trade_id":"77","maker":true}"#),
        Sample(json: "quote", "quote", #"{"bid":1.5,"ask":1.75,"timestamp":5}"#, ""),
        Sample(
            json: "depth",
            "orderbook",
            #"{"bids":[[1,2],[0.5,3]],"asks":[],"snapshot":false,"checksum":-12345678901}"#
        ),
    ]
}
