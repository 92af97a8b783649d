internal import Logging
internal import WireProtocol
internal import ZeroMQ

/// The sockets of the control loop: envelopes in, envelopes out.
///
/// Whatever comes in is hostile until it has been read as an envelope: garbage is counted, logged at a limited rate, and answered where
/// there is somebody to answer.
final class ControlPlane {
    /// Who gets what comes in.
    struct Handlers {
        /// A worker's message over control, with the identity of its socket.
        var control: (_ identity: [UInt8], Message) -> Void
        /// A heartbeat of the usual shape over status; returns whether that was all there is to do with it.
        var heartbeat: (Heartbeat) -> Bool
        /// Any other message of a worker over status.
        var status: (Message) -> Void
        /// A client's request over admin.
        var admin: (Requester) -> Void
        /// Bytes that are no envelope.
        var refused: (_ endpoint: String, ProtocolError, _ bytes: Int) -> Void
    }

    /// How many messages of one socket are read in one go, before the loop looks at anything else.
    private static let batch = 1000
    /// What libzmq lets through before it cuts a peer off: more than is accepted, so that a little too much gets an answer.
    private static let maxFrameBytes = Int64(Message.maxBytes) * 4
    /// How many messages wait on a socket.
    private static let highWaterMark: Int32 = 100_000

    private let control: Socket
    private let status: Socket
    private let admin: Socket
    private let events: Socket
    private let loop: EventLoop
    private let logger: Logger
    private let handlers: Handlers
    private var watches: [EventLoop.Watch] = []
    private var statusWatch: EventLoop.Watch?
    /// How long status is left alone after it was read. Where many workers beat, one beat comes shortly after the other.
    var statusRest = Duration.zero
    /// How many messages have come over status.
    private(set) var statusCount: UInt64 = 0

    /// Binds the sockets and begins to read.
    ///
    /// - Throws: ``ZeroMQError`` when an address is in use or cannot be bound.
    init(
        context: Context,
        endpoints: Endpoints,
        loop: EventLoop,
        logger: Logger,
        handlers: Handlers
    ) throws(ZeroMQError) {
        control = try Socket(context, .router)
        status = try Socket(context, .pull)
        admin = try Socket(context, .router)
        events = try Socket(context, .pub)
        self.loop = loop
        self.logger = logger
        self.handlers = handlers
        for socket in [.control, .admin] as [Endpoint] {
            try with(socket) { router throws(ZeroMQError) in
                try router.set(.routerMandatory, 1)
                try router.set(.routerHandover, 1)
            }
        }
        try bind(.control, endpoints.control)
        try bind(.status, endpoints.status)
        try bind(.admin, endpoints.admin)
        try bind(.events, endpoints.events)
        let statusWatch = loop.watch(status) { [unowned self] in readStatusThenRest() }
        watches = [
            statusWatch,
            loop.watch(control) { [unowned self] in readControl() },
            loop.watch(admin) { [unowned self] in readAdmin() },
        ]
        self.statusWatch = statusWatch
    }

    /// Stops reading; the sockets close with this object.
    func close() {
        for watch in watches { loop.unwatch(watch) }
        watches = []
    }

    // MARK: Sending

    /// Sends a message to a worker. Returns whether there is one of that identity whose queue has room.
    @discardableResult
    func send(_ message: Message, to identity: String) -> Bool {
        send(message.bytes, over: control, to: Array(identity.utf8))
    }

    /// Sends an event to the subscribers.
    func publish(_ topic: String, _ message: Message) {
        do {
            try events.send([Array(topic.utf8), message.bytes])
        } catch {
            logger.error("an event cannot be published: \(error)")
        }
    }

    private func answer(_ message: [UInt8], to peer: [UInt8]) {
        send(message, over: admin, to: peer)
    }

    @discardableResult
    private func send(_ message: [UInt8], over router: borrowing Socket, to peer: [UInt8]) -> Bool {
        do {
            return try router.send([peer, message])
        } catch {
            // The peer has gone; whoever waits for its answer has a deadline of its own.
            logger.debug("no such peer: \(error)", metadata: ["peer": "\(String(decoding: peer, as: UTF8.self))"])
            return false
        }
    }

    // MARK: Receiving

    private func readStatusThenRest() {
        readStatus()
        if statusRest > .zero, let statusWatch { loop.rest(statusWatch, for: statusRest) }
    }

