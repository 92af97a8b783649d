import StrategyKit
import WireProtocol
import ZeroMQ

/// Gets the last recorded messages of one topic while the strategy waits.
///
/// Each query has a socket of its own: it is asked in the middle of a callback, when an answer may be half read on the other one.
struct HistoryQuery: ~Copyable {
    private static let timeoutMilliseconds: Int32 = 5000

    private let topic: Topic
    private let kind: DataKind
    private let socket: Socket
    // Used again for every message.
    private var frame = Frame()

    /// - Parameter socket: as ``connect(_:_:)`` makes it.
    init(_ topic: Topic, _ kind: DataKind, over socket: consuming Socket) {
        self.topic = topic
        self.kind = kind
        self.socket = socket
    }

    static func connect(
        _ context: ZeroMQ.Context,
        _ address: String,
        _ curve: CurveClient?
    ) throws(ZeroMQError) -> Socket {
        let socket = try Socket(context, .dealer)
        try socket.set(.receiveTimeout, timeoutMilliseconds)
        try socket.set(.maxMessageSize, Int64(Message.maxBytes))
        try socket.connect(address, with: curve)
        return socket
    }

    /// The last `count` messages, oldest first.
    ///
    /// - Parameter before: only what came before this sequence.
    /// - Throws: ``StrategyError`` when no answer came in time, or a refusal; ``ZeroMQError``.
    mutating func last(_ count: Int, before: UInt64?) throws -> [MarketEvent] {
        var pages: [[MarketEvent]] = []
        var missing = count
        var before = before
        // An answer has only so much in it: then the next one is about what came before that.
        while missing > 0, before.map({ $0 > 1 }) ?? true {
            let page = try page(min(missing, ReplayRequest.maxMessages), before: before)
            guard let first = page.first else { break }
            pages.append(page)
            missing -= page.count
            before = first.sequence
        }
        return pages.reversed().flatMap { $0 }
    }

    private mutating func page(_ count: Int, before: UInt64?) throws -> [MarketEvent] {
        let name = topic.description
        let request = HistoryRequest(counts: [name: count], before: before.map { [name: $0] } ?? [:])
        let message = Message(.history, payload: request.payload)
        try socket.send([message.bytes])
        try readHead(of: message)
        var events: [MarketEvent] = []
        while frame.hasMore, try socket.receive(into: &frame, wait: true), frame.hasMore,
            try socket.receive(into: &frame, wait: true)
        {
            // What cannot be read was refused at the door, or is no answer to this question.
            if let event = frame.withBytes({ try? MarketEvent(parsing: $0, kind: kind) }) { events.append(event) }
        }
        return events
    }

    private mutating func readHead(of request: Message) throws {
        repeat {
            guard try socket.receive(into: &frame, wait: true) else {
                throw StrategyError("history: no answer from the manager within \(Self.timeoutMilliseconds / 1000) s")
            }
        } while frame.count == 0 && frame.hasMore
        let answer = try frame.withBytes { try Message(parsing: $0) }
        guard answer.replyTo == request.messageID, answer.payload["result"]?.stringValue == "done" else {
            throw StrategyError("history: \(answer.payload["message"]?.stringValue ?? "the manager gives none")")
        }
    }
}
