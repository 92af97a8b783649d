/// What one market-data message says, without its topic and its place in the stream.
public enum MarketPayload: Hashable, Sendable {
    /// One bar (candle, kline).
    case bar(BarData)
    /// The last price, with the best bid and ask where the source has them.
    case tick(TickData)
    /// One trade.
    case trade(TradeData)
    /// The best bid and ask.
    case quote(QuoteData)
    /// A ladder of bids and asks.
    case depth(DepthData)
}

/// Open, high, low, close and volume over an interval.
public struct BarData: Hashable, Sendable {
    /// First price of the interval.
    public var open: Double
    /// Highest price of the interval.
    public var high: Double
    /// Lowest price of the interval.
    public var low: Double
    /// Last price of the interval.
    public var close: Double
    /// Quantity traded, in the unit of the source.
    public var volume: Double
    /// Value traded; 0 when the source does not say.
    public var turnover: Double
    /// Number of trades; 0 when the source does not say.
    public var trades: UInt64
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when the source does not say.
    public var openTime: Int64
    /// Length of the interval as the source writes it, such as `1m`: at most 8 ASCII characters, empty when unknown.
    public var interval: String
    /// Whether the bar is final. A bar that is still forming says `false`.
    public var closed: Bool

    /// Makes a bar.
    public init(
        open: Double,
        high: Double,
        low: Double,
        close: Double,
        volume: Double,
        turnover: Double = 0,
        trades: UInt64 = 0,
        openTime: Int64 = 0,
        interval: String = "",
        closed: Bool = true
    ) {
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.turnover = turnover
        self.trades = trades
        self.openTime = openTime
        self.interval = interval
        self.closed = closed
    }
}

/// A last price, with the best bid and ask where the source has them.
public struct TickData: Hashable, Sendable {
    /// Last price.
    public var price: Double
    /// Quantity of the last trade, if known.
    public var size: Double?
    /// Best bid price, if known.
    public var bid: Double?
    /// Best ask price, if known.
    public var ask: Double?
    /// Quantity at the best bid, if known.
    public var bidSize: Double?
    /// Quantity at the best ask, if known.
    public var askSize: Double?

    /// Makes a tick.
    public init(
        price: Double,
        size: Double? = nil,
        bid: Double? = nil,
        ask: Double? = nil,
        bidSize: Double? = nil,
        askSize: Double? = nil
    ) {
        self.price = price
        self.size = size
        self.bid = bid
        self.ask = ask
        self.bidSize = bidSize
        self.askSize = askSize
    }
}

/// Which side took the liquidity.
public enum TradeSide: UInt8, Hashable, Sendable {
    /// The source does not say.
    case unknown = 0
    /// The buyer was the aggressor.
    case buy = 1
    /// The seller was the aggressor.
    case sell = 2
}

/// One trade.
public struct TradeData: Hashable, Sendable {
    /// Price of the trade.
    public var price: Double
    /// Quantity of the trade.
    public var size: Double
    /// The aggressor's side.
    public var side: TradeSide
    /// The venue's id: at most 24 ASCII characters, empty when unknown.
    public var tradeID: String

    /// Makes a trade.
    public init(price: Double, size: Double, side: TradeSide = .unknown, tradeID: String = "") {
        self.price = price
        self.size = size
        self.side = side
        self.tradeID = tradeID
    }
}

/// The best bid and ask.
public struct QuoteData: Hashable, Sendable {
    /// Best bid price.
    public var bid: Double
    /// Best ask price.
    public var ask: Double
    /// Quantity at the best bid; 0 when the source does not say.
    public var bidSize: Double
    /// Quantity at the best ask; 0 when the source does not say.
    public var askSize: Double

    /// Makes a quote.
    public init(bid: Double, ask: Double, bidSize: Double = 0, askSize: Double = 0) {
        self.bid = bid
        self.ask = ask
        self.bidSize = bidSize
        self.askSize = askSize
    }
}

/// One price level of an order book.
public struct DepthLevel: Hashable, Sendable {
    /// Price of the level.
    public var price: Double
    /// Quantity at the level; 0 removes it in an update.
    public var size: Double

    /// Makes a level.
    public init(price: Double, size: Double) {
        self.price = price
        self.size = size
    }
}

/// A ladder of bids and asks.
public struct DepthData: Hashable, Sendable {
    /// Bids, best first; at most ``maxLevels``.
    public var bids: [DepthLevel]
    /// Asks, best first; at most ``maxLevels``.
    public var asks: [DepthLevel]
    /// Whether this is the whole book; an update otherwise.
    public var isSnapshot: Bool

    /// How many levels a side may have.
    public static let maxLevels = 1000

    /// Makes a ladder.
    public init(bids: [DepthLevel], asks: [DepthLevel], isSnapshot: Bool = true) {
        self.bids = bids
        self.asks = asks
        self.isSnapshot = isSnapshot
    }
}
