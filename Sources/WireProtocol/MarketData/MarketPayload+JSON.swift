extension MarketPayload {
    /// The payload as the `data` object of a JSON body.
    public var json: JSONValue {
        switch self {
        case .bar(let bar): bar.json
        case .tick(let tick): tick.json
        case .trade(let trade): trade.json
        case .quote(let quote):
            [
                "bid": .number(quote.bid), "ask": .number(quote.ask), "bid_size": .number(quote.bidSize),
                "ask_size": .number(quote.askSize),
            ]
        case .depth(let depth):
            [
                "bids": .array(depth.bids.map(\.json)), "asks": .array(depth.asks.map(\.json)),
                "snapshot": .bool(depth.isSnapshot),
            ]
        }
    }
}

extension BarData {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "open": .number(open), "high": .number(high), "low": .number(low), "close": .number(close),
            "volume": .number(volume), "closed": .bool(closed),
        ]
        if turnover != 0 { members["turnover"] = .number(turnover) }
        if trades != 0 { members["trades"] = JSONValue(trades) }
        if openTime != 0 { members["open_time"] = .number(TimeFields.seconds(nanoseconds: openTime)) }
        if !interval.isEmpty { members["interval"] = .string(interval) }
        return .object(members)
    }
}

extension TickData {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["price": .number(price)]
        members["size"] = size.map(JSONValue.number)
        members["bid"] = bid.map(JSONValue.number)
        members["ask"] = ask.map(JSONValue.number)
        members["bid_size"] = bidSize.map(JSONValue.number)
        members["ask_size"] = askSize.map(JSONValue.number)
        return .object(members)
    }
}

extension TradeData {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["price": .number(price), "size": .number(size)]
        if side != .unknown { members["side"] = side == .buy ? "buy" : "sell" }
        if !tradeID.isEmpty { members["trade_id"] = .string(tradeID) }
        return .object(members)
    }
}

extension DepthLevel {
    fileprivate var json: JSONValue { [.number(price), .number(size)] }
}
