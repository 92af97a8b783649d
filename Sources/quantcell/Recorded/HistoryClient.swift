import WireProtocol
import ZeroMQ

/// Reads recorded market data, as a worker does.
struct HistoryClient: ~Copyable {
    private static let maxAnswerBytes: Int64 = 64 << 20
    /// How often somebody who waits looks whether the manager is still there.
    private static let probeInterval = TimeSpan.seconds(1)
    /// The envelope, and two frames for each message.
    private static let maxFrames = 1 + 2 * ReplayRequest.maxMessages

    private let socket: Socket
    private let location: ManagerLocation
    private let timeout: TimeSpan

    /// Connects to the manager of a runtime folder.
    ///
    /// - Throws: ``CommandFailure`` with exit code 69 when there is none.
    init(_ location: ManagerLocation, timeout: TimeSpan) throws(CommandFailure) {
        self.location = location
        self.timeout = timeout
        socket = try Socket.connected(.dealer, to: .history, of: location) { socket throws(ZeroMQError) in
            try socket.set(.maxMessageSize, Self.maxAnswerBytes)
        }
    }

    /// Hands on a range of a topic, message by message, in order.
    ///
    /// - Returns: What the record does not have of it.
    func read(
        _ range: ReplayRange,
        _ handle: (_ body: [UInt8]) throws(CommandFailure) -> UInt64
    ) throws(CommandFailure) -> [ReplayLoss] {
        var lost: [ReplayLoss] = []
        var next = range.from
        while next <= range.to {
            let request = ReplayRequest(ranges: [ReplayRange(topic: range.topic, from: next, to: range.to)])
            let (answer, bodies) = try ask(request)
            for body in bodies { next = max(next, try handle(body) + 1) }
            lost += answer.lost
            next = max(next, (answer.lost.map(\.range.to).max() ?? 0) + 1)
            // An answer without anything would be asked for again for ever.
            if !answer.more || bodies.isEmpty && answer.lost.isEmpty { break }
        }
        return lost
    }

    private func ask(_ request: ReplayRequest) throws(CommandFailure) -> (ReplayAnswer, bodies: [[UInt8]]) {
        let message = Message(.replay, payload: .object(request.payload.objectValue ?? [:]))
        let deadline = MonotonicClock.nanoseconds() + timeout.nanoseconds
        do throws(ZeroMQError) {
            try socket.send([message.bytes])
        } catch {
            throw CommandFailure(error)
        }
        while MonotonicClock.nanoseconds() < deadline {
            guard let frames = try receive(until: deadline), let first = frames.first else {
                _ = try location.liveAddress(.history)
                continue
            }
            let answer = Answer(first)
            guard answer.replyTo == message.messageID else { continue }
            switch answer.outcome {
            case .done:
                let bodies = stride(from: 2, to: frames.count, by: 2).map { frames[$0] }
                return (ReplayAnswer(payload: answer.payload), bodies)
            case .refused(let reason): throw .refused(reason)
            case .accepted, .unknown: continue
            }
        }
        throw .timeout(
            "the manager does not answer: nothing came within \(DurationText.short(nanoseconds: timeout.nanoseconds))"
        )
    }

    private func receive(until deadline: Int64) throws(CommandFailure) -> [[UInt8]]? {
        let left = max(deadline - MonotonicClock.nanoseconds(), 0)
        let wait = TimeSpan(nanoseconds: min(left, Self.probeInterval.nanoseconds))
        do throws(ZeroMQError) {
            try socket.set(.receiveTimeout, wait.milliseconds)
            return try socket.receive(wait: true, maxFrames: Self.maxFrames)
        } catch {
            throw CommandFailure(error)
        }
    }
}
