import StrategyKit
import WireProtocol

// From the wire's values to the kit's, which carry their symbol and time with them.
extension StrategyRunner {
    /// Hands a message to the callback of its kind.
    func hand(_ message: MarketEvent, of topic: Topic) {
        defer { event = nil }
        switch message.payload {
        case .bar(let data):
            event = inHand(message, topic, price: data.close)
            let bar = Bar(data, message, topic, isReplayed: isWarmingUp)
            run(.onBar) { try $0.onBar(bar) }
        case .tick(let data):
            event = inHand(message, topic, price: data.price)
            let tick = Tick(data, message, topic, isReplayed: isWarmingUp)
            run(.onTick) { try $0.onTick(tick) }
        case .trade(let data):
            event = inHand(message, topic, price: data.price)
            let trade = Trade(data, message, topic, isReplayed: isWarmingUp)
            run(.onTrade) { try $0.onTrade(trade) }
        case .quote(let data):
            event = inHand(message, topic, price: nil)
            let quote = Quote(data, message, topic, isReplayed: isWarmingUp)
            run(.onQuote) { try $0.onQuote(quote) }
        case .depth(let data):
            event = inHand(message, topic, price: nil)
            let depth = Depth(data, message, topic, isReplayed: isWarmingUp)
            run(.onDepth) { try $0.onDepth(depth) }
        }
    }

    private func inHand(_ message: MarketEvent, _ topic: Topic, price: Double?) -> EventInHand {
        EventInHand(topic: topic, sequence: message.sequence, eventTime: message.eventTime, price: price)
    }
}

extension Bar {
    init(_ data: BarData, _ message: MarketEvent, _ topic: Topic, isReplayed: Bool) {
        self.init(
            symbol: topic.symbol,
            dataType: topic.dataType,
            interval: data.interval,
            openTime: data.openTime,
            eventTime: message.eventTime,
            receiveTime: message.receiveTime,
            open: data.open,
            high: data.high,
            low: data.low,
            close: data.close,
            volume: data.volume,
            turnover: data.turnover,
            trades: data.trades,
            closed: data.closed,
            sequence: message.sequence,
            isReplayed: isReplayed
        )
    }
}

extension Tick {
    fileprivate init(_ data: TickData, _ message: MarketEvent, _ topic: Topic, isReplayed: Bool) {
        self.init(
            symbol: topic.symbol,
            dataType: topic.dataType,
            eventTime: message.eventTime,
            receiveTime: message.receiveTime,
            price: data.price,
            size: data.size,
            bid: data.bid,
            ask: data.ask,
            bidSize: data.bidSize,
            askSize: data.askSize,
            sequence: message.sequence,
            isReplayed: isReplayed
        )
    }
}

extension Trade {
    fileprivate init(_ data: TradeData, _ message: MarketEvent, _ topic: Topic, isReplayed: Bool) {
        let side: Side? =
            switch data.side {
            case .unknown: nil
            case .buy: .buy
            case .sell: .sell
            }
        self.init(
            symbol: topic.symbol,
            dataType: topic.dataType,
            eventTime: message.eventTime,
            receiveTime: message.receiveTime,
            price: data.price,
            size: data.size,
            side: side,
            tradeID: data.tradeID,
            sequence: message.sequence,
            isReplayed: isReplayed
        )
    }
}

extension Quote {
    fileprivate init(_ data: QuoteData, _ message: MarketEvent, _ topic: Topic, isReplayed: Bool) {
        self.init(
            symbol: topic.symbol,
            dataType: topic.dataType,
            eventTime: message.eventTime,
            receiveTime: message.receiveTime,
            bid: data.bid,
            ask: data.ask,
            bidSize: data.bidSize,
            askSize: data.askSize,
            sequence: message.sequence,
            isReplayed: isReplayed
        )
    }
}

extension Depth {
    fileprivate init(_ data: DepthData, _ message: MarketEvent, _ topic: Topic, isReplayed: Bool) {
        self.init(
            symbol: topic.symbol,
            dataType: topic.dataType,
            eventTime: message.eventTime,
            receiveTime: message.receiveTime,
            bids: data.bids.map { Level(price: $0.price, size: $0.size) },
            asks: data.asks.map { Level(price: $0.price, size: $0.size) },
            isSnapshot: data.isSnapshot,
            sequence: message.sequence,
            isReplayed: isReplayed
        )
    }
}
