import StrategyKit
import WireProtocol

/// How long a strategy is run beside its worker to see how it does. Time is handed in.
struct Trial: Hashable {
    private static let defaultMessages: Int64 = 1000
    private static let defaultSeconds = 2.0
    private static let maxSeconds = 86_400.0

    /// How many messages are enough.
    let messages: Int
    /// How long is enough, nanoseconds after it has joined.
    let length: Int64
    /// When it is over, whatever it has handled; `nil` before it has joined.
    private(set) var end: Int64?

    /// Reads `{"messages","seconds"}`; what is missing has its default.
    init(_ value: JSONValue) {
        messages = Int(clamping: max(value["messages"]?.integerValue ?? Self.defaultMessages, 0))
        let seconds = min(max(value["seconds"]?.doubleValue ?? Self.defaultSeconds, 0), Self.maxSeconds)
        length = Duration.seconds(seconds).nanoseconds
    }

    /// The strategy has joined its topics.
    mutating func begin(at now: Int64) { end = now + length }

    /// Whether it has been seen for long enough.
    func isOver(handled: Int, at now: Int64) -> Bool {
        guard let end else { return false }
        return handled >= messages || now >= end
    }
}
