internal import EventJournal
internal import Logging
internal import Supervision

// What should run from the start.
extension WorkerManager {
    /// Brings everything to run that should: takes over what an earlier manager has left, and starts the rest, all at once.
    func startStrategies() async {
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
            control.start(
                start.config,
                actor: .manager,
                source: source,
                isPaused: start.isPaused,
                waits: true
            ) { [unowned self] result in
                startEnded(start.config.name, failure: result.failure)
            }
        }
        control.desk.open()
    }

    private func startEnded(_ name: String, failure: ManagerError?) {
        if let failure {
            logger.error("cannot start '\(name)': \(failure)", metadata: ["worker": "\(name)"])
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
            let changed = try control.changedParams()
            for index in starts.indices {
                starts[index].config.lay(changed[starts[index].config.name] ?? ChangedParams())
            }
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
}

// Another configuration while it runs.
extension WorkerManager {
    /// Reads the configuration file again and puts in force what has changed; what came of it is in the log and the journal.
    package func reloadSettings() async {
        guard let control = running?.control, !isStopping else { return }
        await withCheckedContinuation { done in
            control.readSettings(nil) { [logger] result in
                switch result {
                case .success(let (_, settings)):
                    control.apply(settings, actor: .operator) { result in
                        if let error = result.failure { logger.error("the configuration is not applied: \(error)") }
                        done.resume()
                    }
                case .failure(let error):
                    logger.error("the configuration is as it was: \(error)")
                    control.chronicle.record(
                        .manager,
                        cause: "configuration not applied: \(error.firstLine)",
                        actor: .operator,
                        level: .warning
                    )
                    done.resume()
                }
            }
        }
    }
}
