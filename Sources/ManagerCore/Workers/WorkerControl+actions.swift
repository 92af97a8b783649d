internal import CrashPoints
internal import EventJournal
internal import Logging
internal import MarketFiles
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What the supervisor decides, carried out.
extension WorkerControl: SupervisorDelegate {
    func announce(_ transition: Transition) {
        guard let worker = workers[transition.workerID] else { return }
        measure(transition, worker)
        switch transition.to {
        case .running where worker.startedAt == nil: worker.startedAt = WallClock.nanoseconds()
        case .stopped: worker.stoppedAt = WallClock.nanoseconds()
        case .error: worker.failed(secrets.scrub(transition.cause))
        default: break
        }
        chronicle.record(
            transition,
            detail: transition.to == .error ? evidence(worker) : nil,
            changes: stateChanges(transition, worker)
        )
        if worker.config.watch { watchFiles() }
        if transition.from == .reloading { worker.reload?.left(for: transition) }
        settle(worker)
    }

    func report(_ storm: StormBreaker.Storm) {
        metrics.stormed()
        let pause = storm.until - SuspendingClock().now
        chronicle.record(
            .manager,
            cause:
                "\(storm.workerIDs.count) workers and perhaps more failed of '\(storm.cause.rawValue)' within \(storm.window.text); all restarts wait for \(pause.text)",
            actor: .policy,
            detail: ["workers": .array(storm.workerIDs.map(JSONValue.string)), "cause": .string(storm.cause.rawValue)],
            level: .error
        )
    }

    func carryOut(_ action: WorkerLife.Action, for workerID: String) {
        guard let worker = workers[workerID] else { return }
        switch action {
        case .announce: break
        case .acquire(let generation): acquire(worker, generation)
        case .load: load(worker)
        case .ask(let type): ask(type, worker)
        case .signal(let signal): send(signal, worker)
        case .abandonReload(let reason): worker.reload?.fail(ManagerError(.workerStart, reason), tellsLife: false)
        case .capture: capture(worker)
        case .report(let text): report(text, worker)
        }
    }

    /// What is known of a process that failed.
    private func evidence(_ worker: Worker) -> JSONValue {
        var evidence = worker.metadata
        evidence["pid"] = worker.process.map { .integer(Int64($0.child.pid)) }
        evidence["last_heartbeat"] = worker.lastHeartbeat.map { .string(TimeText.iso8601(nanoseconds: $0)) }
        return .object(evidence)
    }

    private func acquire(_ worker: Worker, _ generation: UInt64) {
        worker.beginProcess()
        do {
            let process = try limitedProcess(worker.config, worker.id, worker.kind, generation)
            process.workerID = worker.id
            worker.process = process
            effect("process \(process.child.pid)", worker, detail: ["pid": .integer(Int64(process.child.pid))])
            CrashPoint.reach("manager.start.acquired")
            feed(.acquired(idle: process.isConnected), to: worker.id)
        } catch {
            feed(.acquireFailed("no process: \(error)"), to: worker.id)
        }
    }

    /// A process that is held to the worker's limits.
    func limitedProcess(
        _ config: StrategyConfig,
        _ workerID: String,
        _ kind: StrategyKind,
        _ generation: UInt64
    ) throws -> WorkerProcess {
        let limits = config.limits
        let process: WorkerProcess
        if !kind.isHosted {
            process = try spawner.spawn(config, workerID: workerID, generation: generation)
            processes[process.identity] = process
        } else {
            guard limits.user.isEmpty else {
                throw ManagerError(.invalidWorkerConfig, "'limits.user' needs a strategy that is an executable")
            }
            process = try pools.acquire(host(kind, config))
        }
        do {
            // A program that is spawned for it has had the others from its beginning.
            if kind.isHosted { try limits.processLimits().apply(to: process.child.pid) }
            try spawner.applyGroupLimits(limits, to: process)
        } catch {
            // It is nobody's spare any more, and may not run without its limits.
            pools.release(process)
            throw error
        }
        return process
    }

    /// What a strategy is loaded into.
    ///
    /// - Throws: ``ManagerError`` where the interpreter of one in Python is not there.
    func host(_ kind: StrategyKind, _ config: StrategyConfig) throws(ManagerError) -> WorkerHost {
        kind == .python ? .python(try pythons.find(config.python)) : .swift
    }

    func ask(_ type: MessageType, _ worker: Worker) {
        guard let process = worker.process else { return }
        let message = Message(
            type,
            workerID: worker.id,
            payload: ["reason": .string(isOpen ? "asked for" : "the manager is stopping")],
            generation: supervisor.life(of: worker.id)?.generation
        )
        process.commands[message.messageID] = type
        // The latest command counts; who this manager is has to be said before any.
        process.undelivered.removeAll { $0.type != .welcome }
        if type == .stop { effect("asked process \(process.child.pid) to stop", worker) }
        chronicle.afterCommit { [unowned self] in
            process.undelivered.append(message)
            sendUndelivered(process)
            if type == .stop { CrashPoint.reach("manager.stop.asked") }
            let place = process.undelivered.firstIndex { $0.messageID == message.messageID }
            guard type == .stop, let place else { return }
            // It does not listen: the first thing that it can hear is a signal.
            process.undelivered.remove(at: place)
            try? process.child.signalGroup(.term)
        }
    }

    /// Sends again what could not be sent, when the process has given a sign of life.
    func sendUndelivered(_ process: WorkerProcess) {
        while let message = process.undelivered.first, plane?.send(message, to: process.identity) == true {
            process.undelivered.removeFirst()
        }
    }

    private func send(_ signal: Signal, _ worker: Worker) {
        guard let process = worker.process else { return }
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation,
            cause: "\(signal) sent to process \(process.child.pid)",
            actor: .policy
        )
        do {
            try process.child.signalGroup(signal)
        } catch {
            logger.warning("\(error)", metadata: ["worker": "\(worker.id)"])
        }
    }

    private func report(_ text: String, _ worker: Worker) {
        if supervisor.state(of: worker.id) == .error { worker.failed("\(worker.lastError ?? "failed") (\(text))") }
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation,
            cause: text,
            actor: .policy,
            level: .warning
        )
        settle(worker)
    }
}
