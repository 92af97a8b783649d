/// One bar (candle, kline): open, high, low, close and volume over an interval.
///
/// ```swift
/// func onBar(_ bar: Bar, _ context: Context<Params>) throws {
///     guard bar.closed else { return }
///     context.log.info("\(bar.symbol) \(bar.interval) closed at \(bar.close)")
/// }
/// ```
public struct Bar: Hashable, Sendable {
    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream that the bar came on, such as `kline`.
    public var dataType: String
    /// Length of the interval as the source writes it, such as `1m`; empty when the source does not say.
    public var interval: String
    /// Start of the interval, nanoseconds since the Unix epoch; 0 when the source does not say.
    public var openTime: Int64
    /// When it happened, as the source says: nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the manager received it: nanoseconds since the Unix epoch.
    public var receiveTime: Int64
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
    /// Whether the bar is final; `false` while it is still forming.
    public var closed: Bool
    /// Number of this message in its stream: from 1, without holes.
    public var sequence: UInt64
    /// Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    public var isReplayed: Bool

    /// Makes a bar, for instance to test a calculation.
    ///
    /// ```swift
    /// let bar = Bar(symbol: "BTC/USDT", open: 100, high: 103, low: 99, close: 102)
    /// ```
    public init(
        symbol: String,
        dataType: String = "kline",
        interval: String = "",
        openTime: Int64 = 0,
        eventTime: Int64 = 0,
        receiveTime: Int64 = 0,
        open: Double,
        high: Double,
        low: Double,
        close: Double,
        volume: Double = 0,
        turnover: Double = 0,
        trades: UInt64 = 0,
        closed: Bool = true,
        sequence: UInt64 = 0,
        isReplayed: Bool = false
    ) {
        self.symbol = symbol
        self.dataType = dataType
        self.interval = interval
        self.openTime = openTime
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.turnover = turnover
        self.trades = trades
        self.closed = closed
        self.sequence = sequence
        self.isReplayed = isReplayed
    }
}
