/// One trade.
///
/// ```swift
/// func onTrade(_ trade: Trade, _ context: Context<Params>) throws {
///     imbalance += trade.side == .buy ? trade.size : -trade.size
/// }
/// ```
public struct Trade: Hashable, Sendable {
    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream that the trade came on, such as `trade`.
    public var dataType: String
    /// When it happened, as the source says: nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the manager received it: nanoseconds since the Unix epoch.
    public var receiveTime: Int64
    /// Price of the trade.
    public var price: Double
    /// Quantity of the trade.
    public var size: Double
    /// The side that took the liquidity, if known.
    public var side: Side?
    /// The venue's id of the trade; empty when the source does not say.
    public var tradeID: String
    /// Number of this message in its stream: from 1, without holes.
    public var sequence: UInt64
    /// Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    public var isReplayed: Bool

    /// Makes a trade, for instance to test a calculation.
    ///
    /// ```swift
    /// let trade = Trade(symbol: "BTC/USDT", price: 100, size: 0.5, side: .buy)
    /// ```
    public init(
        symbol: String,
        dataType: String = "trade",
        eventTime: Int64 = 0,
        receiveTime: Int64 = 0,
        price: Double,
        size: Double,
        side: Side? = nil,
        tradeID: String = "",
        sequence: UInt64 = 0,
        isReplayed: Bool = false
    ) {
        self.symbol = symbol
        self.dataType = dataType
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.price = price
        self.size = size
        self.side = side
        self.tradeID = tradeID
        self.sequence = sequence
        self.isReplayed = isReplayed
    }
}
