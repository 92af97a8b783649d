internal import CrashPoints
internal import EventJournal
internal import Logging
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// New code for workers that run.
extension WorkerControl {
    /// How long a process may take to end once another one stands in its place.
    private static let farewell = Duration.seconds(5)

    /// Puts new code in the place of what a worker runs; `done` is called once, when either of them goes on for good.
    func reload(_ worker: Worker, _ request: ReloadRequest, done: @escaping (ReloadRun.Outcome) -> Void) {
        var config = worker.config
        if let path = request.path { config.path = path }
        let kind: StrategyKind
        do throws(ManagerError) {
            kind = try config.validate()
            try checkReload(worker)
        } catch {
            return done(.failure(error))
        }
        guard worker.kind != .executable, kind != .executable else {
            return restart(worker, with: config, kind, request, done)
        }
        // The name is taken from here on: a second one is refused while this one is written down.
        worker.isPreparing = true
        intend(.reload, worker, actor: request.actor, detail: ["path": .string(config.path)]) { [unowned self] intent in
            worker.isPreparing = false
            CrashPoint.reach("manager.reload.intended")
            let run = ReloadRun(self, worker, config, kind, request, intent, done: done)
            worker.reload = run
            run.run()
        }
    }

    private func checkReload(_ worker: Worker) throws(ManagerError) {
        guard isOpen else { throw ManagerError(.serviceUnavailable, "the manager is stopping") }
        guard worker.reload == nil, !worker.isPreparing else {
            throw ManagerError(.conflict, "'\(worker.id)' is being reloaded already")
        }
        let state = supervisor.state(of: worker.id)
        guard state == .running || state == .paused else {
            throw ManagerError(
                .conflict,
                "'\(worker.id)' is \(state?.rawValue ?? "compiling"); only what runs or is paused can be reloaded"
            )
        }
    }

    /// The reload in which a process is to take over.
    func reload(with process: WorkerProcess) -> ReloadRun? {
        guard let reload = process.workerID.flatMap({ workers[$0] })?.reload, reload.isCandidate(process) else {
            return nil
        }
        return reload
    }

    /// Stops an executable and starts the new one: there is no spare that it could be tried in.
    private func restart(
        _ worker: Worker,
        with config: StrategyConfig,
        _ kind: StrategyKind,
        _ request: ReloadRequest,
        _ done: @escaping (ReloadRun.Outcome) -> Void
    ) {
        guard request.compared == nil else {
            return done(
                .failure(
                    ManagerError(.conflict, "an executable cannot be shown the record: there is nothing to compare")
                )
            )
        }
        let (oldConfig, oldKind) = (worker.config, worker.kind)
        (worker.config, worker.kind) = (config, kind)
        restart(worker, actor: request.actor) { result in
            if result.failure != nil, worker.process == nil { (worker.config, worker.kind) = (oldConfig, oldKind) }
            done(result.map { _ in ReloadReport(hasTakenOver: true, isRestarted: true) })
        }
    }

    // MARK: Its steps

    /// Runs new code beside a worker for a moment.
    func beginTrial(
        _ workerID: String,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ library: String,
        _ checkpoint: CheckpointRecord?,
        _ trial: Settings.Reload,
        _ done: @escaping (SandboxRun.Outcome) -> Void
    ) throws -> SandboxRun? {
        let log = spawner.logPath("\(workerID).trial")
        var payload = startPayload(config, library: library, logPath: log)
        payload["checkpoint"] = try checkpoint?.startPayload()
        payload["sandbox"] = [
            "worker_id": .string(workerID),
            "live": [
                "messages": .integer(Int64(trial.trialMessages)),
                "seconds": .number(trial.trialTime.duration / .seconds(1)),
            ],
        ]
        WorkerLog.remove(log)
        return beginSandbox(
            workerID,
            config,
            kind,
            for: SandboxRun.Purpose(
                failure: "the new code did not survive its trial",
                errors: trial.trialErrors,
                log: log
            ),
            payload,
            isLimited: true,
            within: trial.trialTime.duration + config.health.startTimeout + config.stopGrace,
            done
        )
    }

    /// Gives a process a command and waits for its last word.
    func ask(
        _ process: WorkerProcess,
        _ worker: Worker,
        _ type: MessageType,
        _ payload: JSONValue = [:],
        _ done: @escaping (Result<JSONValue, ManagerError>) -> Void
    ) {
        let message = Message(
            type,
            workerID: worker.id,
            payload: payload,
            generation: supervisor.life(of: worker.id)?.generation
        )
        let timer = loop.schedule(after: Self.answerTimeout) { [unowned self] in
            // Nobody waits for it any more.
            process.undelivered.removeAll { $0.messageID == message.messageID }
            process.asked.removeValue(forKey: message.messageID)?(
                .failure(ManagerError(.conflict, slowAnswer(worker)))
            )
        }
        process.asked[message.messageID] = { [unowned self] result in
            loop.cancel(timer)
            done(result)
        }
        process.undelivered.append(message)
        sendUndelivered(process)
    }

    /// Lets the process go on that stood still for a reload.
    func letGoOn(_ worker: Worker) {
        guard let process = worker.process else { return }
        let generation = supervisor.life(of: worker.id)?.generation ?? 0
        plane?.send(Self.goOn(worker.id, generation), to: process.identity)
    }

    /// What a process is told that stands still for a reload and is to go on; it means nothing to any other.
    static func goOn(_ workerID: String, _ generation: UInt64) -> Message {
        Message(.resume, workerID: workerID, payload: ["handover": true], generation: generation)
    }

    /// Ends a process in whose place another one stands.
    func sendAway(_ process: WorkerProcess, _ worker: Worker) {
        plane?.send(.control(.stop, workerID: worker.id, payload: ["reason": "replaced"]), to: process.identity)
        loop.schedule(after: Self.farewell) { [unowned self] in
            guard processes[process.identity] === process else { return }
            try? process.child.signalGroup(.kill)
        }
    }

    /// Tells how a reload ended.
    func reloadEnded(
        _ worker: Worker,
        _ intent: Intent,
        _ request: ReloadRequest,
        _ report: ReloadReport,
        _ error: ManagerError?,
        since start: SuspendingClock.Instant
    ) {
        if error == nil, !report.hasTakenOver { return }
        if error != nil { worker.reloadFailures += 1 }
        let elapsed = (SuspendingClock().now - start).text
        var detail: [String: JSONValue] = ["path": .string(request.path ?? worker.config.path)]
        detail["trial_messages"] = report.handled.map { JSONValue($0) }
        detail["reason"] = error.map { .string($0.description) }
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation,
            cause: error.map { "not reloaded: \($0.firstLine)" } ?? "reloaded in \(elapsed)",
            actor: request.actor,
            detail: .object(detail),
            level: error == nil ? .notice : .warning
        )
    }
}

extension Worker {
    /// Whether a change of state is the end of a reload in which another process has taken over.
    func hasTakenOver(_ transition: Transition) -> Bool {
        transition.from == .reloading && reload?.hasTakenOver == true
    }

    /// Another process, with other code, is this worker's from now on.
    func take(
        over process: WorkerProcess,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ library: String,
        _ introduction: JSONValue
    ) {
        let topics = topics
        beginProcess()
        self.topics = topics
        startedAt = WallClock.nanoseconds()
        self.process = process
        self.config.path = config.path
        self.kind = kind
        self.library = library
        introduced(introduction)
    }
}
