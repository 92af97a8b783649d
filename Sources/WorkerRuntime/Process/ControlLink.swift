import CLinux
import Glibc
import WireProtocol
import ZeroMQ

/// The worker's end of control: reads commands, answers them, and answers a repeated one again without carrying it out again. Keeps
/// in touch with the manager, which may be away, or another one by now.
final class ControlLink {
    /// What arrived.
    enum Arrival {
        /// A command, or another message of the manager.
        case message(Message)
        /// Bytes that are no message, and the id to answer if there was one.
        case unreadable(ProtocolError, messageID: String?)
        /// A command that was answered before; the answer has been sent again.
        case repeated
    }

    static let remembered = 64
    /// Messages that may wait while a callback waits for the manager; more of them are refused.
    static let maxBacklog = 64

    /// Whether the manager is there.
    var lease: ManagerLease

    private let socket: Socket
    private let environment: WorkerEnvironment
    private let gauges: WorkerGauges
    /// What arrived while a callback was waiting for the manager, oldest first: at most ``maxBacklog``.
    private var backlog: [[UInt8]] = []
    /// The last answer to each of the latest commands, oldest first: at most ``remembered``.
    private var answers: [(commandID: String, answer: Message)] = []

    init(context: ZeroMQ.Context, environment: WorkerEnvironment, gauges: WorkerGauges) throws(ZeroMQError) {
        self.environment = environment
        self.gauges = gauges
        lease = ManagerLease(seconds: environment.orphanLease, at: qc_monotonic_ns())
        socket = try Socket(context, .dealer)
        try socket.set(.routingID, environment.identity)
        try socket.set(.linger, 1000)
        try socket.set(.maxMessageSize, Int64(Message.maxBytes))
        try socket.connect(environment.controlAddress)
    }

    // MARK: Being there

    /// Says who this is. The manager answers with `welcome`.
    func sayHello() throws(ZeroMQError) {
        try transmit(Message(.hello, payload: .object(introduction)))
    }

    /// Says again who this is, in a `heartbeat` on control, when that is due: for a manager that has come since.
    ///
    /// - Returns: whether the manager is there, as far as can be told.
    func keepInTouch() throws(ZeroMQError) -> Bool {
        switch lease.look(at: qc_monotonic_ns()) {
        case .wait:
            return true
        case .ask:
            let details = introduction.merging(["status": .string(gauges.status.name)]) { $1 }
            try transmit(Message(.heartbeat, payload: .object(details)))
            return true
        case .over:
            return false
        }
    }

    /// Takes in what has arrived while a callback waits for the manager. Commands are left to be received later.
    ///
    /// - Parameter notice: what to do with a message that is no command; says whether it was one.
    func listen(_ notice: (Message) -> Bool) throws(ZeroMQError) {
        while let bytes = try take() {
            guard let message = try? bytes.withUnsafeBytes({ try Message(parsing: $0) }) else {
                keep(bytes)
                continue
            }
            if notice(message) { continue }
            if backlog.count < Self.maxBacklog {
                backlog.append(bytes)
            } else {
                try answer(
                    message.messageID,
                    "refused",
                    reason: "the strategy waits for the manager to take its signals"
                )
            }
        }
    }

    private func keep(_ bytes: [UInt8]) {
        // It is no message, and only good for a complaint.
        if backlog.count < Self.maxBacklog { backlog.append(bytes) }
    }

    /// Whether ``listen(_:)`` has left something to receive.
    var hasBacklog: Bool { !backlog.isEmpty }

    private var introduction: [String: JSONValue] {
        [
            "identity": .string(environment.identity), "token": .string(environment.token),
            "pid": .integer(Int64(getpid())), "protocol": 1, "runtime": "swift",
        ]
    }

    // MARK: Commands

    func wait(with poller: inout Poller) -> Poller.Item {
        poller.add(socket)
    }

    /// What becomes readable when something has happened to the socket.
    var descriptor: Int32 { socket.descriptor }

    /// Whether there is something to receive.
    func hasInput(isNews: Bool) -> Bool { socket.hasInput(isNews: isNews) }

    /// Takes the next arrival, `nil` when there is none.
    func receive() throws(ZeroMQError) -> Arrival? {
        guard let bytes = try hasBacklog ? backlog.removeFirst() : take() else { return nil }
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(ProtocolError) in try Message(parsing: bytes) }
        }
        switch result {
        case .success(let message):
            guard let index = answers.firstIndex(where: { $0.commandID == message.messageID }) else {
                return .message(message)
            }
            try transmit(answers[index].answer)
            return .repeated
        case .failure(let error):
            let value = bytes.withUnsafeBytes { try? JSONValue(parsing: $0) }
            return .unreadable(error, messageID: value?["msg_id"]?.stringValue)
        }
    }

    /// Sends a message that answers nothing.
    func send(_ message: Message) throws(ZeroMQError) {
        try transmit(message)
    }

    /// Answers a command: `accepted`, `done` or `refused`.
    func answer(
        _ commandID: String,
        _ result: String,
        reason: String? = nil,
        details: [String: JSONValue] = [:]
    ) throws(ZeroMQError) {
        var payload = details
        payload["result"] = .string(result)
        payload["reason"] = reason.map(JSONValue.string)
        let answer = Message(.ack, payload: .object(payload), replyTo: commandID)
        answers.removeAll { $0.commandID == commandID }
        answers.append((commandID, answer))
        if answers.count > Self.remembered { answers.removeFirst() }
        try transmit(answer)
    }

    private func take() throws(ZeroMQError) -> [UInt8]? {
        guard let frames = try socket.receive() else { return nil }
        lease.heard()
        // A leading empty frame is allowed, as a REQ peer would send it.
        return frames.first { !$0.isEmpty } ?? []
    }

    private func transmit(_ message: Message) throws(ZeroMQError) {
        var message = message
        let speaker = gauges.currentSpeaker
        message.workerID = speaker.workerID
        message.generation = speaker.generation
        // While the manager is away the queue may be full of introductions, and then needs no more of them. An answer finds room: the
        // command that it answers has come over the connection that empties the queue.
        try socket.send([message.bytes])
    }
}
