/// The settings of a strategy: a `Codable` struct in which every property has a default value.
///
/// ```swift
/// struct Params: StrategyParams {
///     var fast = 10
///     var slow = 30
///     var stopLoss: Double?
/// }
/// ```
///
/// The user gives only what differs: `--param fast=5`. A name that the struct does not have, or a value of another type, refuses
/// the start with a message that lists the known names.
public protocol StrategyParams: Codable, Sendable {
    /// Makes the default settings.
    init()
}

/// The settings of a strategy that has none.
public struct NoParams: StrategyParams {
    /// Makes the empty settings.
    public init() {}
}