    /// Reads what has come in over status. Called also before somebody is condemned for silence.
    func readStatus() {
        receive(
            "status",
            status,
            take: { frame in
                guard let heartbeat = frame.withBytes({ Heartbeat(parsing: $0) }), handlers.heartbeat(heartbeat) else {
                    return false
                }
                statusCount += 1
                return true
            },
            handle: { _, message, _ in
                statusCount += 1
                handlers.status(message)
            }
        )
    }

    /// Reads what has come in over control. Called also before a process counts as gone.
    func readControl() {
        receive(
            "control",
            control,
            handle: { peer, message, _ in handlers.control(peer, message) },
            onGarbage: { send($1.bytes, over: control, to: $0) }
        )
    }

    private func readAdmin() {
        receive(
            "admin",
            admin,
            handle: { peer, message, origin in
                handlers.admin(
                    Requester(
                        request: message,
                        origin: origin,
                        answer: { [weak self] in self?.answer($0.bytes, to: peer) },
                        repeatAnswer: { [weak self] in self?.answer($0, to: peer) }
                    )
                )
            },
            onGarbage: { answer($1.bytes, to: $0) }
        )
    }

    /// Reads a socket's messages. `[identity, ""?, body]` from a ROUTER, `[body]` from a PULL. What is no envelope is answered
    /// through `onGarbage`, where there is a peer, and counted. `take` may deal with a message by its first frame.
    private func receive(
        _ endpoint: String,
        _ socket: borrowing Socket,
        take: (borrowing Frame) -> Bool = { _ in false },
        handle: (_ peer: [UInt8], Message, CommandOrigin) -> Void,
        onGarbage: (_ peer: [UInt8], _ answer: Message) -> Void = { _, _ in }
    ) {
        let hasPeer = endpoint != "status"
        var frame = Frame()
        do {
            for _ in 0..<Self.batch {
                guard try socket.receive(into: &frame) else { return }
                if !frame.hasMore, take(frame) { continue }
                var frames = try socket.receiveRest(after: &frame, maxFrames: 4)
                // By the last frame: libzmq makes the first one of a ROUTER itself, and does not always say whose it is.
                let origin = CommandOrigin(frame)
                let bytes = frames.reduce(0) { $0 + $1.count }
                let peer = hasPeer ? frames.removeFirst() : []
                if frames.count > 1, frames[0].isEmpty { frames.removeFirst() }
                do throws(ProtocolError) {
                    guard frames.count == 1 else { throw ProtocolError("\(frames.count) frames where one is expected") }
                    handle(peer, try Message.parse(frames[0]), origin)
                } catch {
                    onGarbage(peer, .refusal(error, of: frames))
                    handlers.refused(endpoint, error, bytes)
                }
            }
        } catch {
            logger.error("\(endpoint) cannot be read: \(error)")
        }
    }

    // MARK: Setting up

    private enum Endpoint {
        case control
        case status
        case admin
        case events
    }

    private func with(_ endpoint: Endpoint, _ body: (borrowing Socket) throws(ZeroMQError) -> Void) throws(ZeroMQError)
    {
        switch endpoint {
        case .control: try body(control)
        case .status: try body(status)
        case .admin: try body(admin)
        case .events: try body(events)
        }
    }

    private func bind(_ endpoint: Endpoint, _ addresses: [String]) throws(ZeroMQError) {
        try with(endpoint) { socket throws(ZeroMQError) in
            try socket.set(.maxMessageSize, Self.maxFrameBytes)
            try socket.set(.sendHighWaterMark, Self.highWaterMark)
            try socket.set(.receiveHighWaterMark, Self.highWaterMark)
            for address in addresses { try socket.bind(address) }
        }
    }
}

extension Message {
    /// The answer to frames that are no envelope; it names their `msg_id` where that much can be read.
    fileprivate static func refusal(_ error: ProtocolError, of frames: [[UInt8]]) -> Message {
        var answer = Message.error(
            nil,
            error.description,
            details: ["result": "refused", "code": "INVALID_PARAMETERS"]
        )
        if frames.count == 1, frames[0].count <= maxBytes {
            let value = frames[0].withUnsafeBytes { try? JSONValue(parsing: $0) }
            answer.replyTo = value?["msg_id"]?.stringValue
        }
        return answer
    }

    fileprivate static func parse(_ bytes: [UInt8]) throws(ProtocolError) -> Message {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(ProtocolError) in try Message(parsing: bytes) }
        }.get()
    }
}
