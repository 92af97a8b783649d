internal import EventJournal
internal import Logging
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// The control side of the manager: workers, their processes, and everybody who asks about them.
///
/// All of it belongs to the control loop. ``WorkerManager`` owns it and is the only way in from outside.
final class WorkerControl {
    /// What it is made with.
    struct Parts {
        let settings: Settings
        let folders: Folders
        let endpoints: Endpoints
        let door: Door
        let installation: Installation
        let environment: [String: String]
        let logs: String
        let compiled: String
        let context: Context
        let journal: EventJournal
        let record: MarketRecord
        let broker: DataBroker
        let access: AccessControl
        let notice: EventNotice
        /// Whether this process is the manager alone, so that orphans of workers are its to collect.
        let reapsOrphans: Bool
        /// Where its settings come from, if they can be read again.
        let settingsSource: SettingsSource?
        /// Called on the loop once a second, as a sign that it turns.
        let onHouseRound: () -> Void
        let loop: EventLoop
        let logger: Logger
        let metrics: ManagerMetrics
        let secrets: KnownSecrets
    }

    var settings: Settings
    let folders: Folders
    let endpoints: Endpoints
    let door: Door
    let loop: EventLoop
    let broker: DataBroker
    let journal: EventJournal
    let logger: Logger
    let metrics: ManagerMetrics
    /// What must not be told: ``chronicle`` and ``logger`` leave it out by themselves.
    let secrets: KnownSecrets
    let supervisor: WorkerSupervisor
    /// Market data and checkpoints on disk.
    let record: MarketRecord
    /// Names this life of the manager, so that workers notice when another one has taken over.
    let managerID = MessageID.make()
    private let parts: Parts
    private let startedAt = SuspendingClock().now

    var workers: [String: Worker] = [:]
    /// Every process that has not been reaped, spares too, by identity.
    var processes: [String: WorkerProcess] = [:]
    /// Whether new workers are taken.
    var isOpen = true
    /// Whether it closes and its workers go on.
    private(set) var isLeavingRunning = false
    /// Whether it has been seen what an earlier manager has left.
    var hasTakenOver = false
    /// Messages that were no envelopes, or not of a kind that belongs where they came in.
    var refusedMessages: UInt64 = 0
    /// Messages from processes that are not, or no longer, those of their worker.
    var staleMessages: UInt64 = 0
    /// Messages that somebody sent in another's name.
    var impostorMessages: UInt64 = 0
    /// The processes that have ended last, and the workers that they were.
    var departed: [(identity: String, workerID: String?)] = []
    var refusedSampler: RefusalSampler
    /// Bounds how many errors of strategies are journaled one by one.
    var errorSampler = RefusalSampler(perSecond: 20)
    /// Called when the last process is gone, after ``close(then:)``.
    var whenEmpty: (() -> Void)?
    /// Looks after what changes slowly, once a second.
    var houseTimer: EventLoop.Timer?
    var houseRounds = 0
    /// How late the loop is.
    var lag = LoopLag()
    var outOfMemory = OutOfMemoryWatch()
    var rollingRestart: RollingRestartRun?
    /// Whether another configuration is being applied.
    var isApplying = false
    /// Strategies that are being shown recorded data, by what they have in place of a generation.
    var sandboxes: [UInt64: SandboxRun] = [:]
    var lastSandbox = SandboxRun.firstGeneration
    /// Readings of the journal that are under way.
    var queries = 0
    private var deadline: (at: SuspendingClock.Instant, timer: EventLoop.Timer)?

    private(set) var plane: ControlPlane?
    private(set) lazy var chronicle = Chronicle(
        journal: journal,
        loop: loop,
        logger: logger,
        secrets: secrets
    ) {
        [unowned self] topic, message in
        plane?.publish(topic, message)
        parts.notice.post(message.type)
    }
    private(set) lazy var receipts = Receipts(loop: loop) { [unowned self] message, process in
        plane?.send(message, to: process.identity)
    }
    private(set) lazy var spawner = WorkerSpawner(
        WorkerSpawner.Configuration(
            workerExecutable: parts.installation.workerExecutable,
            pythonKit: parts.installation.pythonKit,
            endpoints: endpoints,
            runtimeFolder: folders.runtime,
            door: door,
            logs: parts.logs,
            orphanLease: settings.supervisor.orphanLease.duration,
            logLevel: settings.manager.logLevel.ofStrategies,
            logFormat: settings.manager.logFormat.rawValue,
            environment: parts.environment
        ),
        reaper: reaper
    )
    private(set) lazy var reaper = ProcessReaper(loop: loop, logger: logger) { [unowned self] process, exit in
        processEnded(process, exit)
    }
    private(set) lazy var pools = ProcessPools(
        swift: settings.poolConfig,
        python: settings.pythonPoolConfig,
        loop: loop,
        logger: logger
    ) { [unowned self] host in
        let process = try spawner.spawnSpare(host)
        processes[process.identity] = process
        return process
    }
    private(set) lazy var pythons = PythonChecker(folder: parts.logs, environment: parts.environment, loop: loop)
    private(set) lazy var compiler = StrategyCompiler(
        StrategyCompiler.Configuration(
            swiftc: settings.manager.swiftc,
            kit: parts.installation.kit,
            cache: parts.compiled,
            environment: parts.environment
        ),
        loop: loop
    )
    private(set) lazy var sources = SourceWatch(
        loop: loop,
        debounce: settings.supervisor.reload.debounce.duration,
        logger: logger
    ) { [unowned self] in sourceChanged($0) }
    private(set) lazy var desk = CommandDesk(self)

