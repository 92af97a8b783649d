internal import BroadcastRing
internal import CLinux
internal import CrashPoints
internal import Logging
internal import MarketRecord
internal import WireProtocol
internal import ZeroMQ

/// The path of a message: taken, checked, numbered, handed to the record, sent on.
///
/// All that a message touches is in this one value, so that the path allocates nothing of ours and pays for one exclusive access to it
/// a batch instead of several a message.
struct Intake: ~Copyable {
    /// How many messages are taken in one go, before the loop looks at anything else.
    static let batch = 1000

    /// Where a message came from.
    enum Origin: Equatable {
        /// Nobody waits for an answer.
        case anybody
        /// A publisher that numbers its messages.
        case publisher(Int, number: UInt64)
    }

    /// A message that has been checked and stamped, and is in the two frames.
    struct Checked: Equatable {
        let topic: Int
        let sequence: UInt64
        let receiveTime: Int64
        let eventTime: Int64
        let digest: UInt64
    }

    let configuration: BrokerConfiguration
    let record: MarketRecord?
    let ring: RingWriter?
    let logger: Logger
    private let onRefused: @Sendable (Refusal) -> Void
    private let maxRecordBytes: Int

    var topics: TopicTable
    var publishers: PublisherTable
    var listeners = Listeners()
    var counts = IntakeCounts()
    /// The message for which the record has no room; while there is one, nothing else is taken.
    private(set) var held: (message: Checked, origin: Origin)?
    private var sampler: RefusalSampler
    /// Whether anybody has ever subscribed to market data over a socket. Until then nothing is sent there where there is a ring.
    var hasSubscribers = false
    /// Whether more messages follow at once, so that readers need not be woken for each.
    var isInBatch = false
    /// Messages in the ring that sleeping readers have not been woken for.
    var unwoken = 0

    // Used again for every message.
    var topicFrame = Frame()
    var bodyFrame = Frame()
    var peerFrame = Frame()
    var headFrame = Frame()
    var writer = JSONWriter()
    var stampWriter = JSONWriter()
    var topicBuffer: [UInt8] = []
    var encodeBuffer: [UInt8] = []

    /// For other threads.
    let published = PublishedCount()

    init(
        topics: consuming TopicTable,
        configuration: BrokerConfiguration,
        record: MarketRecord?,
        ring: RingWriter?,
        logger: Logger,
        onRefused: @escaping @Sendable (Refusal) -> Void
    ) {
        self.topics = topics
        self.configuration = configuration
        self.record = record
        self.ring = ring
        self.logger = logger
        self.onRefused = onRefused
        maxRecordBytes = record?.maxMessageBytes ?? 0
        publishers = PublisherTable(known: record?.publishers ?? [:])
        sampler = RefusalSampler(perSecond: configuration.refusedSample)
    }

    /// Whether nothing can be taken until the record has room.
    var isBlocked: Bool { held != nil }

    // MARK: From feed

    /// Takes what publishers have pushed, up to a batch.
    mutating func readFeed(_ sockets: BrokerSockets) throws(ZeroMQError) {
        beginBatch()
        defer { endBatch() }
        for _ in 0..<Self.batch {
            guard !isBlocked, try sockets.feed.receive(into: &topicFrame) else { return }
            guard topicFrame.hasMore else {
                // Whatever is wrong with it has been counted and reported.
                swap(&topicFrame, &bodyFrame)
                _ = try? takeEnvelope(sockets)
                continue
            }
            let topicBytes = topicFrame.count
            guard try sockets.feed.receive(into: &bodyFrame, wait: true) else { return }
            let bytes = topicBytes + bodyFrame.count
            let hasMore = bodyFrame.hasMore
            try sockets.feed.discardRest(after: &bodyFrame)
            do throws(ProtocolError) {
                try take(bytes: bytes, hasMore: hasMore, origin: .anybody, sockets)
            } catch {
                // It has been counted and reported; there is nobody to tell.
            }
        }
    }

    /// Takes the message in ``topicFrame`` and ``bodyFrame``.
    ///
    /// - Parameters:
    ///   - bytes: Length of all its frames.
    ///   - hasMore: Whether it had more frames than these.
    ///   - origin: Whom to answer.
    ///   - sockets: Where it goes.
    /// - Throws: ``ProtocolError`` for one that is refused; that has been counted and reported.
    @discardableResult
    mutating func take(
        bytes: Int,
        hasMore: Bool,
        origin: Origin,
        _ sockets: BrokerSockets
    ) throws(ProtocolError) -> UInt64 {
        counts.received += 1
        var subject: TopicTable.Subject?
        do throws(ProtocolError) {
            let found = try topicFrame.withBytes { bytes throws(ProtocolError) in try topics.subject(of: bytes) }
            subject = found
            topics.countReceived(found)
            guard !hasMore else { throw ProtocolError("more than two frames") }
            let message = try check(found)
            pass(message, origin, sockets)
            return message.sequence
        } catch {
            refuse(error, about: subject, bytes: bytes)
            throw error
        }
    }

    // MARK: Numbering, recording, sending

