internal import CrashPoints
internal import EventJournal
internal import Glibc
internal import Logging
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// How a process ended.
typealias WorkerEnd = ProcessControl.ExitStatus

// What people and the configuration ask for.
extension WorkerControl {
    /// What became of a request about a worker.
    typealias Outcome = Result<Worker, ManagerError>

    /// How long a worker may take to say that it is paused or resumed.
    static let answerTimeout = Duration.seconds(10)
    /// How many stopped workers are remembered.
    private static let maxStopped = 1000

    /// Workers that are not stopped, those too that are still being compiled.
    var liveWorkers: [Worker] {
        workers.values.filter { supervisor.state(of: $0.id) != .stopped }.sorted { $0.id < $1.id }
    }

    /// Starts a strategy.
    ///
    /// - Parameters:
    ///   - config: What to run.
    ///   - actor: Who asked.
    ///   - source: Who wants it, for a later manager.
    ///   - isPaused: Whether its data is to be held back from the start.
    ///   - isFresh: Whether the checkpoint that there may be is thrown away before.
    ///   - waits: Whether `done` comes when it runs or has failed for good, or as soon as it is on its way.
    ///   - done: Called once, maybe before what it is told is on disk.
    func start(
        _ config: StrategyConfig,
        actor: Actor,
        source: DesiredWorker.Source = .cli,
        isPaused: Bool = false,
        isFresh: Bool = false,
        waits: Bool,
        done: @escaping (Outcome) -> Void
    ) {
        let worker: Worker
        do throws(ManagerError) {
            worker = try admit(config)
            worker.source = source
        } catch {
            return done(.failure(error))
        }
        intend(.start, worker, actor: actor) { [unowned self] intent in
            CrashPoint.reach("manager.start.intended")
            prepare(worker, isFresh: isFresh) { [unowned self] result in
                guard let error = begin(worker, actor, isPaused: isPaused, result) else {
                    if !waits { done(.success(worker)) }
                    return awaitRunning(worker) { [unowned self] outcome in
                        CrashPoint.reach("manager.start.over")
                        conclude(intent, worker, outcome.failure) { if waits { done(outcome) } }
                    }
                }
                conclude(intent, worker, error) { done(.failure(error)) }
            }
        }
    }

    /// Begins the life of a worker that is prepared; returns why it cannot.
    private func begin(_ worker: Worker, _ actor: Actor, isPaused: Bool, _ prepared: Result<Void, ManagerError>)
        -> ManagerError?
    {
        guard worker.stops == 0, workers[worker.id] === worker else { return Self.stopped(worker) }
        if case .failure(let error) = prepared {
            workers[worker.id] = nil
            return error
        }
        guard isOpen else { return Self.closing }
        let generation = max(worker.generationBefore, lastGeneration(of: worker.id))
        supervisor.register(worker.id, worker.config.life(settings), after: generation)
        feed(.start(actor, isPaused: isPaused), to: worker.id)
        return nil
    }

    /// Stops a worker; `done` is called when its process is gone, maybe before that is on disk.
    func stop(_ worker: Worker, actor: Actor, done: @escaping () -> Void) {
        worker.stops += 1
        // What is still being compiled has no life yet, and gets none.
        if supervisor.life(of: worker.id) == nil { workers[worker.id] = nil }
        intend(.stop, worker, actor: actor) { [unowned self] intent in
            CrashPoint.reach("manager.stop.intended")
            feed(.stop(actor), to: worker.id)
            wait(for: worker) { [unowned self] life in
                guard life?.state == .stopped || life == nil else { return false }
                CrashPoint.reach("manager.stop.over")
                conclude(intent, worker) { done() }
                return true
            }
        }
    }

    /// Puts a new process in a worker's place.
    func restart(_ worker: Worker, actor: Actor, done: @escaping (Outcome) -> Void) {
        guard isOpen else { return done(.failure(Self.closing)) }
        if let conflict = underWay(worker) { return done(.failure(conflict)) }
        let isOver = supervisor.life(of: worker.id)?.isOver ?? false
        if isOver, let error = tooManyWorkers(besides: worker.id) { return done(.failure(error)) }
        let stops = worker.stops
        worker.isPreparing = true
        intend(.restart, worker, actor: actor) { [unowned self] intent in
            CrashPoint.reach("manager.restart.intended")
            prepareAgain(worker) { [unowned self] result in
                worker.isPreparing = false
                // It may have died meanwhile, and its next process be on its way: a generation after that one would never come.
                let failure =
                    result.failure ?? (worker.stops == stops ? nil : Self.stopped(worker)) ?? underWay(worker)
                if let failure { return conclude(intent, worker, failure) { done(.failure(failure)) } }
                let before = supervisor.life(of: worker.id)?.generation ?? 0
                feed(.restart(actor), to: worker.id)
                awaitRunning(worker, after: before) { [unowned self] outcome in
                    CrashPoint.reach("manager.restart.over")
                    conclude(intent, worker, outcome.failure) { done(outcome) }
                }
            }
        }
    }

