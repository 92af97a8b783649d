internal import EventJournal
internal import Glibc
internal import Logging
internal import MarketFiles
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What a later manager must know, and what it finds.
extension WorkerControl {
    // MARK: Writing it down

    /// What goes to disk together with a change of state.
    func stateChanges(_ transition: Transition, _ worker: Worker) -> [StateChange] {
        switch transition.to {
        case .initializing where transition.from == nil:
            return [want(worker, asked(of: worker))]
        case .running where worker.hasTakenOver(transition), .paused where worker.hasTakenOver(transition):
            // One transaction says that the worker is another process now, with other code.
            return [.remove(workerID: worker.id, generation: transition.generation - 1)]
                + (process(of: worker, transition).map { [StateChange.keep($0)] } ?? [])
                + [want(worker, asked(of: worker))]
        case .starting where worker.kind == .process:
            // It will never say that it is there: a later manager has to know of it from its first moment.
            return process(of: worker, transition).map { [.keep($0)] } ?? []
        case .running, .paused:
            return (process(of: worker, transition).map { [StateChange.keep($0)] } ?? []) + [
                want(worker, asked(of: worker))
            ]
        case .restarting:
            return [want(worker, asked(of: worker))]
        case .stopping where isOpen:
            return [want(worker, .stopped)]
        default:
            return []
        }
    }

    /// What was asked for, whatever the process has come to: one that is to be paused may be on its way through `running`.
    func asked(of worker: Worker) -> DesiredWorker.Wanted {
        supervisor.life(of: worker.id)?.wanted == .paused ? .paused : .running
    }

    /// What is wanted of a worker, for a later manager.
    func want(_ worker: Worker, _ wanted: DesiredWorker.Wanted) -> StateChange {
        .want(
            DesiredWorker(
                workerID: worker.id,
                wanted: wanted,
                config: worker.description.text,
                source: worker.source,
                updatedAt: WallClock.nanoseconds()
            )
        )
    }

    private func process(of worker: Worker, _ transition: Transition) -> ProcessRecord? {
        guard let process = worker.process else { return nil }
        return ProcessRecord(
            workerID: worker.id,
            generation: transition.generation,
            identity: process.identity,
            token: process.token,
            pid: process.child.pid,
            startTime: process.child.fingerprint.startTime,
            bootID: process.child.fingerprint.bootID,
            libraryPath: worker.library,
            state: transition.to.rawValue,
            startedAt: worker.startedAt ?? WallClock.nanoseconds(),
            restarts: Int(clamping: supervisor.life(of: worker.id)?.restarts ?? 0)
        )
    }

    // MARK: Leaving workers behind

    /// Lets go of the workers that run or are paused, without ending them.
    func abandonRunning() {
        for worker in workers.values {
            let state = supervisor.state(of: worker.id)
            guard state == .running || state == .paused, let process = worker.process else { continue }
            if let watch = process.watch { loop.unwatch(watch) }
            process.watch = nil
            process.child.abandon()
            processes[process.identity] = nil
            supervisor.unregister(worker.id)
            workers[worker.id] = nil
            chronicle.record(.manager, workerID: worker.id, cause: "left running for a later manager", actor: .manager)
        }
    }

    // MARK: Taking over

    /// The strategies that should run but are not in the configuration file: those that were started by command and not stopped.
    func desiredStrategies(besides configured: Set<String>) throws -> [(config: StrategyConfig, isPaused: Bool)] {
        try journal.desiredWorkers().compactMap { desired in
            guard desired.wanted != .stopped, desired.source == .cli, !configured.contains(desired.workerID),
                let config = StrategyConfig(json: desired.config, defaults: defaults)
            else { return nil }
            return (config, desired.wanted == .paused)
        }
    }