    /// Hands a checked message to the record and sends it on, or holds it while the record has no room.
    private mutating func pass(_ message: Checked, _ origin: Origin, _ sockets: BrokerSockets) {
        var isAppended = false
        if topics[message.topic].isRecorded {
            isAppended = append(message, origin)
            if !isAppended {
                if configuration.recordPressure == .block, fitsRecord(message) {
                    held = (message, origin)
                    return
                }
                topics[message.topic].unrecorded += 1
                counts.unrecorded += 1
            }
        }
        CrashPoint.reach("intake.appended")
        // Behind the record: what has been numbered and dies with this process is in it, and counts.
        topics.set(message.topic, message.sequence, isRecorded: isAppended)
        CrashPoint.reach("intake.numbered")
        note(message, isAppended)
        if case .publisher(let publisher, let number) = origin {
            publishers.accepted(publisher, number, isAppended: isAppended)
        }
        do throws(ZeroMQError) {
            try send(message.topic, sockets)
        } catch {
            logger.error("market data cannot be sent: \(error)")
        }
        CrashPoint.reach("intake.sent")
    }

    private func append(_ message: Checked, _ origin: Origin) -> Bool {
        guard let record, fitsRecord(message) else { return false }
        func put(_ publisher: UnsafeRawBufferPointer, _ number: UInt64) -> Bool {
            bodyFrame.withBytes { body in
                record.append(
                    topic: topics.name(message.topic),
                    body: body,
                    sequence: message.sequence,
                    receiveTime: message.receiveTime,
                    publisher: publisher,
                    number: number
                )
            }
        }
        guard case .publisher(let publisher, let number) = origin else {
            return put(UnsafeRawBufferPointer(start: nil, count: 0), 0)
        }
        return publishers.idBytes(publisher).withUnsafeBytes { put($0, number) }
    }

    /// Whether the record can ever take a message.
    private func fitsRecord(_ message: Checked) -> Bool {
        bodyFrame.count + Topic.maxBytes + 64 <= maxRecordBytes
    }

    private mutating func note(_ message: Checked, _ isAppended: Bool) {
        topics.update(message.topic) { entry in
            entry.lastReceiveTime = message.receiveTime
            entry.lastEventTime = message.eventTime
            entry.order.note(eventTime: message.eventTime, digest: message.digest)
            entry.published += 1
            if isAppended { entry.recorded += 1 }
        }
        counts.published += 1
        published.set(counts.published)
        if isAppended { counts.recorded += 1 }
    }

    /// Sends ``topicFrame`` and ``bodyFrame`` on; both are empty afterwards.
    private mutating func send(_ index: Int, _ sockets: BrokerSockets) throws(ZeroMQError) {
        if !listeners.isEmpty, let kind = topics[index].kind {
            let event = bodyFrame.withBytes { try? MarketEvent(parsing: $0, kind: kind) }
            if let event { listeners.deliver(event, topic: topics[index].topic) }
        }
        if let ring {
            let isWritten = bodyFrame.withBytes { body in
                ring.write(topic: UInt32(truncatingIfNeeded: index), name: topics.name(index), body: body)
            }
            if isWritten { wakeReaders() }
            guard hasSubscribers else { return }
        }
        // A PUB never blocks: it drops for a subscriber that is at its high-water mark.
        try sockets.data.send(&topicFrame, more: true)
        try sockets.data.send(&bodyFrame)
    }

    /// There may be room: takes the message that waits for it. Returns whether nothing waits any more.
    mutating func release(_ sockets: BrokerSockets) -> Bool {
        guard let (message, origin) = held else { return true }
        held = nil
        pass(message, origin, sockets)
        return !isBlocked
    }

    /// Forgets the message that waits; its publisher has not been told that it was taken.
    mutating func drop() {
        guard let (message, origin) = held else { return }
        held = nil
        if origin == .anybody {
            let topic = topics[message.topic].topic
            logger.error("a message of \(topic) was lost: the broker stopped while the record had no room")
        }
    }

    // MARK: Refusals

    /// Counts a message that is not passed on, and reports it where the sample has room.
    mutating func refuse(_ error: ProtocolError, about subject: TopicTable.Subject?, bytes: Int) {
        counts.refused += 1
        if case .known(let index)? = subject { topics[index].refused += 1 }
        guard let unreported = sampler.admit(at: qc_monotonic_ns()) else { return }
        let topic = subject.map { topics.topic(of: $0).description }
        logger.warning(
            "market data refused: \(error)",
            metadata: ["topic": "\(topic ?? "?")", "bytes": "\(bytes)", "unreported": "\(unreported)"]
        )
        onRefused(Refusal(reason: error.description, topic: topic, bytes: bytes, unreported: unreported))
    }
}

/// What an intake counts over all topics.
struct IntakeCounts {
    var received: UInt64 = 0
    var refused: UInt64 = 0
    var published: UInt64 = 0
    var recorded: UInt64 = 0
    var unrecorded: UInt64 = 0
    /// Messages that publishers have sent again though they had been taken.
    var resent: UInt64 = 0
    /// How often the record had no room and everybody had to wait.
    var blocks: UInt64 = 0
}
