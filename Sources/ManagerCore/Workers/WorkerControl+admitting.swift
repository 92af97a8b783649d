internal import EventJournal
internal import Logging
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Which workers there may be, and under which names.
extension WorkerControl {
    /// How many stopped workers are remembered.
    private static let maxStopped = 1000

    static let closing = ManagerError(.serviceUnavailable, "the manager is stopping")

    static func stopped(_ worker: Worker) -> ManagerError {
        ManagerError(.workerStart, "'\(worker.id)' was stopped before it ran")
    }

    /// Makes room for a worker, under a name of its own.
    func admit(_ config: StrategyConfig) throws(ManagerError) -> Worker {
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
    func tooManyWorkers(besides name: String) -> ManagerError? {
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
}
