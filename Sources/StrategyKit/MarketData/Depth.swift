/// An order book: a ladder of bids and asks, whole or as an update.
///
/// ```swift
/// func onDepth(_ depth: Depth, _ context: Context<Params>) throws {
///     guard depth.isSnapshot else { return }
///     let bids = depth.bids.prefix(5).reduce(0) { $0 + $1.size }
///     let asks = depth.asks.prefix(5).reduce(0) { $0 + $1.size }
///     context.metric("imbalance", bids - asks)
/// }
/// ```
public struct Depth: Hashable, Sendable {
    /// One price level.
    public struct Level: Hashable, Sendable {
        /// Price of the level.
        public var price: Double
        /// Quantity at the level; 0 removes the level in an update.
        public var size: Double

        /// Makes a level.
        public init(price: Double, size: Double) {
            self.price = price
            self.size = size
        }
    }

    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream that the book came on, such as `depth`.
    public var dataType: String
    /// When it happened, as the source says: nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the manager received it: nanoseconds since the Unix epoch.
    public var receiveTime: Int64
    /// Bids, best first.
    public var bids: [Level]
    /// Asks, best first.
    public var asks: [Level]
    /// Whether this is the whole book; otherwise it holds only the levels that changed.
    public var isSnapshot: Bool
    /// Number of this message in its stream: from 1, without holes.
    public var sequence: UInt64
    /// Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    public var isReplayed: Bool

    /// Makes an order book, for instance to test a calculation.
    ///
    /// ```swift
    /// let depth = Depth(symbol: "BTC/USDT", bids: [.init(price: 99, size: 2)], asks: [.init(price: 101, size: 1)])
    /// ```
    public init(
        symbol: String,
        dataType: String = "depth",
        eventTime: Int64 = 0,
        receiveTime: Int64 = 0,
        bids: [Level],
        asks: [Level],
        isSnapshot: Bool = true,
        sequence: UInt64 = 0,
        isReplayed: Bool = false
    ) {
        self.symbol = symbol
        self.dataType = dataType
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.bids = bids
        self.asks = asks
        self.isSnapshot = isSnapshot
        self.sequence = sequence
        self.isReplayed = isReplayed
    }
}
