internal import EventJournal
internal import Glibc
public import Logging
public import MarketData
internal import MarketRecord
internal import ProcessControl
internal import Supervision
public import WireProtocol
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
    /// What a manager has done between its start and its end.
    public struct Summary: Hashable, Sendable {
        /// How long it ran.
        public let uptime: Duration
        /// Workers that were started.
        public let workers: Int
        /// Times that a process was replaced.
        public let restarts: Int
        /// Market-data messages that were sent on.
        public let published: UInt64
        /// Messages that were refused, on any socket.
        public let refused: UInt64
        /// Entries of the journal that could not be kept.
        public let lostEntries: Int64
    }

    /// What a manager may do to the process that it is in.
    package struct Role: Sendable {
        /// Whether the process is the manager's alone, which may then adopt and collect the orphans of workers.
        package var ownsProcess = false
        /// Whether workers go on when the manager stops, for a later one to take over.
        package var leavesWorkersRunning = false

        package init(ownsProcess: Bool = false, leavesWorkersRunning: Bool = false) {
            self.ownsProcess = ownsProcess
            self.leavesWorkersRunning = leavesWorkersRunning
        }
    }

    /// What exists while it runs.
    private struct Running: ~Copyable {
        let control: WorkerControl
        let broker: DataBroker
        let record: MarketRecord
        let journal: EventJournal
        let folders: ManagerFolders
    }

    private nonisolated let controlLoop: EventLoop
    private nonisolated let dataLoop: EventLoop
    private let settings: Settings
    private let environment: [String: String]
    private let logger: Logger
    private let role: Role
    private var running: Running?
    private var systemd: SystemdNotify?
    /// The manager itself while it runs: the loops poll its sockets, which must not be closed under them because somebody lets go of it.
    private var itself: WorkerManager?
    private var isStopping = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    /// ``start()``, while it waits for the strategies.
    private var startWaiter: CheckedContinuation<Void, Never>?
    /// Strategies of the settings that neither run nor have failed.
    private var startsLeft = 0

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
        self.logger = logger
    }

    deinit {
        controlLoop.stop()
        dataLoop.stop()
    }

    // MARK: Life

    /// Takes the folders, binds the endpoints, and starts the strategies and feeds of the settings.
    ///
    /// Where its task is cancelled it no longer waits for strategies that are still starting, and starts no feeds.
    ///
    /// - Throws: An error that says what is in the way: settings that contradict each other, another manager on the same folders, an
    ///   address in use, a journal that cannot be written.
    public func start() async throws {
        guard running == nil, !isStopping else { throw ManagerError(.conflict, "the manager runs already") }
        let problems = settings.validate()
        guard problems.isEmpty else { throw SettingsError(problems) }
        let places = try Folders.resolve(settings: settings, environment: environment, userID: geteuid())
        let endpoints = try Endpoints.resolve(settings: settings, folders: places)
        let installation = try Installation.find(settings: settings, environment: environment)
        let feeds = try settings.feeds.map { (feed) throws(ManagerError) in try feed.configuration() }
        let folders = try ManagerFolders(places)
        let journal = try EventJournal(path: places.journal)
        journal.setRetention(settings.retention)
        systemd = try SystemdNotify.from(environment: environment)
        if role.ownsProcess { try Subreaper.enable() }
        let context = try Context()
        let record = try MarketRecord(settings.recordConfiguration(places), logger: logger)
        let broker = try makeBroker(context, endpoints, record, ledger: folders.ledger)
        let control = WorkerControl(
            WorkerControl.Parts(
                settings: settings,
                folders: places,
                endpoints: endpoints,
                installation: installation,
                environment: environment,
                logs: folders.logs,
                compiled: folders.compiled,
                context: context,
                journal: journal,
                record: record,
                broker: broker,
                reapsOrphans: role.ownsProcess,
                // From the loop itself: where it no longer turns, systemd learns of it.
                onHouseRound: { [systemd] in try? systemd?.send(.watchdog) },
                loop: controlLoop,
                logger: logger
            )
        )
        try control.open()
        running = Running(control: control, broker: broker, record: record, journal: journal, folders: folders)
        itself = self
        do {
            try running?.folders.announce(endpoints)
            try await open(control, broker, endpoints)
            await startStrategies()
            // Somebody may have stopped it meanwhile.
            guard control.isOpen, !Task.isCancelled else { return }
            for feed in feeds { try await broker.start(feed) }
            try? systemd?.send(.ready, .status("\(control.workers.count) strategies"))
        } catch {
            await stop()
            throw error
        }
    }

    private func open(_ control: WorkerControl, _ broker: DataBroker, _ endpoints: Endpoints) async throws {
        try await broker.start()
        control.chronicle.record(
            .manager,
            cause: "manager started",
            actor: .manager,
            detail: [
                "version": .string(QuantCell.version), "pid": .integer(Int64(getpid())), "endpoints": endpoints.json,
            ]
        )
        for correction in broker.corrections {
            control.chronicle.record(
                .manager,
                cause:
                    "\(correction.topic) goes on behind \(correction.to), where its record ends, not behind \(correction.from)",
                actor: .manager,
                level: .warning
            )
        }
    }

    /// Stops all strategies, spares and feeds, and lets go of the folders. Returns when no process is left.
    @discardableResult
    public func stop() async -> Summary? {
        if isStopping {
            await withCheckedContinuation { stopWaiters.append($0) }
            return nil
        }
        guard let control = running?.control, let broker = running?.broker, let record = running?.record,
            let journal = running?.journal
        else { return nil }
        isStopping = true
        try? systemd?.send(.stopping)
        control.chronicle.record(.manager, cause: "manager stopping", actor: .manager)
        await broker.stopFeeds()
        await withCheckedContinuation { done in
            control.close(leavingRunning: role.leavesWorkersRunning) { done.resume() }
        }
        let counters = await broker.counters()
        await withCheckedContinuation { done in
            control.chronicle.record(.manager, cause: "manager stopped", actor: .manager) { done.resume() }
        }
        await broker.stop()
        // What it holds is on disk when this returns; nothing else goes on that could wait for it.
        record.stop()
        control.shut()
        journal.close()
        let summary = summary(control, counters, journal)
        running = nil
        itself = nil
        isStopping = false
        for waiter in stopWaiters { waiter.resume() }
        stopWaiters = []
        return summary
    }

    // MARK: Workers

    /// Starts a strategy and waits until it runs.
    ///
    /// - Parameters:
    ///   - path: A `.swift` file, a shared object, or a program that speaks the protocol; relative to the working directory.
    ///   - config: What it is to receive and how it is watched.
    /// - Returns: The worker's id.
    /// - Throws: ``ManagerError``, for a strategy that does not compile, load or start; its text says why.
    @discardableResult
    public func startStrategy(path: String, config: StrategyConfig = StrategyConfig()) async throws -> String {
        let control = try control()
        var config = config
        config.path = SettingsInputs.join(path, to: ProcessEnvironment.workingDirectory(), home: nil)
        return try await withCheckedThrowingContinuation { done in
            // The program that starts it starts it again, if it wants to: it is not taken up by a later manager.
            control.start(config, actor: .operator, source: .api, waits: true) { result in
                done.resume(with: result.map(\.id))
            }
        }
    }

    /// Stops a worker and waits until its process and all its descendants in its group are gone.
    ///
    /// - Throws: ``ManagerError`` when there is no such worker.
    public func stopWorker(_ workerID: String) async throws {
        let control = try control()
        guard let worker = control.workers[workerID] else {
            throw ManagerError(.workerNotFound, "there is no worker '\(workerID)'")
        }
        await withCheckedContinuation { done in control.stop(worker, actor: .operator) { done.resume() } }
    }

    /// The state of a worker; `nil` where there is none.
    public func state(of workerID: String) -> WorkerState? {
        running?.control.supervisor.state(of: workerID)
    }

    /// The ids of all workers, stopped ones too.
    public var workerIDs: [String] {
        running?.control.workers.keys.sorted() ?? []
    }

    // MARK: Market data

    /// Publishes market data to whoever subscribes to its topic.
    ///
    /// - Parameters:
    ///   - symbol: The instrument.
    ///   - dataType: The kind of data, such as `kline`.
    ///   - data: The fields of the wire protocol's `data`.
    /// - Returns: The message's sequence in its topic.
    /// - Throws: ``ProtocolError`` when it is refused, ``ManagerError`` when the manager does not run.
    @discardableResult
    public func publishMarketData(symbol: String, dataType: String, data: JSONValue) async throws -> UInt64 {
        try await broker.publish(symbol: symbol, dataType: dataType, data: data)
    }

    /// The broker, for listening in this process and for counters.
    ///
    /// - Throws: ``ManagerError`` when the manager does not run.
    public var broker: DataBroker {
        get throws {
            guard let broker = running?.broker else { throw Self.notRunning }
            return broker
        }
    }

    // MARK: Parts

    private static let notRunning = ManagerError(.serviceUnavailable, "the manager does not run")

    private func control() throws(ManagerError) -> WorkerControl {
        guard let control = running?.control, !isStopping else { throw Self.notRunning }
        return control
    }

    private func makeBroker(
        _ context: Context,
        _ endpoints: Endpoints,
        _ record: MarketRecord,
        ledger: String
    ) throws -> DataBroker {
        try DataBroker(
            loop: dataLoop,
            context: context,
            configuration: settings.brokerConfiguration(endpoints, ledger: ledger),
            record: record,
            logger: logger,
            onRefused: { [weak self, controlLoop] refusal in
                controlLoop.execute { [weak self] in self?.assumeIsolated { $0.brokerRefused(refusal) } }
            },
            onRecordFailure: { [weak self, controlLoop] reason in
                controlLoop.execute { [weak self] in self?.assumeIsolated { $0.recordFailed(reason) } }
            }
        )
    }

    private func recordFailed(_ reason: String?) {
        running?.control.chronicle.record(
            .manager,
            cause: reason.map { "market data cannot be recorded: \($0)" } ?? "market data is recorded again",
            actor: .manager,
            level: reason == nil ? .notice : .error
        )
    }

    private func brokerRefused(_ refusal: Refusal) {
        running?.control.record(refusal, endpoint: "feed")
    }

    /// Brings everything to run that should: takes over what an earlier manager has left, and starts the rest, all at once.
    private func startStrategies() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                startWaiter = done
                beginStarts()
            }
        } onCancel: {
            Task { await endStart() }
        }
    }

    private func beginStarts() {
        guard let control = running?.control else { return endStart() }
        let (configs, configured) = takeOver(control)
        control.hasTakenOver = true
        startsLeft = configs.count
        if startsLeft == 0 || Task.isCancelled { endStart() }
        for start in configs {
            let source: DesiredWorker.Source = configured.contains(start.config.name) ? .config : .cli
            control.start(start.config, actor: .manager, source: source, waits: true) {
                [unowned self] result in
                startEnded(start.config.name, isPaused: start.isPaused, failure: result.failure)
            }
        }
    }

    private func startEnded(_ name: String, isPaused: Bool, failure: ManagerError?) {
        if let failure {
            logger.error("cannot start '\(name)': \(failure)", metadata: ["worker": "\(name)"])
        } else if isPaused {
            running?.control.feed(.pause(.manager), to: name)
        }
        startsLeft -= 1
        if startsLeft == 0 { endStart() }
    }

    /// Takes over the workers that an earlier manager has left.
    ///
    /// - Returns: What is still to be started, and the names of those that the settings have.
    private func takeOver(
        _ control: WorkerControl
    ) -> (starts: [(config: StrategyConfig, isPaused: Bool)], configured: Set<String>) {
        var starts = settings.strategies.filter(\.enabled).map { (config: settings.config(of: $0), isPaused: false) }
        let configured = Set(starts.map(\.config.name))
        do {
            let repair = try control.intentRepair()
            starts += try control.desiredStrategies(besides: configured)
            starts.removeAll { repair.stopping.contains($0.config.name) && !configured.contains($0.config.name) }
            let known = Set(starts.map(\.config.name))
            starts += repair.starting.values.filter { !known.contains($0.name) }.map { ($0, false) }
            var wanted = Dictionary(starts.map { ($0.config.name, $0.config) }) { first, _ in first }
            for id in repair.stopping { wanted[id] = nil }
            let adopted = try control.adoptProcesses(wanted: wanted, configured: configured)
            starts.removeAll { adopted.contains($0.config.name) }
            try control.conclude(repair, adopted: adopted, started: Set(starts.map(\.config.name)))
        } catch {
            logger.error("what an earlier manager has left cannot be read: \(error)")
        }
        return (starts, configured)
    }

    private func endStart() {
        startWaiter?.resume()
        startWaiter = nil
    }

    private func summary(_ control: WorkerControl, _ counters: BrokerCounters, _ journal: EventJournal) -> Summary {
        let lives = control.workers.keys.compactMap { control.supervisor.life(of: $0) }
        return Summary(
            uptime: .seconds(control.uptimeSeconds),
            workers: lives.count,
            restarts: lives.reduce(0) { $0 + Int(clamping: $1.restarts) },
            published: counters.published,
            refused: counters.refused + control.refusedMessages,
            lostEntries: journal.statistics.lost.refusals + journal.statistics.lost.others
        )
    }
}
