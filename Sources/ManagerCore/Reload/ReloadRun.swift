internal import CrashPoints
internal import EventJournal
internal import Logging
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// New code on its way to a worker: compiled, tried beside the old, and put in its place between two messages.
///
/// Up to the handover the old process is not told anything. From there on both stand still until it is on disk which of them goes on. It
/// belongs to the control loop.
final class ReloadRun {
    typealias Outcome = Result<ReloadReport, ManagerError>

    private unowned let control: WorkerControl
    private let worker: Worker
    private let request: ReloadRequest
    private let intent: Intent
    private let done: (Outcome) -> Void
    private let stops: Int
    private let startedAt = SuspendingClock().now

    private(set) var report = ReloadReport()
    private var config: StrategyConfig
    private var kind: StrategyKind
    private var library = ""
    private var trial: SandboxRun?
    /// The process that is to take over, and the generation that it then is.
    private var candidate: (process: WorkerProcess, generation: UInt64)?
    private var start: Message?
    /// Whether the old process has been told to stand still.
    private var isStanding = false
    private var isOver = false

    init(
        _ control: WorkerControl,
        _ worker: Worker,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ request: ReloadRequest,
        _ intent: Intent,
        done: @escaping (Outcome) -> Void
    ) {
        self.control = control
        self.worker = worker
        self.config = config
        self.kind = kind
        self.request = request
        self.intent = intent
        self.done = done
        stops = worker.stops
    }

    /// Whether the new process is the worker's.
    var hasTakenOver: Bool { report.hasTakenOver }

    /// Begins.
    func run() {
        control.provide(config, kind) { [self] result in
            guard goesOn() else { return }
            switch result {
            case .success(let file):
                library = file
                let isSame = kind == .source && library == worker.library && config.path == worker.config.path
                guard request.needsChange, isSame else { return compare() }
                report.isUnchanged = true
                finish()
            case .failure(let error): fail(error)
            }
        }
    }

    private func compare() {
        guard let count = request.compared, let old = worker.library else { return tryOut() }
        control.compare(old, library, worker, config, kind, count) { [self] result in
            guard goesOn() else { return }
            switch result {
            case .success(let comparison):
                report.comparison = comparison
                if request.isComparison { finish() } else { tryOut() }
            case .failure(let error): fail(error)
            }
        }
    }

    // MARK: The trial

    private func tryOut() {
        control.readCheckpoint(of: worker.id) { [self] result in
            guard goesOn() else { return }
            do {
                trial = try control.beginTrial(worker.id, config, kind, library, try result.get(), request.trial) {
                    [self] in
                    tried($0)
                }
            } catch {
                fail(ManagerError(.internalError, "the checkpoint cannot be read: \(error)"))
            }
        }
    }

    private func tried(_ outcome: SandboxRun.Outcome) {
        trial = nil
        CrashPoint.reach("manager.reload.tried")
        guard goesOn() else { return }
        switch outcome {
        case .success(let findings):
            report.handled = findings.handled
            handOver()
        case .failure(let error): fail(error)
        }
    }

    // MARK: The handover

    private func handOver() {
        guard let process = worker.process, let generation = control.supervisor.life(of: worker.id)?.generation else {
            return fail(notNow)
        }
        do {
            candidate = (try control.limitedProcess(config, worker.id, kind, generation + 1), generation + 1)
            candidate?.process.workerID = worker.id
        } catch {
            return fail(ManagerError(.internalError, "no process: \(error)"))
        }
        control.feed(.reload(request.actor), to: worker.id)
        guard control.supervisor.state(of: worker.id) == .reloading else { return fail(notNow) }
        control.chronicle.afterCommit { [self] in
            guard goesOn() else { return }
            isStanding = true
            control.ask(process, worker, .handover) { [self] in handedOver($0, generation) }
        }
    }

    private func handedOver(_ result: Result<JSONValue, ManagerError>, _ generation: UInt64) {
        CrashPoint.reach("manager.reload.handed")
        guard goesOn() else { return }
        switch result {
        case .success(let answer):
            control.readCheckpoint(of: worker.id) { [self] result in
                guard goesOn() else { return }
                do {
                    let checkpoint = try result.get().flatMap { record in
                        record.generation == generation && record.reason == Checkpoint.Reason.reload.rawValue
                            ? record : nil
                    }
                    try prepareStart(checkpoint, answer["positions"])
                } catch {
                    fail(ManagerError(.internalError, "what it has saved cannot be read: \(error)"))
                }
            }
        case .failure(let error):
            fail(ManagerError(.conflict, "'\(worker.id)' cannot hand over: \(error)"))
        }
    }

