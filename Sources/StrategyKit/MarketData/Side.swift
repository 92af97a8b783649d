/// Buy or sell.
///
/// ```swift
/// context.signal("cross", side: fast > slow ? .buy : .sell)
/// ```
public enum Side: String, Codable, Hashable, Sendable {
    /// Buy.
    case buy
    /// Sell.
    case sell
}
