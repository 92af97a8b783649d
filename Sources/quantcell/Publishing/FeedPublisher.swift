import Glibc
import WireProtocol
import ZeroMQ

/// Sends market data to a manager's feed, as a program does that knows nothing of acknowledgements: what the manager has taken is all
/// that is known.
struct FeedPublisher: ~Copyable, MessagePublisher {
    /// How many messages wait in this process when the manager is slower.
    private static let highWaterMark: Int32 = 100_000
    /// How long a send blocks before it looks whether the user wants to stop.
    private static let sliceMilliseconds: Int32 = 100

    private let socket: Socket
    private let timeout: TimeSpan

    /// Connects to the manager of a runtime folder.
    ///
    /// - Parameters:
    ///   - location: Where the manager is.
    ///   - timeout: How long the manager may take nothing at all.
    /// - Throws: ``CommandFailure`` with exit code 69 when there is none.
    init(_ location: ManagerLocation, timeout: TimeSpan) throws(CommandFailure) {
        self.timeout = timeout
        socket = try Socket.connected(.push, to: .feed, of: location) { socket throws(ZeroMQError) in
            try socket.set(.sendHighWaterMark, Self.highWaterMark)
            try socket.set(.sendTimeout, Self.sliceMilliseconds)
            try socket.set(.linger, timeout.milliseconds)
        }
    }

    func begin() -> PublisherStart { PublisherStart() }

    func turn() {}

    func takeRefusals() -> [PublisherRefusal] { [] }

    func send(topic: [UInt8], body: [UInt8], line: Int) throws(CommandFailure) -> Bool {
        var deadline: Int64?
        while try !isTaken(topic, body) {
            if Interrupt.isRequested { return false }
            let now = MonotonicClock.nanoseconds()
            let end = deadline ?? now + timeout.nanoseconds
            guard now < end else {
                let waited = DurationText.short(nanoseconds: timeout.nanoseconds)
                throw .timeout("the manager has taken no data for \(waited)")
            }
            deadline = end
        }
        return true
    }

    private func isTaken(_ topic: [UInt8], _ body: [UInt8]) throws(CommandFailure) -> Bool {
        do throws(ZeroMQError) {
            return try socket.send([topic, body], wait: true)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Hands over what is still waiting and hangs up.
    consuming func finish() throws(CommandFailure) -> PublisherOutcome {
        let start = MonotonicClock.nanoseconds()
        let allowed = timeout
        Self.close(self)
        guard MonotonicClock.nanoseconds() - start < allowed.nanoseconds else {
            let waited = DurationText.short(nanoseconds: allowed.nanoseconds)
            throw .timeout("the manager did not take the last messages within \(waited); some may be lost")
        }
        return PublisherOutcome(safety: .sent)
    }

    /// Closing the socket ends its context, which waits until everything has been handed over, or for the linger time.
    private static func close(_ publisher: consuming FeedPublisher) {}
}
