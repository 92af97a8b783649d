internal import MarketData
internal import WireProtocol

/// How far a worker is behind its topics, from what its heartbeats say and what the broker has.
struct WorkerLag {
    /// How many topics are followed, at most; a heartbeat names no more.
    static let maxTopics = 64

    /// The last sequence of each topic that it has handled, or that it joined behind.
    private(set) var positions: [String: UInt64] = [:]
    /// When what it handled last was taken by the broker, nanoseconds since the Unix epoch; 0 where it has handled nothing.
    private(set) var handledReceiveTime: Int64 = 0
    /// Messages that it has not handled yet; `nil` where that is not known.
    private(set) var messages: UInt64?
    /// How much older what it handled last is than what came last, seconds; 0 where it has handled everything.
    private(set) var seconds: Double = 0

    /// What the last measurement began with.
    private var measured: (published: UInt64, positions: [String: UInt64])?
    /// The positions at the last comparison.
    private var compared: [String: UInt64] = [:]
    /// When the worker was last told to look for what it has lost.
    private var reminded: SuspendingClock.Instant?
    /// How long a worker that is behind is left alone.
    private static let patience = Duration.seconds(1)

    /// Takes in a heartbeat's `positions` and `handled_receive_ns`.
    mutating func heard(_ payload: JSONValue) {
        for (topic, value) in payload["positions"]?.objectValue ?? [:] {
            guard let sequence = value.integerValue.flatMap(UInt64.init(exactly:)) else { continue }
            if positions[topic] != nil || positions.count < Self.maxTopics { positions[topic] = sequence }
        }
        handledReceiveTime = payload["handled_receive_ns"]?.integerValue ?? handledReceiveTime
    }

    /// Takes in a heartbeat of the usual shape.
    mutating func heard(_ heartbeat: Heartbeat) {
        for (topic, sequence) in heartbeat.positions where positions[topic] != nil || positions.count < Self.maxTopics {
            positions[topic] = sequence
        }
        handledReceiveTime = heartbeat.handledReceiveTime
    }

    /// Whether something can have changed: the worker has got on, it was behind, or anything at all has been published.
    ///
    /// - Parameter published: How many messages the broker has sent on.
    mutating func isWorthMeasuring(published: UInt64) -> Bool {
        let isSettled = messages == 0 && measured?.published == published && measured?.positions == positions
        measured = (published, positions)
        return !isSettled
    }

    /// Compares with where the topics have got to.
    ///
    /// - Parameters:
    ///   - lasts: By topic.
    ///   - now: Nanoseconds since the Unix epoch.
    mutating func compare(with lasts: [String: DataBroker.Last], now: Int64) {
        var behind: UInt64 = 0
        var newest: Int64 = 0
        for (topic, last) in lasts {
            guard let position = positions[topic], last.sequence > position else { continue }
            behind += last.sequence - position
            newest = max(newest, last.receiveTime)
        }
        messages = behind
        let isKnown = behind > 0 && handledReceiveTime > 0
        seconds = isKnown ? max(Double((newest == 0 ? now : newest) - handledReceiveTime) / 1e9, 0) : 0
    }

    /// Whether it is time to have the worker look for what it has lost: it is behind, and has handled nothing since the last comparison.
    ///
    /// Where the last messages of a topic are lost, there is none behind them that would show it the hole.
    mutating func isStuck(at now: SuspendingClock.Instant) -> Bool {
        defer { compared = positions }
        guard messages ?? 0 > 0, compared == positions else { return false }
        if let reminded, now - reminded < Self.patience { return false }
        reminded = now
        return true
    }

    /// As it is shown in `metadata`.
    var json: [String: JSONValue] {
        guard let messages else { return [:] }
        return ["lag_messages": JSONValue(messages), "lag_seconds": .number(seconds)]
    }
}