    /// Why a worker cannot be restarted now, if it cannot: a new process is on its way, or an old one to its end.
    private func underWay(_ worker: Worker) -> ManagerError? {
        guard let state = supervisor.state(of: worker.id), !state.isStable, state != .recovering else { return nil }
        return ManagerError(.conflict, "'\(worker.id)' is \(state.rawValue); wait until it runs")
    }

    /// Pauses or resumes: checks the state, asks, and answers when the worker has confirmed.
    func change(
        _ request: Message,
        from allowed: Set<WorkerState>,
        to wanted: WorkerState,
        with event: WorkerLife.Event,
        _ reply: Reply
    ) {
        do throws(ManagerError) {
            let worker = try worker(of: request)
            try requireSpeech(of: worker)
            guard let state = supervisor.state(of: worker.id), allowed.contains(state) else {
                let state = supervisor.state(of: worker.id)?.rawValue ?? "compiling"
                throw ManagerError(.conflict, "'\(worker.id)' is \(state); it cannot become \(wanted.rawValue) now")
            }
            reply.accepted()
            feed(event, to: worker.id)
            var isAnswered = false
            let timer = loop.schedule(after: Self.answerTimeout) { [unowned self] in
                isAnswered = true
                reply.refused(ManagerError(.conflict, slowAnswer(worker)))
            }
            wait(for: worker) { [unowned self] life in
                if isAnswered { return true }
                guard let state = life?.state else { return false }
                if state == wanted {
                    reply.done(["workers": [brief(worker)]])
                } else if !allowed.contains(state) {
                    reply.refused(ManagerError(.conflict, "'\(worker.id)' became \(state.rawValue) instead"))
                } else {
                    return false
                }
                isAnswered = true
                loop.cancel(timer)
                return true
            }
        } catch {
            reply.refused(error)
        }
    }

    /// Refuses what a worker would have to be asked for, where it hears nothing.
    func requireSpeech(of worker: Worker) throws(ManagerError) {
        guard worker.kind == .process else { return }
        throw ManagerError(
            .conflict,
            "'\(worker.id)' is a process: it hears nothing but signals; it can be stopped and restarted, and no more"
        )
    }

    func slowAnswer(_ worker: Worker) -> String {
        var text = "'\(worker.id)' did not answer within \(Self.answerTimeout.text)"
        if let callback = worker.metadata["callback"]?.stringValue {
            text += "; it is still in \(callback), for \(worker.metadata["callback_seconds"]?.doubleValue ?? 0) s"
        }
        return text
    }

    // MARK: Waiting

    /// Calls `check` now and after each change until it returns true; the change may not be on disk yet.
    func wait(for worker: Worker, _ check: @escaping (WorkerLife?) -> Bool) {
        if !check(supervisor.life(of: worker.id)) { worker.waiting.append(check) }
    }

    /// Lets those who wait for a worker look again, when all has been done that follows from what happened.
    ///
    /// What they record goes to disk together with it; who tells somebody outside waits for that.
    func settle(_ worker: Worker) {
        guard !worker.waiting.isEmpty else { return }
        loop.afterTurn { [unowned self] in
            let waiting = worker.waiting
            worker.waiting = []
            let life = supervisor.life(of: worker.id)
            worker.waiting = waiting.filter { !$0(life) } + worker.waiting
        }
    }

    private func awaitRunning(_ worker: Worker, after generation: UInt64 = 0, _ done: @escaping (Outcome) -> Void) {
        wait(for: worker) { life in
            guard let life, let state = life.state else { return false }
            if state == .running || state == .paused, life.generation > generation {
                done(.success(worker))
            } else if life.hasGivenUp {
                done(.failure(ManagerError(.workerStart, worker.lastError ?? "'\(worker.id)' failed")))
            } else if state == .stopped, life.wanted == .stopped {
                done(.failure(Self.stopped(worker)))
            } else if state == .stopped, worker.kind == .process {
                // It has done what it was there for, and sooner than it would have counted as running.
                done(.success(worker))
            } else if state == .stopped {
                done(.failure(ManagerError(.workerStart, "'\(worker.id)' ended by itself before it ran")))
            } else {
                return false
            }
            return true
        }
    }

    // MARK: Admitting

    private static let closing = ManagerError(.serviceUnavailable, "the manager is stopping")

    private static func stopped(_ worker: Worker) -> ManagerError {
        ManagerError(.workerStart, "'\(worker.id)' was stopped before it ran")
    }

    /// Makes room for a worker, under a name of its own.
    private func admit(_ config: StrategyConfig) throws(ManagerError) -> Worker {
        guard isOpen else { throw Self.closing }
        var config = config
        let kind = try config.validate()
        config.name = try freeName(config)
        if let error = tooManyWorkers(besides: config.name) { throw error }
        secrets.learn(config.json)
        let worker = Worker(id: config.name, config: config, kind: kind)
        worker.generationBefore = supervisor.life(of: config.name)?.generation ?? 0
        // The life of a stopped worker of that name ends here: the name is taken while the new one is compiled.
        supervisor.unregister(worker.id)
        workers[worker.id] = worker
        forgetOldWorkers()
        return worker
    }

