internal import CLinux
package import Logging
public import WireProtocol
package import ZeroMQ

/// Takes market data from publishers, checks and numbers it, and fans it out.
///
/// It lives on the data loop, and the path of a message from `feed` to `data` never leaves that thread. Nothing on the control
/// side can hold it up.
public actor DataBroker {
    /// The sockets, open between ``start()`` and ``stop()``.
    final class Sockets {
        let feed: Socket
        let data: Socket
        var watches: [EventLoop.Watch] = []

        init(_ context: Context, _ configuration: BrokerConfiguration) throws(ZeroMQError) {
            feed = try Socket(context, .pull)
            data = try Socket(context, .xpub)
            try feed.set(.receiveHighWaterMark, Int32(clamping: configuration.highWaterMark))
            // A body that is a little too large is refused with a reason; a peer that sends a huge one is cut off by libzmq.
            try feed.set(.maxMessageSize, Int64(max(configuration.maxMessageBytes, 1 << 20)) * 16)
            try data.set(.sendHighWaterMark, Int32(clamping: configuration.highWaterMark))
            try data.set(.reportEverySubscription, 1)
            try data.set(.maxMessageSize, 4096)
            for address in configuration.feedAddresses { try feed.bind(address) }
            for address in configuration.dataAddresses { try data.bind(address) }
        }
    }

    package nonisolated let loop: EventLoop
    let configuration: BrokerConfiguration
    let logger: Logger
    private let context: Context
    private let onRefused: @Sendable (Refusal) -> Void

    var sockets: Sockets?
    var topics: TopicTable
    var subscriptions = Subscriptions()
    var received: UInt64 = 0
    var refused: UInt64 = 0
    var published: UInt64 = 0
    var listeners = Listeners()
    private var sampler: RefusalSampler
    private var feeds: [any Feed] = []

    // Used again for every message, so that the path allocates nothing of ours.
    var topicFrame = Frame()
    var bodyFrame = Frame()
    var writer = JSONWriter()
    var stampWriter = JSONWriter()
    var topicBuffer: [UInt8] = []
    var encodeBuffer: [UInt8] = []

    /// The data loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Makes a broker; nothing is bound before ``start()``.
    ///
    /// - Parameters:
    ///   - loop: The thread that it lives on; nothing slow should share it.
    ///   - context: The ZeroMQ context of its sockets.
    ///   - configuration: Addresses and bounds.
    ///   - logger: Where it tells about feeds and refused messages.
    ///   - onRefused: Called on the loop with a sample of the refused messages; must not block.
    /// - Throws: ``BrokerError`` when the sequences of the data folder cannot be opened.
    package init(
        loop: EventLoop,
        context: Context,
        configuration: BrokerConfiguration,
        logger: Logger,
        onRefused: @escaping @Sendable (Refusal) -> Void
    ) throws(BrokerError) {
        self.loop = loop
        self.context = context
        self.configuration = configuration
        self.logger = logger
        self.onRefused = onRefused
        self.sampler = RefusalSampler(perSecond: configuration.refusedSample)
        let ledger = try TopicLedger.open(path: configuration.ledgerPath, capacity: configuration.maxTopics)
        self.topics = try TopicTable(ledger: ledger, maxTopics: configuration.maxTopics)
    }

    /// Binds the sockets and begins to take data.
    ///
    /// - Throws: ``ZeroMQError`` when an address is in use or cannot be bound.
    package func start() throws {
        guard sockets == nil else { return }
        let sockets = try Sockets(context, configuration)
        sockets.watches = [
            loop.watch(sockets.data) { [unowned self] in assumeIsolated { $0.readSubscriptions() } },
            loop.watch(sockets.feed) { [unowned self] in assumeIsolated { $0.readFeed() } },
        ]
        self.sockets = sockets
    }

    /// Stops the feeds of the manager's own.
    package func stopFeeds() {
        for feed in feeds { feed.stop() }
        feeds = []
    }

    /// Stops the feeds and closes the sockets. What has been taken has been sent on.
    package func stop() {
        stopFeeds()
        for watch in sockets?.watches ?? [] { loop.unwatch(watch) }
        sockets = nil
        listeners.finish()
    }

    /// Starts a feed of the manager's own.
    ///
    /// - Throws: ``BrokerError`` when its file cannot be read, or the broker is not started.
    package func start(_ configuration: FeedConfiguration) throws(BrokerError) {
        guard sockets != nil else { throw BrokerError("the broker is stopped: it starts no feed") }
        let feed = try configuration.makeFeed(on: loop, logger: logger) { [weak self] topic, event in
            self?.assumeIsolated { $0.take(event, topic: topic) }
        }
        feeds.append(feed)
        feed.start()
    }

    // MARK: For embedders

    /// Publishes market data, as a publisher over `feed` would.
    ///
    /// - Parameters:
    ///   - symbol: The instrument.
    ///   - dataType: The kind of data, such as `kline`.
    ///   - data: The `data` object of the JSON body.
    /// - Returns: The sequence that the message got in its topic.
    /// - Throws: ``ProtocolError`` when the message is refused.
    @discardableResult
    public func publish(symbol: String, dataType: String, data: JSONValue) throws -> UInt64 {
        let message = Message.marketData(symbol: symbol, dataType: dataType, data: data)
        return try take(json: message.bytes)
    }

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
        return listeners.add(wanted, bufferSize: bufferSize)
    }

    /// What the broker has done since it started.
    public func counters() -> BrokerCounters {
        BrokerCounters(
            topics: topics.entries.enumerated().map { index, entry in
                BrokerCounters.TopicCounters(
                    topic: entry.topic.description,
                    sequence: topics.sequence(index),
                    received: entry.received,
                    refused: entry.refused,
                    published: entry.published,
                    subscribers: subscriptions.count(of: entry.topic.description),
                    lastEventTime: entry.lastEventTime,
                    lastReceiveTime: entry.lastReceiveTime
                )
            },
            received: received,
            refused: refused,
            published: published
        )
    }

    /// The sum of some topics' sequences: how much they have carried in all.
    package func total(of names: [String]) -> UInt64 {
        names.reduce(0) { sum, name in
            let index = Array(name.utf8).withUnsafeBytes { topics.find($0) }
            return sum &+ (index.map { topics.sequence($0) } ?? 0)
        }
    }

    // MARK: Refusals

    /// Counts a message that is not passed on, and reports it where the sample has room.
    func refuse(_ error: ProtocolError, about subject: TopicTable.Subject?, bytes: Int) {
        refused += 1
        if case .known(let index) = subject { topics[index].refused += 1 }
        guard let unreported = sampler.admit(at: qc_monotonic_ns()) else { return }
        let topic = subject.map { topics.topic(of: $0).description }
        logger.warning(
            "market data refused: \(error)",
            metadata: ["topic": "\(topic ?? "?")", "bytes": "\(bytes)", "unreported": "\(unreported)"]
        )
        onRefused(Refusal(reason: error.description, topic: topic, bytes: bytes, unreported: unreported))
    }
}
