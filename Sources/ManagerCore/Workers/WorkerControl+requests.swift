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
}
