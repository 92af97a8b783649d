internal import Logging
package import MarketFiles
package import WireProtocol
internal import ZeroMQ

/// A feed of the manager's own: for demonstrations, tests and replays.
package enum FeedConfiguration: Hashable, Sendable {
    /// Replays a CSV file.
    case csv(CSVFeedConfiguration)
    /// Makes up prices.
    case randomWalk(RandomWalkConfiguration)

    /// Makes the feed; it does not run yet.
    ///
    /// - Parameters:
    ///   - loop: Where it runs.
    ///   - logger: Where it tells about itself.
    ///   - publish: Takes an event, or returns `false`: then it is to be offered again after ``Feed/resume()``.
    /// - Throws: ``BrokerError`` when its file cannot be read.
    func makeFeed(
        on loop: EventLoop,
        logger: Logger,
        publish: @escaping (Topic, MarketEvent) -> Bool
    ) throws(BrokerError) -> any Feed {
        switch self {
        case .csv(let configuration):
            try CSVFeed(configuration, loop: loop, logger: logger, publish: publish)
        case .randomWalk(let configuration):
            RandomWalkFeed(configuration, loop: loop, logger: logger, publish: publish)
        }
    }
}

/// What a CSV feed replays.
package struct CSVFeedConfiguration: Hashable, Sendable {
    package var path: String
    package var topic: Topic
    package var kind: DataKind
    package var speed: ReplaySpeed
    /// Whether it begins again at its end, with times that go on.
    package var isLooped: Bool
    /// First event time, nanoseconds since the Unix epoch.
    package var from: Int64?
    /// Last event time, nanoseconds since the Unix epoch.
    package var to: Int64?

    package init(
        path: String,
        topic: Topic,
        kind: DataKind,
        speed: ReplaySpeed,
        isLooped: Bool = false,
        from: Int64? = nil,
        to: Int64? = nil
    ) {
        self.path = path
        self.topic = topic
        self.kind = kind
        self.speed = speed
        self.isLooped = isLooped
        self.from = from
        self.to = to
    }
}

/// What a random walk makes up.
package struct RandomWalkConfiguration: Hashable, Sendable {
    package var topic: Topic
    package var kind: DataKind
    /// Equal seeds make equal prices.
    package var seed: UInt64
    /// Time between two messages.
    package var interval: Duration
    package var startPrice: Double
    /// Standard deviation of one step as a share of the price.
    package var volatility: Double
    /// Messages until it ends; `nil` for no end.
    package var count: Int?

    package init(
        topic: Topic,
        kind: DataKind,
        seed: UInt64,
        interval: Duration,
        startPrice: Double,
        volatility: Double,
        count: Int? = nil
    ) {
        self.topic = topic
        self.kind = kind
        self.seed = seed
        self.interval = interval
        self.startPrice = startPrice
        self.volatility = volatility
        self.count = count
    }
}

/// Something that publishes on the data loop until it is stopped or done.
protocol Feed: AnyObject {
    func start()
    func stop()
    /// What was not taken may be offered again.
    func resume()
}
