import StrategyKit
import WireProtocol

/// Where a running strategy's wishes go: the worker's sockets and its log.
protocol RunnerOutlet: AnyObject {
    /// Tells the publisher which topic is wanted, or not wanted any more.
    func setSubscribed(_ topic: Topic, _ isSubscribed: Bool)
    /// Sends a message that must arrive: waits while the queue is full.
    func deliver(_ message: Message)
    /// Sends a message that may be lost: drops it while the queue is full.
    func offer(_ message: Message)
    /// Writes a line to the log.
    func log(_ level: LogLevel, _ text: String)
}