    private func prepareStart(_ checkpoint: CheckpointRecord?, _ positions: JSONValue?) throws {
        guard let candidate else { return }
        var payload = control.startPayload(config, library: library, logPath: control.spawner.logPath(worker.id))
        payload["checkpoint"] = try checkpoint?.startPayload()
        if checkpoint == nil { payload["positions"] = positions }
        payload["held"] = .string(isToBePaused ? "paused" : "running")
        start = Message(.start, workerID: worker.id, payload: .object(payload), generation: candidate.generation)
        begin()
    }

    /// Hands the new code to the process that is to take over, as soon as both are there.
    func begin() {
        guard let candidate, candidate.process.isConnected, let start, candidate.process.startMessageID == nil else {
            return
        }
        candidate.process.startMessageID = start.messageID
        control.plane?.send(start, to: candidate.process.identity)
    }

    /// What the process that is to take over answers.
    func acknowledged(_ message: Message) {
        guard message.replyTo == candidate?.process.startMessageID, goesOn() else { return }
        switch message.payload["result"]?.stringValue {
        case "done": takeOver(message.payload)
        case "refused":
            fail(ManagerError(.workerStart, message.payload["reason"]?.stringValue ?? "the strategy was refused"))
        default: break
        }
    }

    // MARK: Taking over

    private func takeOver(_ introduction: JSONValue) {
        guard let candidate else { return }
        CrashPoint.reach("manager.reload.held")
        let old = worker.process
        report.hasTakenOver = true
        worker.take(over: candidate.process, config, kind, library, introduction)
        control.effect("process \(candidate.process.child.pid) is to take over", worker)
        control.feed(.reloaded, to: worker.id)
        control.chronicle.afterCommit { [self] in
            CrashPoint.reach("manager.reload.swapped")
            control.ask(isToBePaused ? .pause : .resume, worker)
            if let old { control.sendAway(old, worker) }
            finish()
        }
    }

    private var isToBePaused: Bool { control.supervisor.life(of: worker.id)?.wanted == .paused }

    // MARK: Its end

    /// Whether a process is the one that is to take over.
    func isCandidate(_ process: WorkerProcess) -> Bool { !hasTakenOver && candidate?.process === process }

    /// Whether a generation is that of the process that is to take over.
    func isCandidate(_ generation: UInt64?) -> Bool { !hasTakenOver && generation == candidate?.generation }

    /// The process that was to take over has ended.
    func ended(_ status: ExitStatus) {
        candidate = nil
        fail(ManagerError(.workerStart, "the new process ended: \(status)"))
    }

    /// The worker is no longer being reloaded, for whatever reason.
    func left(for transition: Transition) {
        guard !hasTakenOver else { return }
        fail(
            ManagerError(.conflict, "'\(worker.id)' became \(transition.to.rawValue) meanwhile: \(transition.cause)"),
            tellsLife: false
        )
    }

    /// Whether there is still something to go on with; tells why not.
    private func goesOn() -> Bool {
        guard !isOver else { return false }
        guard worker.stops == stops, control.workers[worker.id] === worker, control.isOpen else {
            fail(ManagerError(.conflict, "'\(worker.id)' was stopped meanwhile"))
            return false
        }
        switch control.supervisor.state(of: worker.id) {
        case .running, .paused, .reloading: return true
        default:
            fail(notNow)
            return false
        }
    }

    private var notNow: ManagerError {
        let state = control.supervisor.state(of: worker.id)?.rawValue ?? "compiling"
        return ManagerError(.conflict, "'\(worker.id)' is \(state) now; only what runs or is paused can be reloaded")
    }

    /// Lets go of the new code; the old one goes on, if it is there.
    ///
    /// - Parameter tellsLife: Whether the worker's life is to be told; not where that is where it comes from.
    func fail(_ error: ManagerError, tellsLife: Bool = true) {
        guard !isOver, !hasTakenOver else { return }
        isOver = true
        let (trial, candidate) = (trial, candidate)
        (self.trial, self.candidate) = (nil, nil)
        trial?.abort(error.description)
        if let candidate { control.pools.release(candidate.process) }
        // Whoever stands still goes on, or is about to be stopped.
        if isStanding { control.letGoOn(worker) }
        worker.reload = nil
        if tellsLife { control.feed(.reloadFailed(error.firstLine), to: worker.id) }
        control.reloadEnded(worker, intent, request, report, error, since: startedAt)
        control.conclude(intent, worker, error) { [done] in done(.failure(error)) }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        worker.reload = nil
        control.reloadEnded(worker, intent, request, report, nil, since: startedAt)
        CrashPoint.reach("manager.reload.over")
        control.conclude(intent, worker) { [done, report] in done(.success(report)) }
    }
}
