import CLinux
import WireProtocol
import ZeroMQ

/// The worker's end of `history`: asks for ranges of recorded data and reads the answer message by message, without waiting.
final class HistoryLink {
    /// What is there to take.
    enum Arrival {
        case nothing
        /// The beginning of the answer to what was asked last.
        case answer(ReplayAnswer)
        /// There is no answer now, and why. That says nothing about the data: it is asked for again by and by.
        case refused(String)
        /// One message: ``topicFrame`` and ``bodyFrame``.
        case message
        /// The end of the answer.
        case end
    }

    // How long to wait for an answer before asking again: longer each time, since a server that is busy needs no second request.
    private static let shortestPatience: Int64 = 5_000_000_000
    private static let longestPatience: Int64 = 60_000_000_000

    private(set) var topicFrame = Frame()
    private(set) var bodyFrame = Frame()

    private struct Question {
        let request: ReplayRequest
        var messageID: String
        var askedAt: Int64
        var patience = HistoryLink.shortestPatience
    }

    private let socket: Socket
    private let address: String
    private let curve: CurveClient?
    /// Most workers never ask, and each connection takes 32 KB of the manager's memory.
    private var isConnected = false
    private let gauges: WorkerGauges
    private var question: Question?
    private var isReading = false
    /// Whether the answer goes on behind what has been read of it.
    private var hasMore = false

    init(
        context: ZeroMQ.Context,
        address: String,
        identity: String,
        curve: CurveClient?,
        gauges: WorkerGauges
    ) throws(ZeroMQError) {
        self.gauges = gauges
        socket = try Socket(context, .dealer)
        try socket.set(.routingID, identity)
        try socket.set(.maxMessageSize, Int64(Message.maxBytes))
        self.address = address
        self.curve = curve
    }

    func wait(with poller: inout Poller) -> Poller.Item {
        poller.add(socket)
    }

    /// What becomes readable when something has happened to the socket.
    var descriptor: Int32 { socket.descriptor }

    /// Whether there is something to receive.
    func hasInput(isNews: Bool) -> Bool { socket.hasInput(isNews: isNews) }

    /// When to look whether the answer is overdue; `nil` while none is waited for.
    var nextLook: Int64? { isReading ? nil : question.map { $0.askedAt + $0.patience } }

    /// Asks, once the answer to what was asked before has been read.
    func ask(_ request: ReplayRequest, at now: Int64) throws(ZeroMQError) {
        if !isConnected {
            try socket.connect(address, with: curve)
            isConnected = true
        }
        let message = message(request)
        question = Question(request: request, messageID: message.messageID, askedAt: now)
        try socket.send([message.bytes])
    }

    /// Asks again where the answer is overdue, or at once because another manager has come.
    func askAgain(at now: Int64, isUrgent: Bool = false) throws(ZeroMQError) {
        guard !isReading, var question, isUrgent || now - question.askedAt >= question.patience else { return }
        let message = message(question.request)
        question.messageID = message.messageID
        question.askedAt = now
        question.patience = min(question.patience * 2, Self.longestPatience)
        self.question = question
        try socket.send([message.bytes])
    }

    /// Whether the end of an answer is what comes next: it is no frame, so that no socket says that it is there.
    var isAtEnd: Bool { isReading && !hasMore }

    /// Takes the next arrival.
    func receive() throws(ZeroMQError) -> Arrival {
        if isReading { return try readOn() }
        while try socket.receive(into: &topicFrame) {
            if topicFrame.count == 0, topicFrame.hasMore { continue }
            let answer = topicFrame.withBytes { try? Message(parsing: $0) }
            hasMore = topicFrame.hasMore
            guard let question, let answer, answer.replyTo == question.messageID else {
                // To a request that was asked again meanwhile.
                try socket.discardRest(after: &topicFrame)
                continue
            }
            guard answer.type == .ack, answer.payload["result"]?.stringValue == "done" else {
                try socket.discardRest(after: &topicFrame)
                return .refused(answer.payload["message"]?.stringValue ?? "no reason given")
            }
            isReading = true
            return .answer(ReplayAnswer(payload: answer.payload))
        }
        return .nothing
    }

    private func readOn() throws(ZeroMQError) -> Arrival {
        // The frames of one message arrive together.
        guard hasMore, try socket.receive(into: &topicFrame, wait: true), topicFrame.hasMore,
            try socket.receive(into: &bodyFrame, wait: true)
        else {
            (isReading, hasMore, question) = (false, false, nil)
            return .end
        }
        hasMore = bodyFrame.hasMore
        return .message
    }

    private func message(_ request: ReplayRequest) -> Message {
        let speaker = gauges.currentSpeaker
        return Message(.replay, workerID: speaker.workerID, payload: request.payload, generation: speaker.generation)
    }
}
