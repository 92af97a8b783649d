import WireProtocol
import ZeroMQ

/// The worker's end of control: reads commands, answers them, and answers a repeated one again without carrying it out again.
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

    private let socket: Socket
    private let gauges: WorkerGauges
    /// The last answer to each of the latest commands, oldest first: at most ``remembered``.
    private var answers: [(commandID: String, answer: Message)] = []

    init(context: ZeroMQ.Context, environment: WorkerEnvironment, gauges: WorkerGauges) throws(ZeroMQError) {
        self.gauges = gauges
        socket = try Socket(context, .dealer)
        try socket.set(.routingID, environment.identity)
        try socket.set(.linger, 1000)
        try socket.set(.maxMessageSize, Int64(Message.maxBytes))
        try socket.connect(environment.controlAddress)
    }

    func wait(with poller: inout Poller) -> Poller.Item {
        poller.add(socket)
    }

    /// Takes the next arrival, `nil` when there is none.
    func receive() throws(ZeroMQError) -> Arrival? {
        guard let frames = try socket.receive() else { return nil }
        // A leading empty frame is allowed, as a REQ peer would send it.
        let bytes = frames.first { !$0.isEmpty } ?? []
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

    private func transmit(_ message: Message) throws(ZeroMQError) {
        var message = message
        let speaker = gauges.currentSpeaker
        message.workerID = speaker.workerID
        message.generation = speaker.generation
        // Answers are as few as commands: the queue of this socket cannot be full of them.
        try socket.send([message.bytes])
    }
}
