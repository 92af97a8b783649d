import WireProtocol
import ZeroMQ

/// Asks a manager and waits for its answer.
struct AdminClient: ~Copyable {
    private static let maxAnswerBytes: Int64 = 64 << 20
    /// How often somebody who waits looks whether the manager is still there.
    private static let probeInterval = TimeSpan.seconds(1)

    private let socket: Socket
    private let location: ManagerLocation
    private let timeout: TimeSpan

    /// Connects to the manager of a runtime folder.
    ///
    /// - Parameters:
    ///   - location: Where the manager is.
    ///   - timeout: How long each answer may take.
    /// - Throws: ``CommandFailure`` with exit code 69 when there is none.
    init(_ location: ManagerLocation, timeout: TimeSpan) throws(CommandFailure) {
        self.timeout = timeout
        self.location = location
        socket = try Socket.connected(.dealer, to: .admin, of: location) { socket throws(ZeroMQError) in
            try socket.set(.maxMessageSize, Self.maxAnswerBytes)
        }
    }

    /// Sends a request and returns the payload of its final answer.
    ///
    /// - Parameters:
    ///   - type: What is asked for.
    ///   - workerID: The worker it is about, if it is about one.
    ///   - payload: The request's own fields.
    ///   - onAccepted: Called when the manager has taken on a command that takes a while.
    /// - Throws: ``CommandFailure`` when the manager refuses, does not answer in time, or cannot be understood.
    func ask(
        _ type: MessageType,
        workerID: String? = nil,
        payload: [String: JSONValue] = [:],
        onAccepted: () -> Void = {}
    ) throws(CommandFailure) -> JSONValue {
        let request = Message(
            type,
            workerID: workerID,
            payload: .object(payload),
            deadline: WallClock.seconds() + Double(timeout.nanoseconds) / 1e9
        )
        let deadline = MonotonicClock.nanoseconds() + timeout.nanoseconds
        try send(request)
        var isAccepted = false
        while MonotonicClock.nanoseconds() < deadline {
            guard let answer = try receive(until: deadline) else {
                // ZeroMQ would wait in silence for a manager that has died to come back.
                _ = try location.liveAddress(.admin)
                continue
            }
            guard answer.replyTo == request.messageID else { continue }
            switch answer.outcome {
            case .accepted:
                isAccepted = true
                onAccepted()
            case .done: return answer.payload
            case .refused(let message): throw .refused(message)
            case .unknown: throw .badAnswer("the manager's answer to '\(type.rawValue)' is of an unknown kind")
            }
        }
        throw Self.timeout(after: timeout, of: type, isAccepted: isAccepted, hint: location.hint)
    }

    private func send(_ request: Message) throws(CommandFailure) {
        do throws(ZeroMQError) {
            try socket.send([request.bytes])
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The next answer, or `nil` when none has come for a while.
    private func receive(until deadline: Int64) throws(CommandFailure) -> Answer? {
        let left = max(deadline - MonotonicClock.nanoseconds(), 0)
        let wait = TimeSpan(nanoseconds: min(left, Self.probeInterval.nanoseconds))
        do throws(ZeroMQError) {
            try socket.set(.receiveTimeout, wait.milliseconds)
            guard let frames = try socket.receive(wait: true), let body = frames.last else { return nil }
            return Answer(body)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func timeout(after time: TimeSpan, of type: MessageType, isAccepted: Bool, hint: String)
        -> CommandFailure
    {
        let waited = DurationText.short(nanoseconds: time.nanoseconds)
        let message =
            isAccepted
            ? "the manager has taken on '\(type.rawValue)' but has not finished it within \(waited); it is still at it"
            : "the manager does not answer: nothing came within \(waited)\(hint)"
        return .timeout("\(message)")
    }
}
