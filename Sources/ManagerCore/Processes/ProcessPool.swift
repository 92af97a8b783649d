internal import Logging
internal import ProcessControl
internal import ZeroMQ

/// How many warm spares are kept.
public struct PoolConfig: Hashable, Sendable {
    /// Spares that are kept ready at all times.
    public var minSize: Int
    /// The most spares that a busy time may lead to.
    public var maxSize: Int
    /// How long after the last claim spares beyond ``minSize`` are kept.
    public var idleTimeout: Duration

    /// Makes a configuration: by default 2 spares, at most 10, back to 2 after five quiet minutes.
    public init(minSize: Int = 2, maxSize: Int = 10, idleTimeout: Duration = .seconds(300)) {
        self.minSize = minSize
        self.maxSize = maxSize
        self.idleTimeout = idleTimeout
    }
}

/// Warm spares: processes that are spawned, linked, connected and idle, so that a start or a restart is only a claim.
///
/// It belongs to the control loop. Spares are replaced in the background; when claims come faster than that, more are kept for a
/// while.
final class ProcessPool {
    /// How long after a claim the next spare is spawned. To spawn holds the loop up, and a young process takes the processor from the
    /// one that has just been claimed: it waits until that one has had the time to start its strategy.
    private static let refillDelay = Duration.milliseconds(50)
    /// Between two spares, for the loop to do what else there is to do.
    private static let refillPause = Duration.milliseconds(5)

    private var configuration: PoolConfig
    private let loop: EventLoop
    private let logger: Logger
    private let spawn: () throws -> WorkerProcess

    private var spares: [WorkerProcess] = []
    private var target: Int
    private var refillTimer: EventLoop.Timer?
    private var shrinkTimer: EventLoop.Timer?
    /// Spares that ended or could not be spawned, one after another, without one that connected.
    private var failures = 0
    private var isOpen = true
    /// What it has done.
    private(set) var counts = Counts()

    struct Counts: Sendable {
        /// Processes that were handed out.
        var claims: UInt64 = 0
        /// Those for which no spare was idle.
        var misses: UInt64 = 0
        /// Spares that could not be spawned.
        var spawnFailures: UInt64 = 0
        /// Spares that ended by themselves.
        var deaths: UInt64 = 0

        mutating func add(_ other: Counts) {
            claims += other.claims
            misses += other.misses
            spawnFailures += other.spawnFailures
            deaths += other.deaths
        }
    }

    init(
        _ configuration: PoolConfig,
        loop: EventLoop,
        logger: Logger,
        spawn: @escaping () throws -> WorkerProcess
    ) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        self.spawn = spawn
        target = configuration.minSize
    }

    /// Spares that are connected and idle.
    var idleCount: Int { spares.count(where: \.isConnected) }

    /// All spares, ready or not.
    var count: Int { spares.count }

    /// The spare of that identity.
    func spare(_ identity: String) -> WorkerProcess? {
        spares.first { $0.identity == identity }
    }

    /// The most spares that there may be.
    var maxSize: Int { configuration.maxSize }

    /// Changes how many spares are kept ready, until the manager's end. Returns whether so many may be.
    func resize(_ size: Int) -> Bool {
        guard 0...configuration.maxSize ~= size else { return false }
        configuration.minSize = size
        shrink()
        scheduleRefill(after: .zero)
        return true
    }

    /// Takes a spare: an idle one, else one that is about to connect, else a new one.
    ///
    /// - Throws: What spawning throws, where there is no spare.
    func acquire() throws -> WorkerProcess {
        defer { scheduleRefill(after: Self.refillDelay) }
        counts.claims += 1
        if let index = spares.firstIndex(where: \.isConnected) {
            scheduleShrink()
            return spares.remove(at: index)
        }
        counts.misses += 1
        // More were wanted than were ready: keep more for a while.
        target = min(max(target + 1, configuration.minSize), configuration.maxSize)
        scheduleShrink()
        return spares.isEmpty ? try spawn() : spares.removeFirst()
    }

    /// Ends a process that nobody wants any more; a process hosts one strategy, once.
    func release(_ process: WorkerProcess) {
        spares.removeAll { $0 === process }
        try? process.child.signalGroup(.kill)
    }

    /// A spare has connected.
    func connected(_ process: WorkerProcess) {
        failures = 0
    }

    /// A process has ended. Returns whether it was a spare.
    func ended(_ process: WorkerProcess, _ status: ExitStatus) -> Bool {
        guard let index = spares.firstIndex(where: { $0 === process }) else { return false }
        spares.remove(at: index)
        guard isOpen else { return true }
        failures += 1
        counts.deaths += 1
        logger.warning("a spare ended: \(status)", metadata: ["identity": "\(process.identity)"])
        // Where the next one is due already, it waits too: one that dies at once must not be followed at once.
        if let refillTimer { loop.cancel(refillTimer) }
        refillTimer = nil
        scheduleRefill(after: backoff)
        return true
    }

    /// Spawns what is missing.
    func refill() {
        refillTimer = nil
        guard isOpen, spares.count < target else { return }
        do {
            spares.append(try spawn())
            scheduleRefill(after: Self.refillPause)
        } catch {
            failures += 1
            counts.spawnFailures += 1
            logger.error("a spare cannot be spawned: \(error)")
            scheduleRefill(after: backoff)
        }
    }

    /// Ends all spares and keeps no more.
    func close() {
        isOpen = false
        if let refillTimer { loop.cancel(refillTimer) }
        if let shrinkTimer { loop.cancel(shrinkTimer) }
        for spare in spares { try? spare.child.signalGroup(.kill) }
    }

    /// Doubles with each failure in a row, up to a minute: spares that cannot live must not keep the machine busy.
    private var backoff: Duration {
        min(.milliseconds(100) * (1 << min(max(failures - 1, 0), 10)), .seconds(60))
    }

    private func scheduleRefill(after delay: Duration) {
        guard isOpen, refillTimer == nil else { return }
        refillTimer = loop.schedule(after: delay) { [unowned self] in refill() }
    }

    private func scheduleShrink() {
        if let shrinkTimer { loop.cancel(shrinkTimer) }
        shrinkTimer = loop.schedule(after: configuration.idleTimeout) { [unowned self] in shrink() }
    }

    private func shrink() {
        shrinkTimer = nil
        target = configuration.minSize
        while spares.count > target, let last = spares.popLast() { try? last.child.signalGroup(.term) }
    }
}
