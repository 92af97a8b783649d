package import BroadcastRing
package import Logging
package import MarketRecord
public import WireProtocol
package import ZeroMQ

/// Takes market data from publishers, checks and numbers it, and fans it out.
///
/// It lives on the data loop, and the path of a message from `feed` to `data` never leaves that thread. Nothing on the control
/// side can hold it up.
public actor DataBroker {
    package nonisolated let loop: EventLoop
    let configuration: BrokerConfiguration
    let logger: Logger
    private let context: Context
    let record: MarketRecord?
    let history: HistoryServer?
    private let onRecordFailure: @Sendable (String?) -> Void
    /// What opening the record has changed of the topics' sequences.
    package nonisolated let corrections: [SequenceCorrection]

    /// Where workers find the ring in shared memory; `nil` without one.
    package nonisolated let ringOffer: RingOffer?

    var sockets: BrokerSockets?
    var intake: Intake
    /// How many messages it has sent on; any thread may look.
    package nonisolated let published: PublishedCount
    var subscriptions = Subscriptions()
    var feeds: [any Feed] = []
    /// The watches of the sockets that bring data; none while the record has no room.
    var inputs: [EventLoop.Watch] = []
    private var subscriptionWatch: EventLoop.Watch?
    /// Whether the record has been started, which goes on when the broker stops.
    private var isRecording = false
    /// Whether everybody waits for the record to have room.
    var isPaused = false
    /// Callers in this process who wait with the others.
    var waiters: [CheckedContinuation<Void, Never>] = []

    /// The data loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Makes a broker; nothing is bound before ``start()``.
    ///
    /// - Parameters:
    ///   - loop: The thread that it lives on; nothing slow should share it.
    ///   - context: The ZeroMQ context of its sockets.
    ///   - configuration: Addresses and bounds.
    ///   - record: Where messages are recorded; it is started and not stopped by the broker. Without it nothing is recorded.
    ///   - logger: Where it tells about feeds and refused messages.
    ///   - onRefused: Called on the loop with a sample of the refused messages; must not block.
    ///   - onRecordFailure: Called on the recorder's thread with the reason when recording fails, and with `nil` when it works again;
    ///     must not block.
    /// - Throws: ``BrokerError`` when the sequences of the data folder cannot be opened, or the shared memory that is asked for cannot be had.
    package init(
        loop: EventLoop,
        context: Context,
        configuration: BrokerConfiguration,
        record: MarketRecord? = nil,
        logger: Logger,
        onRefused: @escaping @Sendable (Refusal) -> Void,
        onRecordFailure: @escaping @Sendable (String?) -> Void = { _ in }
    ) throws(BrokerError) {
        self.loop = loop
        self.context = context
        self.configuration = configuration
        self.record = record
        self.logger = logger
        self.onRecordFailure = onRecordFailure
        var ledger = try TopicLedger.open(path: configuration.ledgerPath, capacity: configuration.maxTopics)
        corrections =
            record.map {
                SequenceRecovery.apply(to: &ledger, recorded: $0.recovered, isSameBoot: $0.isSameBoot)
            } ?? []
        let ring = try Self.makeRing(configuration, logger)
        ringOffer = ring?.offer
        intake = Intake(
            topics: try TopicTable(ledger: ledger, maxTopics: configuration.maxTopics) { topic in
                record?.wants(topic) ?? false
            },
            configuration: configuration,
            record: record,
            ring: ring,
            logger: logger,
            onRefused: onRefused
        )
        published = intake.published
        history =
            configuration.historyAddresses.isEmpty
            ? nil : try HistoryServer(context: context, configuration: configuration, record: record, logger: logger)
    }

    private static func makeRing(
        _ configuration: BrokerConfiguration,
        _ logger: Logger
    ) throws(BrokerError) -> RingWriter? {
        guard configuration.dataLane != .zmq else { return nil }
        do throws(RingError) {
            return try RingWriter(bytes: max(configuration.ringBytes, configuration.maxMessageBytes * 4))
        } catch {
            guard configuration.dataLane == .auto else {
                throw BrokerError("no shared memory for market data: \(error); 'data_lane: auto' goes on without")
            }
            logger.notice("market data goes to workers over ZeroMQ, since there is no shared memory for it: \(error)")
            return nil
        }
    }

    /// Binds the sockets and begins to take data.
    ///
    /// - Throws: ``ZeroMQError`` when an address is in use or cannot be bound; an error of the record when its thread cannot be made.
    package func start() async throws {
        guard sockets == nil else { return }
        let sockets = try BrokerSockets(context, configuration)
        if !isRecording {
            try record?.start(recordEvents())
            isRecording = true
        }
        subscriptionWatch = loop.watch(sockets.data) { [unowned self] in assumeIsolated { $0.readSubscriptions() } }
        self.sockets = sockets
        watchInputs()
        do {
            try await history?.start()
        } catch {
            await stop()
            throw error
        }
    }

    /// Stops the feeds of the manager's own.
    package func stopFeeds() {
        for feed in feeds { feed.stop() }
        feeds = []
    }

    /// Stops the feeds and closes the sockets. What has been taken has been sent on; the record is to be stopped after this.
    package func stop() async {
        stopFeeds()
        unwatchInputs()
        if let watch = subscriptionWatch { loop.unwatch(watch) }
        subscriptionWatch = nil
        sockets = nil
        intake.drop()
        intake.listeners.finish()
        goOn()
        await history?.stop()
    }

    /// Starts a feed of the manager's own.
    ///
    /// - Throws: ``BrokerError`` when its file cannot be read, or the broker is not started.
    package func start(_ configuration: FeedConfiguration) throws(BrokerError) {
        guard sockets != nil else { throw BrokerError("the broker is stopped: it starts no feed") }
        let feed = try configuration.makeFeed(on: loop, logger: logger) { [weak self] topic, event in
            self?.assumeIsolated { $0.take(event, topic: topic) } ?? false
        }
        feeds.append(feed)
        feed.start()
    }

    private func recordEvents() -> RecordEvents {
        RecordEvents(
            onRecorded: { [weak self, loop] numbers in
                loop.execute { [weak self] in self?.assumeIsolated { $0.recorded(numbers) } }
            },
            onRoom: { [weak self, loop] in loop.execute { [weak self] in self?.assumeIsolated { $0.resume() } } },
            onFailure: { [onRecordFailure] error in onRecordFailure(error.map { "\($0)" }) }
        )
    }

    // MARK: For embedders

    /// Publishes market data, as a publisher over `feed` would. Waits while the disk is behind, as they do.
    ///
    /// - Parameters:
    ///   - symbol: The instrument.
    ///   - dataType: The kind of data, such as `kline`.
    ///   - data: The `data` object of the JSON body.
    /// - Returns: The sequence that the message got in its topic.
    /// - Throws: ``ProtocolError`` when the message is refused, or the broker stops.
    @discardableResult
    public func publish(symbol: String, dataType: String, data: JSONValue) async throws -> UInt64 {
        let message = Message.marketData(symbol: symbol, dataType: dataType, data: data)
        while isPaused { await waitForRoom() }
        guard let sockets else { throw Self.stopped }
        let sequence = try intake.take(json: message.bytes, sockets)
        pauseIfBlocked()
        if isPaused {
            await waitForRoom()
            guard self.sockets != nil else { throw Self.stopped }
        }
        return sequence
    }

    private static let stopped = ProtocolError("the broker is stopped")

    /// Listens in this process to some topics.
    ///
    /// - Parameters:
    ///   - symbols: The instruments.
    ///   - dataTypes: The kinds of data; only those with a fixed meaning are delivered.
    ///   - bufferSize: How many events wait for a listener that is behind; then the oldest are dropped, which its sequences show.
    /// - Returns: The events, numbered, from now on; it ends when the broker stops.
    public func subscribe(
        symbols: [String],
        dataTypes: [String],
        bufferSize: Int = 10_000
    ) throws -> AsyncStream<(topic: Topic, event: MarketEvent)> {
        var wanted: Set<Topic> = []
        for symbol in symbols {
            for dataType in dataTypes { wanted.insert(try Topic(symbol: symbol, dataType: dataType)) }
        }
        return intake.listeners.add(wanted, bufferSize: bufferSize)
    }

    /// The sum of some topics' sequences: how much they have carried in all.
    package func total(of names: [String]) -> UInt64 {
        names.reduce(0) { sum, name in
            let index = Array(name.utf8).withUnsafeBytes { intake.topics.find($0) }
            return sum &+ (index.map { intake.topics.sequence($0) } ?? 0)
        }
    }

    /// Counts a message on a socket that takes none.
    func refuse(_ error: ProtocolError, bytes: Int) {
        intake.refuse(error, about: nil, bytes: bytes)
    }
}
