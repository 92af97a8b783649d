import StrategyKit
import WireProtocol

/// Where a running strategy's wishes go: the worker's sockets and its log.
protocol RunnerOutlet: AnyObject {
    /// Tells the publisher which topic is wanted, or not wanted any more.
    func setSubscribed(_ topic: Topic, _ isSubscribed: Bool)
    /// Numbers a signal and sends it until it is on disk: waits while too many are not.
    func emit(_ signal: Message)
    /// The last bars of a topic from the record, oldest first.
    ///
    /// - Parameter before: only what came before this sequence.
    func history(of topic: Topic, count: Int, before: UInt64?) throws(StrategyError) -> [MarketEvent]
    /// Sends a message that must arrive: waits while the queue is full.
    func deliver(_ message: Message)
    /// Sends a message that may be lost: drops it while the queue is full.
    func offer(_ message: Message)
    /// Writes a line to the log.
    func log(_ level: LogLevel, _ text: String)
}
