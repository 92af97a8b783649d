internal import Logging
internal import MarketFiles
internal import WireProtocol
internal import ZeroMQ

/// Replays a CSV file on the data loop, at its own pace or faster.
final class CSVFeed: Feed {
    /// How many rows are published in one go at full speed, before the loop looks at anything else.
    private static let batch = 500
    /// How many bad rows are told one by one; the others are counted.
    private static let maxReportedRows = 20

    private let configuration: CSVFeedConfiguration
    private let loop: EventLoop
    private let logger: Logger
    private let publish: (Topic, MarketEvent) -> Bool

    private var reader: MarketFileReader
    private var timer: EventLoop.Timer?
    /// Whether it waits for the broker.
    private var isPaused = false
    /// The event that waits for its time, or for the broker.
    private var pending: MarketEvent?
    /// Where event time and wall clock meet.
    private var origin: (event: Int64, wall: SuspendingClock.Instant)?
    /// What is added to event times so that they go on after each round.
    private var shift: Int64 = 0
    private var lastEventTime: Int64 = 0
    private var published = 0
    private var publishedThisRound = 0
    private var badRows = 0

    init(
        _ configuration: CSVFeedConfiguration,
        loop: EventLoop,
        logger: Logger,
        publish: @escaping (Topic, MarketEvent) -> Bool
    ) throws(BrokerError) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        self.publish = publish
        self.reader = try Self.open(configuration)
    }

    func start() {
        logger.info("feed \(configuration.path) publishes \(configuration.topic)")
        advance()
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        isPaused = false
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        advance()
    }

    private static func open(_ configuration: CSVFeedConfiguration) throws(BrokerError) -> MarketFileReader {
        do {
            return try MarketFileReader(path: configuration.path, kind: configuration.kind)
        } catch {
            throw BrokerError("feed: \(error)")
        }
    }

    /// Publishes what is due, then waits for the next row's time.
    private func advance() {
        for _ in 0..<Self.batch {
            guard let event = pending ?? nextEvent() else { return finish() }
            let wait = delay(until: event)
            guard wait <= .zero else {
                pending = event
                return advance(after: wait)
            }
            guard publish(configuration.topic, event) else {
                pending = event
                isPaused = true
                return
            }
            pending = nil
            lastEventTime = event.eventTime
            published += 1
            publishedThisRound += 1
        }
        advance(after: .zero)
    }

    private func advance(after delay: Duration) {
        timer = loop.schedule(after: delay) { [weak self] in self?.advance() }
    }

    private func delay(until event: MarketEvent) -> Duration {
        let now = SuspendingClock().now
        guard let origin else {
            origin = (event.eventTime, now)
            return .zero
        }
        return origin.wall + configuration.speed.delay(between: origin.event, and: event.eventTime) - now
    }

    /// The next good row within the wanted range, with its time in this round; `nil` at the end of the feed.
    private func nextEvent() -> MarketEvent? {
        while true {
            do {
                switch try reader.next() {
                case .row(let row):
                    if let from = configuration.from, row.eventTime < from { continue }
                    if let to = configuration.to, row.eventTime > to {
                        guard try beginAgain() else { return nil }
                        continue
                    }
                    return MarketEvent(eventTime: try Self.add(row.eventTime, shift), payload: row.payload)
                case .bad(let row):
                    report(row)
                case nil:
                    guard try beginAgain() else { return nil }
                }
            } catch {
                logger.error("feed \(configuration.path) ends: \(error)")
                return nil
            }
        }
    }

    /// Opens the file again for the next round, unless the feed is to end or has nothing to publish.
    private func beginAgain() throws -> Bool {
        guard configuration.isLooped, publishedThisRound > 0 else { return false }
        publishedThisRound = 0
        reader = try Self.open(configuration)
        let first = try firstEventTime()
        // One minute behind the last one: what the file's own step is, is not known from one row.
        let (length, overflow) = lastEventTime.subtractingReportingOverflow(first)
        guard !overflow else { throw Self.endOfTime }
        shift = try Self.add(length, 60_000_000_000)
        return true
    }

    private static let endOfTime = BrokerError("no event time is later than the year 2262; its next one would be")

    private static func add(_ time: Int64, _ shift: Int64) throws(BrokerError) -> Int64 {
        let (sum, overflow) = time.addingReportingOverflow(shift)
        guard !overflow else { throw endOfTime }
        return sum
    }

    private func firstEventTime() throws -> Int64 {
        var probe = try Self.open(configuration)
        while let record = try probe.next() {
            if case .row(let row) = record, configuration.from.map({ row.eventTime >= $0 }) ?? true {
                return row.eventTime
            }
        }
        return lastEventTime
    }

    private func report(_ row: BadRow) {
        badRows += 1
        guard badRows <= Self.maxReportedRows else { return }
        logger.warning("feed \(configuration.path), \(row): skipped")
    }

    private func finish() {
        timer = nil
        logger.info("feed \(configuration.path) is done: \(published) rows published, \(badRows) bad rows skipped")
    }
}
