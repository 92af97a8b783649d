/// Messages of one topic that are lost for good.
///
/// ```swift
/// func onGap(_ gap: Gap, _ context: Context<Params>) throws {
///     context.log.warning("\(gap.count) messages of \(gap.symbol) are missing: \(gap.reason)")
/// }
/// ```
public struct Gap: Hashable, Sendable {
    /// The instrument, such as `BTC/USDT`.
    public var symbol: String
    /// The stream, such as `kline`.
    public var dataType: String
    /// Sequence of the first message that is missing.
    public var from: UInt64
    /// Sequence of the last message that is missing.
    public var to: UInt64
    /// Why they cannot be had, for a person: `not recorded`, `pruned`, `record off`.
    public var reason: String

    /// Makes a gap, for instance to test what a strategy does about it.
    ///
    /// ```swift
    /// let gap = Gap(symbol: "BTC/USDT", dataType: "kline", from: 17, to: 19, reason: "pruned")
    /// ```
    public init(symbol: String, dataType: String = "kline", from: UInt64, to: UInt64, reason: String = "") {
        self.symbol = symbol
        self.dataType = dataType
        self.from = from
        self.to = to
        self.reason = reason
    }

    /// How many messages are missing.
    public var count: UInt64 { to < from ? 0 : to - from + 1 }
}
