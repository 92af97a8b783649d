/// The kinds of market data that have a fixed meaning and a binary layout.
public enum DataKind: UInt8, CaseIterable, Hashable, Sendable {
    /// Open, high, low, close, volume.
    case bar = 1
    /// Last price, optionally with bid and ask.
    case tick = 2
    /// One trade.
    case trade = 3
    /// Best bid and ask.
    case quote = 4
    /// Order-book levels.
    case depth = 5

    /// The kind that a topic's data type stands for, by its name up to the first `_`.
    ///
    /// `kline`, `kline_1m` and `bar` are bars; `tick` and `ticker` ticks; `trade` trades; `quote` quotes; `depth`, `order_book`
    /// and `orderbook` depth. Any other name travels as plain JSON, and this returns `nil`.
    public init?(dataType: some StringProtocol) {
        if dataType == "order_book" || dataType.hasPrefix("order_book_") {
            self = .depth
            return
        }
        let name = dataType.prefix { $0 != "_" }
        switch name {
        case "kline", "bar": self = .bar
        case "tick", "ticker": self = .tick
        case "trade": self = .trade
        case "quote": self = .quote
        case "depth", "orderbook": self = .depth
        default: return nil
        }
    }
}
