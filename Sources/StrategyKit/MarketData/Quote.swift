/// The best bid and ask.
///
/// ```swift
/// func onQuote(_ quote: Quote, _ context: Context<Params>) throws {
///     context.metric("spread", quote.ask - quote.bid)
/// }
/// ```
public struct Quote: Hashable, Sendable {
    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream that the quote came on, such as `quote`.
    public var dataType: String
    /// When it happened, as the source says: nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the manager received it: nanoseconds since the Unix epoch.
    public var receiveTime: Int64
    /// Best bid price.
    public var bid: Double
    /// Best ask price.
    public var ask: Double
    /// Quantity at the best bid; 0 when the source does not say.
    public var bidSize: Double
    /// Quantity at the best ask; 0 when the source does not say.
    public var askSize: Double
    /// Number of this message in its stream: from 1, without holes.
    public var sequence: UInt64
    /// Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    public var isReplayed: Bool

    /// Makes a quote, for instance to test a calculation.
    ///
    /// ```swift
    /// let quote = Quote(symbol: "BTC/USDT", bid: 99.5, ask: 100.5)
    /// ```
    public init(
        symbol: String,
        dataType: String = "quote",
        eventTime: Int64 = 0,
        receiveTime: Int64 = 0,
        bid: Double,
        ask: Double,
        bidSize: Double = 0,
        askSize: Double = 0,
        sequence: UInt64 = 0,
        isReplayed: Bool = false
    ) {
        self.symbol = symbol
        self.dataType = dataType
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.bid = bid
        self.ask = ask
        self.bidSize = bidSize
        self.askSize = askSize
        self.sequence = sequence
        self.isReplayed = isReplayed
    }
}
