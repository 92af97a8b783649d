internal import Logging
internal import MarketRecord
internal import Synchronization
internal import WireProtocol
internal import ZeroMQ

/// Answers questions about recorded data, on a thread of its own: reading from disk never delays what is live.
///
/// Before it reads, it has the recorder write what has been taken in. So an answer is final: what was published before the question and is
/// not in the answer is not in the record, and never will be.
actor HistoryServer {
    /// The socket, open between ``start()`` and ``stop()``.
    private final class Opened {
        let socket: Socket
        var watch: EventLoop.Watch?

        init(_ context: Context, _ addresses: [String], guardedBy socketGuard: SocketGuard?) throws(ZeroMQError) {
            socket = try Socket(context, .router)
            // An answer may have megabytes, and a peer that asks and does not read gets no more of them than these.
            try socket.set(.sendHighWaterMark, 8)
            // It is waited for a moment, not longer: the others have questions too. (Without these two libzmq drops the answer at once, also
            // where it only has not noticed yet that the peer has read the one before.)
            try socket.set(.routerMandatory, 1)
            try socket.set(.sendTimeout, 50)
            try socket.set(.maxMessageSize, Int64(Message.maxBytes))
            // A worker that connects again comes under the same identity.
            try socket.set(.routerHandover, 1)
            try socket.bind(addresses, domain: "history", guardedBy: socketGuard)
        }
    }

    private enum Question {
        case replay(ReplayRequest)
        case history(HistoryRequest)
    }

    /// How many requests are read in one go.
    private static let batch = 100
    /// The most messages of a topic that `history` gives.
    private static let maxLast = 100_000

    private nonisolated let loop: EventLoop
    private let context: Context
    private let addresses: [String]
    private let socketGuard: SocketGuard?
    private let record: MarketRecord?
    private let logger: Logger
    private var opened: Opened?
    private var reader: RecordReader?
    /// Requests that wait for what is being written.
    private var waiting = HistoryQueue<(Message, Question)>()
    /// Requests for which everything is on disk.
    private var ready = HistoryQueue<(Message, Question)>()
    private var isFlushing = false
    private var isServing = false
    private var dropSampler = RefusalSampler(perSecond: 10)
    private let counted = Mutex(HistoryCounters())

    /// What it has done; may be read from any thread.
    nonisolated var counters: HistoryCounters { counted.withLock { $0 } }

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        context: Context,
        configuration: BrokerConfiguration,
        guardedBy socketGuard: SocketGuard? = nil,
        record: MarketRecord?,
        logger: Logger
    ) throws(BrokerError) {
        do throws(ZeroMQError) {
            loop = try EventLoop(name: "qc-history")
        } catch {
            throw BrokerError("\(error)")
        }
        self.context = context
        addresses = configuration.historyAddresses
        self.socketGuard = socketGuard
        self.record = record
        self.logger = logger
    }

    deinit {
        loop.stop()
    }

    /// - Throws: ``ZeroMQError`` when an address cannot be bound.
    func start() throws {
        guard opened == nil else { return }
        let opened = try Opened(context, addresses, guardedBy: socketGuard)
        opened.watch = loop.watch(opened.socket) { [unowned self] in assumeIsolated { $0.read() } }
        self.opened = opened
    }

    func stop() {
        if let watch = opened?.watch { loop.unwatch(watch) }
        opened = nil
        reader = nil
        waiting.removeAll()
        ready.removeAll()
    }

    // MARK: Requests

    private func read() {
        guard let opened else { return }
        do throws(ZeroMQError) {
            for _ in 0..<Self.batch {
                guard let frames = try opened.socket.receive(maxFrames: 3), let body = frames.last else { break }
                take(body, isAlone: frames.count == 2 || frames.count == 3 && frames[1].isEmpty, from: frames[0])
            }
        } catch {
            logger.error("'history' cannot be read: \(error)")
        }
        flush()
    }

    private func take(_ body: [UInt8], isAlone: Bool, from peer: [UInt8]) {
        counted.withLock { $0.requests += 1 }
        var request: Message?
        do {
            guard isAlone else { throw ProtocolError("one frame with an envelope is needed") }
            let message = try body.withUnsafeBytes { try Message(parsing: $0) }
            request = message
            guard waiting.add((message, try Self.question(message)), from: peer) else {
                throw ProtocolError("more than \(HistoryQueue<Question>.maxPerPeer) questions wait for an answer")
            }
        } catch {
            refuse("\(error)", request, peer)
        }
    }

    private static func question(_ message: Message) throws(ProtocolError) -> Question {
        switch message.type {
        case .replay: return .replay(try ReplayRequest(payload: message.payload))
        case .history: return .history(try HistoryRequest(payload: message.payload))
        default: throw ProtocolError("'\(message.type.rawValue)' on the history socket, which takes replay and history")
        }
    }

    /// Has everything written that has been taken in, then answers all that were waiting when it began.
    private func flush() {
        guard !isFlushing, !waiting.isEmpty else { return }
        while let (peer, request) = waiting.next() {
            if !ready.add(request, from: peer) { refuse("too many questions wait for an answer", request.0, peer) }
        }
        guard let record else { return serve() }
        isFlushing = true
        record.flush { [weak self, loop] result in
            loop.execute { [weak self] in self?.assumeIsolated { $0.flushed(result) } }
        }
    }

    private func flushed(_ result: Result<Void, RecordError>) {
        isFlushing = false
        if case .failure(let error) = result {
            // Whatever was asked for may still come to be on disk: that it is lost cannot be said.
            while let (peer, request) = ready.next() { refuse("\(error)", request.0, peer) }
        }
        serve()
    }

    /// Answers one request, then lets the loop look at its socket.
    private func serve() {
        guard !isServing, !isFlushing else { return }
        guard let (peer, (request, question)) = ready.next() else { return flush() }
        answer(request, question, peer)
        isServing = true
        loop.execute { [weak self] in self?.assumeIsolated { $0.serveNext() } }
    }

    private func serveNext() {
        isServing = false
        serve()
    }

    // MARK: Answers

    private func answer(_ request: Message, _ question: Question, _ peer: [UInt8]) {
        do throws(RecordError) {
            let chunk =
                switch question {
                case .replay(let request): try replay(request)
                case .history(let request): try history(request)
                }
            send(chunk, to: request, peer)
        } catch {
            logger.error("the record cannot be read: \(error)")
            refuse("\(error)", request, peer)
        }
    }

    private func replay(_ request: ReplayRequest) throws(RecordError) -> RecordChunk {
        // What is beyond the reader's bound is asked for again.
        let ranges = request.ranges.prefix(RecordReader.maxRanges).map {
            RecordRange(topic: $0.topic, from: $0.from, to: $0.to)
        }
        var chunk: RecordChunk
        if let reader = try openReader() {
            chunk = try reader.messages(
                ranges,
                limit: request.limit,
                maxBytes: ReplayRequest.maxBytes,
                format: request.format.recorded
            )
        } else {
            chunk = RecordChunk()
            chunk.lost = ranges.map { LostRange(topic: $0.topic, from: $0.from, to: $0.to, reason: .recordOff) }
        }
        if ranges.count < request.ranges.count { chunk.more = true }
        return chunk
    }

    private func history(_ request: HistoryRequest) throws(RecordError) -> RecordChunk {
        guard let reader = try openReader() else { return RecordChunk() }
        let counts = request.counts.sorted { $0.key < $1.key }.prefix(RecordReader.maxRanges)
        return try reader.last(
            Dictionary(uniqueKeysWithValues: counts.map { ($0.key, min($0.value, Self.maxLast)) }),
            before: request.before,
            maxBytes: ReplayRequest.maxBytes,
            format: request.format.recorded
        )
    }

    private func openReader() throws(RecordError) -> RecordReader? {
        if let reader { return reader }
        guard let record else { return nil }
        let opened = try RecordReader(record.configuration)
        reader = opened
        return opened
    }

    private func send(_ chunk: RecordChunk, to request: Message, _ peer: [UInt8]) {
        counted.withLock { $0.messages += UInt64(chunk.messages.count) }
        let answer = ReplayAnswer(
            count: chunk.messages.count,
            lost: chunk.lost.map {
                ReplayLoss(ReplayRange(topic: $0.topic, from: $0.from, to: $0.to), reason: $0.reason.rawValue)
            },
            more: chunk.more
        )
        var frames = [peer, Message.ack(request, result: "done", details: answer.payload).bytes]
        frames.reserveCapacity(2 + 2 * chunk.messages.count)
        for message in chunk.messages {
            frames.append(Array(message.topic.utf8))
            frames.append(message.body)
        }
        send(frames)
    }

    /// Counts a question that cannot be answered, and says why.
    private func refuse(_ reason: String, _ request: Message?, _ peer: [UInt8]) {
        counted.withLock { $0.refused += 1 }
        let message = Message(
            .error,
            workerID: request?.workerID,
            payload: ["message": .string(reason)],
            replyTo: request?.messageID
        )
        // Without waiting: whoever sends garbage and reads nothing must not hold up the others' answers.
        send([peer, message.bytes], waits: false)
    }

    private func send(_ frames: [[UInt8]], waits: Bool = true) {
        do throws(ZeroMQError) {
            guard try opened?.socket.send(frames, wait: waits) == false else { return }
            counted.withLock { $0.dropped += 1 }
            guard let unreported = dropSampler.admit(at: WallClock.nanoseconds()) else { return }
            let others = unreported > 0 ? " (and \(unreported) others)" : ""
            logger.warning("an answer about recorded data was dropped: whoever asked does not read\(others)")
        } catch {
            // Whoever asked may be gone.
            guard error.code != .unreachable else { return }
            logger.error("a question about recorded data cannot be answered: \(error)")
        }
    }
}

extension BodyFormat {
    fileprivate var recorded: RecordFormat {
        switch self {
        case .binary: .binary
        case .json: .json
        }
    }
}
