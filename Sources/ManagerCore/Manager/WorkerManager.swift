internal import EventJournal
internal import Glibc
public import Logging
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// Keeps strategies alive, each in a process of its own, and feeds them market data.
///
/// ```swift
/// let manager = try WorkerManager(maxWorkers: 4)
/// try await manager.start()
/// let id = try await manager.startStrategy(path: "/home/me/sma_cross.swift", config: StrategyConfig(symbols: ["BTC/USDT"]))
/// try await manager.publishMarketData(symbol: "BTC/USDT", dataType: "kline", data: ["open": 1, "high": 1, "low": 1, "close": 1, "volume": 1])
/// await manager.stop()
/// ```
///
/// The manager lives on a thread of its own, the control loop; market data passes on another, which it never waits for. Once started it
/// runs until ``stop()``, also where nobody holds it any more.
public actor WorkerManager {
    /// What exists while it runs.
    struct Running: ~Copyable {
        let control: WorkerControl
        let broker: DataBroker
        let record: MarketRecord
        let journal: EventJournal
        let folders: ManagerFolders
        let door: Door
        let gatekeeper: Gatekeeper
    }

    nonisolated let controlLoop: EventLoop
    nonisolated let dataLoop: EventLoop
    package nonisolated let settings: Settings
    let environment: [String: String]
    let logger: Logger
    let role: Role
    /// What must not be told.
    nonisolated let secrets = KnownSecrets()
    nonisolated let metrics = ManagerMetrics()
    nonisolated let process = ManagerProcess()
    /// Who may come in over HTTP.
    package nonisolated let access = AccessControl()
    /// Tells the HTTP side that there is something new in the journal.
    package nonisolated let notice = EventNotice()
    var running: Running?
    var systemd: SystemdNotify?
    /// The manager itself while it runs: the loops poll its sockets, which must not be closed under them because somebody lets go of it.
    var itself: WorkerManager?
    var isStopping = false
    var stopWaiters: [CheckedContinuation<Void, Never>] = []
    /// ``start()``, while it waits for the strategies.
    var startWaiter: CheckedContinuation<Void, Never>?
    /// Strategies of the settings that neither run nor have failed.
    var startsLeft = 0

    /// The control loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { controlLoop.asUnownedSerialExecutor() }

    /// Makes a manager with the default settings.
    ///
    /// - Parameter maxWorkers: How many workers there may be.
    /// - Throws: An error when the system has no more descriptors.
    public init(maxWorkers: Int = 10) throws {
        var settings = Settings()
        settings.manager.maxWorkers = maxWorkers
        try self.init(settings: settings)
    }

    /// Makes a manager; nothing happens before ``start()``.
    ///
    /// - Parameters:
    ///   - settings: What a configuration file would say.
    ///   - environment: The environment, for folders and for the strategies' processes.
    ///   - logger: Where it tells what happens.
    /// - Throws: An error when the system has no more descriptors.
    public init(
        settings: Settings,
        environment: [String: String]? = nil,
        logger: Logger = Logger(label: "quantcell")
    ) throws {
        try self.init(settings: settings, environment: environment, logger: logger, role: Role())
    }

    /// Makes a manager that may be a program of its own.
    package init(
        settings: Settings,
        environment: [String: String]? = nil,
        logger: Logger,
        role: Role
    ) throws {
        self.role = role
        controlLoop = try EventLoop(name: "qc-control")
        dataLoop = try EventLoop(name: "qc-data")
        self.settings = settings
        self.environment = environment ?? ProcessEnvironment.current()
        secrets.learn(environment: self.environment)
        for strategy in settings.strategies { secrets.learn(settings.config(of: strategy).json) }
        var logger = logger
        logger.handler = ScrubbingLogHandler(logger.handler, secrets)
        self.logger = logger
    }

    /// A text that is to be told, without the secrets that are known.
    package nonisolated func withoutSecrets(_ text: String) -> String { secrets.scrub(text) }

    deinit {
        controlLoop.stop()
        dataLoop.stop()
    }
}
