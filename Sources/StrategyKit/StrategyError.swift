/// An error with a text for the person who runs the strategy.
///
/// The context's methods throw it for bad arguments, and strategies may throw it themselves:
///
/// ```swift
/// guard context.params.window > 1 else { throw StrategyError("window must be at least 2") }
/// ```
public struct StrategyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and, where that helps, what to do.
    public var message: String

    /// Makes an error.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
