internal import CLinux
internal import Glibc
internal import Logging
internal import WireProtocol
internal import ZeroMQ

/// Makes up prices by a seeded geometric random walk: a demonstration without data.
final class RandomWalkFeed: Feed {
    private let configuration: RandomWalkConfiguration
    private let loop: EventLoop
    private let logger: Logger
    private let publish: (Topic, MarketEvent) -> Bool
    private var random: SplitMix64
    private var price: Double
    private var published = 0
    private var next: SuspendingClock.Instant
    private var timer: EventLoop.Timer?
    /// The event that waits for the broker.
    private var pending: MarketEvent?

    init(
        _ configuration: RandomWalkConfiguration,
        loop: EventLoop,
        logger: Logger,
        publish: @escaping (Topic, MarketEvent) -> Bool
    ) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        self.publish = publish
        random = SplitMix64(state: configuration.seed)
        price = configuration.startPrice
        next = SuspendingClock().now
    }

    func start() {
        logger.info("random walk publishes \(configuration.topic)")
        advance()
    }

    func stop() {
        if let timer { loop.cancel(timer) }
        timer = nil
        pending = nil
    }

    func resume() {
        if pending != nil { advance() }
    }

    private func advance() {
        if let count = configuration.count, published >= count {
            logger.info("random walk on \(configuration.topic) is done: \(published) messages published")
            return
        }
        let event = pending ?? MarketEvent(eventTime: qc_realtime_ns(), payload: step())
        guard publish(configuration.topic, event) else {
            pending = event
            return
        }
        pending = nil
        published += 1
        // From the last due time, not from now: the pace does not drift. After a standstill it does not catch up either.
        let now = SuspendingClock().now
        next = max(next + configuration.interval, now)
        timer = loop.schedule(after: next - now) { [weak self] in self?.advance() }
    }

    private func step() -> MarketPayload {
        let open = price
        let close = move()
        let spread = open * configuration.volatility / 4
        price = close
        switch configuration.kind {
        case .bar:
            return .bar(
                BarData(
                    open: open,
                    high: max(open, close) + spread,
                    low: min(open, close) - spread,
                    close: close,
                    volume: Double.random(in: 1...100, using: &random)
                )
            )
        case .tick:
            return .tick(TickData(price: close, size: 1, bid: close - spread, ask: close + spread))
        case .trade:
            return .trade(TradeData(price: close, size: 1, side: close >= open ? .buy : .sell))
        case .quote:
            return .quote(QuoteData(bid: close - spread, ask: close + spread, bidSize: 1, askSize: 1))
        case .depth:
            return .depth(
                DepthData(
                    bids: [DepthLevel(price: close - spread, size: 1)],
                    asks: [DepthLevel(price: close + spread, size: 1)]
                )
            )
        }
    }

    /// One step with a normally distributed return, by Box and Muller's transform; the price stays positive.
    private func move() -> Double {
        let radius = (-2 * log(Double.random(in: .leastNonzeroMagnitude..<1, using: &random))).squareRoot()
        let normal = radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
        return price * exp(configuration.volatility * normal)
    }
}

/// SplitMix64: small, and the same on every machine (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
