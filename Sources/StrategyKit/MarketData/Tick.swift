/// A change of the last price, with the best bid and ask where the source has them.
///
/// ```swift
/// func onTick(_ tick: Tick, _ context: Context<Params>) throws {
///     if let bid = tick.bid, tick.price < bid { context.log.warning("\(tick.symbol) traded below its bid") }
/// }
/// ```
public struct Tick: Hashable, Sendable {
    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream that the tick came on, such as `tick`.
    public var dataType: String
    /// When it happened, as the source says: nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the manager received it: nanoseconds since the Unix epoch.
    public var receiveTime: Int64
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
    /// Number of this message in its stream: from 1, without holes.
    public var sequence: UInt64
    /// Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    public var isReplayed: Bool

    /// Makes a tick, for instance to test a calculation.
    ///
    /// ```swift
    /// let tick = Tick(symbol: "BTC/USDT", price: 100, bid: 99.5, ask: 100.5)
    /// ```
    public init(
        symbol: String,
        dataType: String = "tick",
        eventTime: Int64 = 0,
        receiveTime: Int64 = 0,
        price: Double,
        size: Double? = nil,
        bid: Double? = nil,
        ask: Double? = nil,
        bidSize: Double? = nil,
        askSize: Double? = nil,
        sequence: UInt64 = 0,
        isReplayed: Bool = false
    ) {
        self.symbol = symbol
        self.dataType = dataType
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.price = price
        self.size = size
        self.bid = bid
        self.ask = ask
        self.bidSize = bidSize
        self.askSize = askSize
        self.sequence = sequence
        self.isReplayed = isReplayed
    }
}
