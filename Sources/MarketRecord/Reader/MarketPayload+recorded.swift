internal import WireProtocol

extension MarketPayload {
    /// Reads the data of a trade, a quote or a depth as ``MarketPayload/json`` writes it, or as a publisher wrote it; `nil` for others.
    ///
    /// Not by way of a body: JSON bodies refuse some texts that binary ones may have.
    init?(recorded data: JSONValue, kind: DataKind) {
        switch kind {
        case .trade:
            guard let price = data["price"]?.doubleValue, let size = data["size"]?.doubleValue else { return nil }
            let side: TradeSide =
                switch data["side"]?.stringValue {
                case "buy": .buy
                case "sell": .sell
                default: .unknown
                }
            self = .trade(
                TradeData(price: price, size: size, side: side, tradeID: data["trade_id"]?.stringValue ?? "")
            )
        case .quote:
            guard let bid = data["bid"]?.doubleValue, let ask = data["ask"]?.doubleValue else { return nil }
            self = .quote(
                QuoteData(
                    bid: bid,
                    ask: ask,
                    bidSize: data["bid_size"]?.doubleValue ?? 0,
                    askSize: data["ask_size"]?.doubleValue ?? 0
                )
            )
        case .depth:
            guard let bids = Self.levels(data["bids"]), let asks = Self.levels(data["asks"]) else { return nil }
            self = .depth(DepthData(bids: bids, asks: asks, isSnapshot: data["snapshot"]?.boolValue ?? true))
        case .bar, .tick: return nil
        }
    }

    private static func levels(_ value: JSONValue?) -> [DepthLevel]? {
        guard let pairs = value?.arrayValue else { return nil }
        let levels = pairs.compactMap { pair -> DepthLevel? in
            guard let values = pair.arrayValue, values.count == 2, let price = values[0].doubleValue,
                let size = values[1].doubleValue
            else { return nil }
            return DepthLevel(price: price, size: size)
        }
        return levels.count == pairs.count ? levels : nil
    }

    /// Whether a JSON body can say it: their texts have no escapes.
    var fitsJSON: Bool {
        let text =
            switch self {
            case .bar(let bar): bar.interval
            case .trade(let trade): trade.tradeID
            case .tick, .quote, .depth: ""
            }
        return !text.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    }
}