    /// Why one more worker may not run, if that is so.
    private func tooManyWorkers(besides name: String) -> ManagerError? {
        let busy = workers.values.count { $0.id != name && !(supervisor.life(of: $0.id)?.isOver ?? false) }
        guard busy >= settings.manager.maxWorkers else { return nil }
        return ManagerError(.conflict, "\(busy) workers run already; 'manager.max_workers' allows no more")
    }

    private func freeName(_ config: StrategyConfig) throws(ManagerError) -> String {
        func isFree(_ name: String) -> Bool {
            guard let worker = workers[name] else { return true }
            return worker.process == nil && !worker.isPreparing && (supervisor.life(of: name)?.isOver ?? false)
        }
        if !config.name.isEmpty {
            guard StrategyConfig.isName(config.name) else {
                throw ManagerError(
                    .invalidWorkerConfig,
                    "'\(config.name.prefix(80))' cannot be a worker's name: 1 to 64 of A-Z a-z 0-9 . _ - are needed"
                )
            }
            guard !StrategyConfig.reservedNames.contains(config.name) else {
                throw ManagerError(
                    .invalidWorkerConfig,
                    "'\(config.name)' cannot be a worker's name: over HTTP it means something else; choose another --name"
                )
            }
            guard isFree(config.name) else {
                throw ManagerError(
                    .conflict,
                    "a worker '\(config.name)' is there already; stop it, or choose another --name"
                )
            }
            return config.name
        }
        let base = String(config.baseName.prefix(56).map { StrategyConfig.isName("x\($0)") ? $0 : "-" })
        for number in 1...settings.manager.maxWorkers + Self.maxStopped {
            let name = number == 1 ? base : "\(base)-\(number)"
            if StrategyConfig.isName(name), !StrategyConfig.reservedNames.contains(name), workers[name] == nil {
                return name
            }
        }
        throw ManagerError(.conflict, "choose a --name: there are too many workers called '\(base)'")
    }

    private func forgetOldWorkers() {
        let stopped = workers.values.filter { supervisor.life(of: $0.id)?.isOver ?? false }
        guard stopped.count > Self.maxStopped, let oldest = stopped.min(by: { $0.createdAt < $1.createdAt }) else {
            return
        }
        forget(oldest)
    }

    /// Forgets a worker that has no process.
    func forget(_ worker: Worker) {
        workers[worker.id] = nil
        supervisor.unregister(worker.id)
    }

    /// Generations go on counting over the manager's restarts: ids that contain them stay unique.
    func lastGeneration(of workerID: String) -> UInt64 {
        let query = JournalQuery(workerID: workerID, kind: .transition, limit: 1, keeping: .newest)
        return (try? journal.entries(matching: query).last?.entry.generation) ?? 0
    }

    /// Compiles a strategy in source form, and then throws its checkpoint away where it is to begin anew.
    private func prepare(
        _ worker: Worker,
        isFresh: Bool,
        _ done: @escaping (Result<Void, ManagerError>) -> Void
    ) {
        prepare(worker) { [unowned self] result in
            guard isFresh, result.failure == nil else { return done(result) }
            deleteCheckpoint(of: worker.id) { result in
                done(
                    result.mapError { ManagerError(.internalError, "the old checkpoint cannot be thrown away: \($0)") }
                )
            }
        }
    }

    /// Has ready what a process needs to load a strategy.
    private func prepare(_ worker: Worker, _ done: @escaping (Result<Void, ManagerError>) -> Void) {
        let start = SuspendingClock().now
        provide(worker.config, worker.kind) { [unowned self] result in
            if case .success(let file) = result {
                worker.library = worker.kind.isHosted ? file : nil
                let elapsed = SuspendingClock().now - start
                if worker.kind == .source, elapsed > .milliseconds(20) {
                    logger.info(
                        "compiled \(worker.config.path) in \(elapsed.text)",
                        metadata: ["worker": "\(worker.id)"]
                    )
                }
            }
            done(result.map { _ in })
        }
    }

    /// Has ready what a new process needs, while the old one still runs: what would only be refused must not end that.
    private func prepareAgain(_ worker: Worker, _ done: @escaping (Result<Void, ManagerError>) -> Void) {
        prepare(worker) { [unowned self] result in
            guard worker.kind == .python, result.failure == nil else { return done(result) }
            do throws(ManagerError) {
                pythons.check(worker.config.path, with: try pythons.find(worker.config.python), done: done)
            } catch {
                done(.failure(error))
            }
        }
    }

    /// Compiles a strategy in Swift, checks the interpreter of one in Python; nothing for any other.
    ///
    /// - Parameter done: Called with the file that a process is to load.
    func provide(
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ done: @escaping (Result<String, ManagerError>) -> Void
    ) {
        switch kind {
        case .executable, .process, .library: done(.success(config.path))
        case .source: compiler.compile(config.path, done: done)
        case .python:
            do throws(ManagerError) {
                pythons.check(try pythons.find(config.python)) { result in done(result.map { config.path }) }
            } catch {
                done(.failure(error))
            }
        }
    }
}