    /// Parameters that were changed by command in earlier lives of the manager, by worker.
    func changedParams() throws -> [String: ChangedParams] {
        Dictionary(
            try journal.desiredWorkers().map { desired in
                (desired.workerID, ChangedParams((try? JSONValue(parsing: desired.config))?["changed_params"]))
            }
        ) { $1 }
    }

    /// Takes over the processes that an earlier manager has left: adopts those that are wanted and match, ends the others.
    ///
    /// - Parameters:
    ///   - wanted: What should run, by worker.
    ///   - configured: Those that the configuration file names.
    /// - Returns: The ids of the workers that were adopted.
    func adoptProcesses(wanted: [String: StrategyConfig], configured: Set<String>) throws -> Set<String> {
        var adopted: Set<String> = []
        let descriptions = Dictionary(try journal.desiredWorkers().map { ($0.workerID, $0.config) }) { $1 }
        for record in try journal.processRecords() {
            do {
                guard let config = wanted[record.workerID] else {
                    throw ManagerError(.conflict, "nobody wants it to run any more")
                }
                try adopt(record, config, isConfigured: configured.contains(record.workerID))
                workers[record.workerID]?.recall(descriptions[record.workerID])
                adopted.insert(record.workerID)
            } catch {
                discard(record, "\(error)")
            }
        }
        return adopted
    }

    private func adopt(_ record: ProcessRecord, _ config: StrategyConfig, isConfigured: Bool) throws {
        let kind = try config.validate()
        guard Self.isAdoptable(record, kind) else { throw ManagerError(.conflict, "it was \(record.state)") }
        let child = try AdoptedProcess.adopt(record.fingerprint, token: record.token)
        secrets.learn(config.json)
        let worker = Worker(id: record.workerID, config: config, kind: kind)
        worker.source = isConfigured ? .config : .cli
        worker.library = record.libraryPath
        worker.startedAt = record.startedAt
        // What it was not told is on disk, it sends again.
        let recorded = try journal.lastSignalNumber(of: worker.id, generation: record.generation)
        worker.intakes[record.generation] = SignalIntake(generation: record.generation, recorded: recorded)
        let process = WorkerProcess(
            identity: record.identity,
            token: record.token,
            child: child,
            group: spawner.group(ofAdopted: record.identity),
            isHost: kind.isHosted
        )
        process.workerID = worker.id
        process.isConnected = true
        try reaper.watch(process)
        worker.process = process
        workers[worker.id] = worker
        processes[process.identity] = process
        supervisor.register(worker.id, config.life(settings), after: record.generation)
        // Where the manager died during a reload it stands still until it hears of another one; and what was on its way to that one comes again.
        if process.isHost { process.undelivered = [welcomeMessage(process, replyTo: nil)] }
        let isPaused = record.state == WorkerState.paused.rawValue
        feed(
            .adopt(generation: record.generation, restarts: UInt64(max(record.restarts, 0)), isPaused: isPaused),
            to: worker.id
        )
    }

    /// A strategy that was still starting cannot be taken over half-way; of a process all that counts is that it lives.
    private static func isAdoptable(_ record: ProcessRecord, _ kind: StrategyKind) -> Bool {
        switch WorkerState(rawValue: record.state) {
        case .running, .paused: true
        case .starting: kind == .process
        default: false
        }
    }

    /// Ends whatever is left of a process that is not taken over; found by its token, since its pid may be another's.
    private func discard(_ record: ProcessRecord, _ reason: String) {
        chronicle.record(
            .worker,
            workerID: record.workerID,
            generation: record.generation,
            cause: "process \(record.pid) of an earlier manager is not taken over: \(reason)",
            actor: .manager,
            changes: [.remove(workerID: record.workerID, generation: record.generation)],
            level: .warning
        )
        reaper.kill(ProcessTree(leader: record.fingerprint, token: record.token))
    }
}

extension ProcessRecord {
    fileprivate var fingerprint: ProcessFingerprint {
        ProcessFingerprint(pid: pid, startTime: startTime, bootID: bootID)
    }
}
