internal import EventJournal
internal import Logging
internal import Supervision
internal import WireProtocol

/// What came of another configuration.
struct SettingsOutcome {
    let plan: SettingsPlan
    /// Why it could not be done with some of the workers, by their ids.
    var failures: [String: String] = [:]
}

// Another configuration for a manager that runs.
extension WorkerControl {
    /// What another configuration would change.
    func plan(_ new: Settings) throws(ManagerError) -> SettingsPlan {
        let named = Set((settings.strategies + new.strategies).map(\.name))
        let others = liveWorkers.map(\.id).filter { !named.contains($0) }
        do {
            return try SettingsPlan(from: settings, to: new, others: others)
        } catch {
            throw ManagerError(.internalError, "the configurations cannot be compared: \(error)")
        }
    }

    /// Puts another configuration in force; `done` is called when every worker is as it says, or cannot be.
    func apply(_ new: Settings, actor: Actor, done: @escaping (Result<SettingsOutcome, ManagerError>) -> Void) {
        let plan: SettingsPlan
        do throws(ManagerError) {
            guard isOpen else { throw ManagerError(.serviceUnavailable, "the manager is stopping") }
            guard !isApplying else { throw ManagerError(.conflict, "another configuration is being applied") }
            plan = try self.plan(new)
        } catch {
            return done(.failure(error))
        }
        isApplying = true
        settings = plan.settings
        putInForce()
        let run = SettingsRun(self, plan, actor) { [unowned self] outcome in
            isApplying = false
            record(outcome, actor)
            done(.success(outcome))
        }
        run.begin()
    }

    /// What counts without anybody being restarted.
    private func putInForce() {
        pools.configure(swift: settings.poolConfig, python: settings.pythonPoolConfig)
        supervisor.configure(settings.stormBreaker)
        compiler.configuration.swiftc = settings.manager.swiftc
        sources.debounce = settings.supervisor.reload.debounce.duration
        spawner.configuration.orphanLease = settings.supervisor.orphanLease.duration
        journal.setRetention(settings.retention)
        for process in processes.values where process.isConnected && process.isHost { welcome(process, replyTo: nil) }
    }

    private func record(_ outcome: SettingsOutcome, _ actor: Actor) {
        let changes = outcome.plan.changes
        let refused = changes.count { $0.effect == .refused }
        var cause = "configuration applied: \(changes.count - refused) keys"
        if refused > 0 { cause += "; \(refused) need a restart of the manager" }
        if !outcome.failures.isEmpty {
            cause += "; failed for \(outcome.failures.keys.sorted().joined(separator: ", "))"
        }
        chronicle.record(
            .manager,
            cause: cause,
            actor: actor,
            detail: [
                "changes": .array(changes.prefix(200).map(\.json)),
                "failures": .object(outcome.failures.mapValues(JSONValue.string)),
            ],
            level: outcome.failures.isEmpty ? .notice : .warning
        )
    }
}

/// A configuration on its way into force, worker by worker, all at once.
final class SettingsRun {
    private unowned let control: WorkerControl
    private let actor: Actor
    private let done: (SettingsOutcome) -> Void
    private var outcome: SettingsOutcome
    /// Workers that are not there yet, and one for the beginning.
    private var left = 1

    init(_ control: WorkerControl, _ plan: SettingsPlan, _ actor: Actor, done: @escaping (SettingsOutcome) -> Void) {
        self.control = control
        self.actor = actor
        self.done = done
        outcome = SettingsOutcome(plan: plan)
    }

    func begin() {
        let settings = outcome.plan.settings
        let configs = Dictionary(settings.strategies.map { ($0.name, settings.config(of: $0)) }) { $1 }
        let actions = outcome.plan.actions
        for worker in control.workers.values where actions[worker.id] != .stop {
            configure(worker, configs[worker.id])
        }
        for (id, effect) in actions.sorted(by: { $0.key < $1.key }) { carryOut(effect, id, configs[id]) }
        ended()
    }

    /// Gives a worker everything that counts without a new process.
    private func configure(_ worker: Worker, _ config: StrategyConfig?) {
        guard let config = config ?? StrategyConfig(json: worker.config.json.text, defaults: control.defaults) else {
            return
        }
        // Parameters and code are put in force by what follows, which may fail.
        var next = config
        next.path = worker.config.path
        next.params = worker.config.params
        next.changedParams = worker.config.changedParams
        guard next != worker.config else { return }
        worker.config = next
        control.supervisor.configure(worker.id, next.life(control.settings))
        if let process = worker.process, process.isHost { control.welcome(process, replyTo: nil) }
    }

    private func carryOut(_ effect: SettingsChange.Effect, _ id: String, _ config: StrategyConfig?) {
        switch effect {
        case .live, .refused:
            return
        case .start:
            guard let config else { return }
            left += 1
            control.start(config, actor: actor, source: .config, waits: true) { [self] in ended(id, $0.failure) }
        case .stop:
            guard let worker = control.workers[id], worker.source == .config else { return }
            left += 1
            control.stop(worker, actor: actor) { [self] in ended(id) }
        case .params, .reload, .restart:
            guard let worker = control.workers[id] else { return }
            change(worker, effect, config)
        }
    }

    private func change(_ worker: Worker, _ effect: SettingsChange.Effect, _ config: StrategyConfig?) {
        let changes = config.map { changedParams($0, worker) } ?? [:]
        let path = config?.path ?? worker.config.path
        // One that does not run takes what it is to be when it is started.
        let isThere = worker.process != nil
        if effect == .restart || !isThere {
            for (key, value) in changes { worker.config.params[key] = value }
            worker.config.path = path
            guard isThere else { return }
            left += 1
            return control.restart(worker, actor: actor) { [self] in ended(worker.id, $0.failure) }
        }
        left += 1
        offer(worker, changes) { [self] failure in
            guard failure == nil, path != worker.config.path else { return ended(worker.id, failure) }
            let request = ReloadRequest(path: path, actor: actor, trial: control.settings.supervisor.reload)
            control.reload(worker, request) { [self] in ended(worker.id, $0.failure) }
        }
    }

    private func offer(_ worker: Worker, _ changes: [String: JSONValue], _ done: @escaping (ManagerError?) -> Void) {
        guard !changes.isEmpty else { return done(nil) }
        control.changeParams(of: worker, changes, actor: actor == .operator ? .reload : actor) { done($0.failure) }
    }

    /// The parameters of which the configuration says something else than it did; what was changed by command since stays otherwise.
    private func changedParams(_ config: StrategyConfig, _ worker: Worker) -> [String: JSONValue] {
        var changes: [String: JSONValue] = [:]
        let prefix = "strategies.\(worker.id).params."
        for change in outcome.plan.changes where change.key.hasPrefix(prefix) {
            guard let key = change.key.dropFirst(prefix.count).split(separator: ".").first.map(String.init) else {
                continue
            }
            // One that is left out has its default again.
            changes[key] = config.params[key] ?? worker.declaredParams?[key]
        }
        worker.config.changedParams.settle(with: config.params)
        return changes
    }

    private func ended(_ id: String, _ failure: ManagerError? = nil) {
        if let failure { outcome.failures[id] = failure.description }
        ended()
    }

    private func ended() {
        left -= 1
        if left == 0 { done(outcome) }
    }
}
