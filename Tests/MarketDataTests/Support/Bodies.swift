import WireProtocol

/// Bodies as publishers send them.
enum Bodies {
    static func bar(close: Double = 1.5, at eventTime: Int64 = 5000) -> [UInt8] {
        let bar = BarData(open: 1, high: 2, low: 0.5, close: close, volume: 10, interval: "1m")
        return binary(.bar(bar), at: eventTime)
    }

    static func trade(price: Double = 1) -> [UInt8] {
        binary(.trade(TradeData(price: price, size: 1, side: .buy)), at: 1)
    }

    static func binary(_ payload: MarketPayload, at eventTime: Int64) -> [UInt8] {
        var body: [UInt8] = []
        BinaryCodec.encode(MarketEvent(eventTime: eventTime, payload: payload), into: &body)
        return body
    }

    /// An envelope around `data`; members of the payload stand before it.
    static func json(_ data: String, payload: String = "") -> String {
        #"{"msg_type":"market_data","timestamp":1.5,"payload":{\#(payload)"data":\#(data)}}"#
    }

    /// An envelope that names its topic.
    static func named(_ symbol: String, _ dataType: String, _ data: String = barData) -> String {
        json(data, payload: #""symbol":"\#(symbol)","data_type":"\#(dataType)","#)
    }

    static let barData = #"{"open":1,"high":2,"low":0.5,"close":1.5,"volume":10}"#
}