    init(_ parts: Parts) {
        self.parts = parts
        settings = parts.settings
        folders = parts.folders
        endpoints = parts.endpoints
        door = parts.door
        loop = parts.loop
        broker = parts.broker
        journal = parts.journal
        record = parts.record
        logger = parts.logger
        metrics = parts.metrics
        secrets = parts.secrets
        refusedSampler = RefusalSampler(perSecond: settings.journal.refusedSample)
        supervisor = WorkerSupervisor(breaker: parts.settings.stormBreaker)
        supervisor.delegate = self
    }

    /// Binds the sockets and begins to keep spares.
    ///
    /// - Throws: ``ZeroMQError`` when an address is in use or cannot be bound.
    func open() throws {
        try admitEarlierWorkers()
        plane = try ControlPlane(
            context: parts.context,
            endpoints: endpoints,
            guardedBy: door.socketGuard,
            loop: loop,
            logger: logger,
            handlers: ControlPlane.Handlers(
                control: { [unowned self] in handleControl($0, $1, from: $2) },
                heartbeat: { [unowned self] in handleHeartbeat($0, from: $1) },
                status: { [unowned self] in handleStatus($0, from: $1) },
                admin: { [unowned self] in desk.handle($0) },
                mayCommand: { [unowned self] in mayCommand($0) },
                refused: { [unowned self] in refuse($0, $1, bytes: $2) }
            )
        )
        pools.refill(.swift)
        keepHouse()
    }

    /// Stops all workers in parallel and ends all spares; `then` runs when the last process is gone.
    ///
    /// - Parameter leavingRunning: Whether workers that run or are paused go on, for a later manager to take over.
    func close(leavingRunning: Bool = false, then: @escaping () -> Void) {
        isOpen = false
        for worker in workers.values {
            worker.reload?.fail(ManagerError(.serviceUnavailable, "the manager is stopping"))
        }
        if let houseTimer { loop.cancel(houseTimer) }
        isLeavingRunning = leavingRunning
        if leavingRunning { abandonRunning() }
        sources.close()
        compiler.close { [unowned self] in finishWhenEmpty() }
        pythons.close { [unowned self] in finishWhenEmpty() }
        pools.close()
        for worker in liveWorkers { feed(.stop(.manager), to: worker.id) }
        for sandbox in sandboxes.values { sandbox.abort("the manager is stopping") }
        whenEmpty = then
        finishWhenEmpty()
    }

    /// Takes a request that has not come over admin.
    func take(_ requester: Requester) { desk.handle(requester) }

    /// Closes the sockets; the loop has nothing more to do with this object.
    func shut() {
        if let deadline { loop.cancel(deadline.timer) }
        deadline = nil
        plane?.close()
        plane = nil
    }

    /// What a strategy has that does not say otherwise.
    var defaults: StrategyConfig { settings.strategyDefaults }

    /// Who may come in over HTTP.
    var access: AccessControl { parts.access }

    /// Whether orphans of workers are collected here.
    var reapsOrphans: Bool { parts.reapsOrphans }

    /// Where the settings come from, if they can be read again.
    var settingsSource: SettingsSource? { parts.settingsSource }

    func onHouseRound() { parts.onHouseRound() }

    /// Seconds since the start.
    var uptimeSeconds: Double { (SuspendingClock().now - startedAt) / .seconds(1) }

    /// A worker's fields, as `status` shows them.
    func json(_ worker: Worker) -> JSONValue {
        worker.json(supervisor.life(of: worker.id))
    }

    /// A worker's id and state, as commands answer.
    func brief(_ worker: Worker) -> JSONValue {
        // One that was stopped while it was compiled has never had a state.
        let state = supervisor.state(of: worker.id) ?? .stopped
        return ["worker_id": .string(worker.id), "state": .string(state.rawValue)]
    }

    // MARK: Feeding the supervisor

    /// Tells the supervisor what happened, and waits for the next deadline that follows from it.
    func feed(_ event: WorkerLife.Event, to workerID: String) {
        supervisor.on(event, for: workerID)
        awaitDeadline()
    }

    private func awaitDeadline() {
        guard let next = supervisor.nextDeadline else { return }
        if let deadline {
            // A deadline that was put off is looked at when the old one comes: heartbeats need not move timers.
            guard next < deadline.at else { return }
            loop.cancel(deadline.timer)
        }
        let timer = loop.schedule(after: next - SuspendingClock().now) { [unowned self] in deadlineCame() }
        deadline = (next, timer)
    }

    private func deadlineCame() {
        let due = deadline?.at
        deadline = nil
        // A heartbeat that is already here must not come too late.
        plane?.readStatus()
        if let due { supervisor.tick(due: due) }
        awaitDeadline()
    }
}
