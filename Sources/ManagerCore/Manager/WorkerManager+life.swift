internal import EventJournal
internal import Glibc
internal import Logging
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Its start and its end.
extension WorkerManager {
    /// Takes the folders, binds the endpoints, and starts the strategies and feeds of the settings.
    ///
    /// Where its task is cancelled it no longer waits for strategies that are still starting, and starts no feeds.
    ///
    /// - Throws: An error that says what is in the way: settings that contradict each other, another manager on the same folders, an
    ///   address in use, a journal that cannot be written.
    public func start() async throws {
        guard running == nil, !isStopping else { throw ManagerError(.conflict, "the manager runs already") }
        let problems = settings.validate()
        guard problems.isEmpty else { throw SettingsError(problems) }
        let places = try Folders.resolve(settings: settings, environment: environment, userID: geteuid())
        let endpoints = try Endpoints.resolve(settings: settings, folders: places)
        let door = try Door.open(settings: settings, endpoints: endpoints, folders: places, logger: logger)
        let installation = try Installation.find(settings: settings, environment: environment)
        let feeds = try settings.feeds.map { (feed) throws(ManagerError) in try feed.configuration() }
        let folders = try ManagerFolders(places)
        try access.open(dataFolder: places.data)
        let journal = try EventJournal(path: places.journal, commitTimer: metrics.journalCommit)
        journal.setRetention(settings.retention)
        systemd = try SystemdNotify.from(environment: environment)
        if role.ownsProcess { try Subreaper.enable() }
        let context = try Context()
        let record = try MarketRecord(
            settings.recordConfiguration(places),
            logger: logger,
            commitTimer: metrics.recordCommit
        )
        let gatekeeper = try makeGatekeeper(context, door)
        let broker = try makeBroker(context, endpoints, door, record, ledger: folders.ledger)
        let control = WorkerControl(
            WorkerControl.Parts(
                settings: settings,
                folders: places,
                endpoints: endpoints,
                door: door,
                installation: installation,
                environment: environment,
                logs: folders.logs,
                compiled: folders.compiled,
                context: context,
                journal: journal,
                record: record,
                broker: broker,
                access: access,
                notice: notice,
                reapsOrphans: role.ownsProcess,
                settingsSource: role.settingsSource,
                // From the loop itself: where it no longer turns, systemd learns of it.
                onHouseRound: { [systemd] in try? systemd?.send(.watchdog) },
                loop: controlLoop,
                logger: logger,
                metrics: metrics,
                secrets: secrets
            )
        )
        // Before anything is bound: nobody comes in unasked.
        try await gatekeeper.start()
        do {
            try control.open()
        } catch {
            await gatekeeper.stop()
            throw error
        }
        running = Running(
            control: control,
            broker: broker,
            record: record,
            journal: journal,
            folders: folders,
            door: door,
            gatekeeper: gatekeeper
        )
        itself = self
        do {
            try door.writeLocalKey()
            tell(of: door, control)
            try running?.folders.announce(endpoints)
            try await open(control, broker, endpoints)
            await startStrategies()
            // Somebody may have stopped it meanwhile.
            guard control.isOpen, !Task.isCancelled else { return }
            for feed in feeds { try await broker.start(feed) }
            try? systemd?.send(.ready, .status("\(control.workers.count) strategies"))
        } catch {
            await stop()
            throw error
        }
    }

    private func open(_ control: WorkerControl, _ broker: DataBroker, _ endpoints: Endpoints) async throws {
        try await broker.start()
        control.chronicle.record(
            .manager,
            cause: "manager started",
            actor: .manager,
            detail: [
                "version": .string(QuantCell.version), "pid": .integer(Int64(getpid())), "endpoints": endpoints.json,
            ]
        )
        for correction in broker.corrections {
            control.chronicle.record(
                .manager,
                cause:
                    "\(correction.topic) goes on behind \(correction.to), where its record ends, not behind \(correction.from)",
                actor: .manager,
                level: .warning
            )
        }
    }

    /// Stops all strategies, spares and feeds, and lets go of the folders. Returns when no process is left.
    @discardableResult
    public func stop() async -> Summary? {
        if isStopping {
            await withCheckedContinuation { stopWaiters.append($0) }
            return nil
        }
        guard let control = running?.control, let broker = running?.broker, let record = running?.record,
            let journal = running?.journal
        else { return nil }
        isStopping = true
        try? systemd?.send(.stopping)
        control.chronicle.record(.manager, cause: "manager stopping", actor: .manager)
        await broker.stopFeeds()
        await withCheckedContinuation { done in
            control.close(leavingRunning: role.leavesWorkersRunning) { done.resume() }
        }
        let counters = await broker.counters()
        await withCheckedContinuation { done in
            control.chronicle.record(.manager, cause: "manager stopped", actor: .manager) { done.resume() }
        }
        await broker.stop()
        // What it holds is on disk when this returns; nothing else goes on that could wait for it.
        record.stop()
        control.shut()
        journal.close()
        running?.door.removeLocalKey()
        await running?.gatekeeper.stop()
        let summary = summary(control, counters, journal)
        running = nil
        itself = nil
        isStopping = false
        for waiter in stopWaiters { waiter.resume() }
        stopWaiters = []
        return summary
    }

    private func makeGatekeeper(_ context: Context, _ door: Door) throws -> Gatekeeper {
        try Gatekeeper(
            context: context,
            guests: door.guests,
            ports: door.ports,
            reportsPerSecond: settings.journal.refusedSample,
            logger: logger,
            onRefused: { [weak self, controlLoop] endpoint, reason, unreported in
                controlLoop.execute { [weak self] in
                    self?.assumeIsolated {
                        $0.running?.control.connectionRefused(endpoint, reason, unreported: unreported)
                    }
                }
            },
            onRevoked: { [weak self, controlLoop] what in
                controlLoop.execute { [weak self] in
                    self?.assumeIsolated {
                        $0.running?.control.chronicle.record(.manager, cause: what, actor: .manager, level: .notice)
                    }
                }
            }
        )
    }

    /// Says loudly where anybody gets in.
    private func tell(of door: Door, _ control: WorkerControl) {
        guard !door.openEndpoints.isEmpty else { return }
        control.chronicle.record(
            .manager,
            cause:
                "INSECURE: \(door.openEndpoints.joined(separator: ", ")) may be used by anybody who reaches the TCP address, "
                + "since security.insecure_tcp is true",
            actor: .manager,
            detail: door.json,
            level: .warning
        )
    }

    private func makeBroker(
        _ context: Context,
        _ endpoints: Endpoints,
        _ door: Door,
        _ record: MarketRecord,
        ledger: String
    ) throws -> DataBroker {
        try DataBroker(
            loop: dataLoop,
            context: context,
            configuration: settings.brokerConfiguration(endpoints, ledger: ledger),
            guardedBy: door.socketGuard,
            record: record,
            logger: logger,
            onRefused: { [weak self, controlLoop] refusal in
                controlLoop.execute { [weak self] in self?.assumeIsolated { $0.brokerRefused(refusal) } }
            },
            onRecordFailure: { [weak self, controlLoop] reason in
                controlLoop.execute { [weak self] in self?.assumeIsolated { $0.recordFailed(reason) } }
            }
        )
    }

    private func recordFailed(_ reason: String?) {
        running?.control.chronicle.record(
            .manager,
            cause: reason.map { "market data cannot be recorded: \($0)" } ?? "market data is recorded again",
            actor: .manager,
            level: reason == nil ? .notice : .error
        )
    }

    private func brokerRefused(_ refusal: Refusal) {
        running?.control.record(refusal, endpoint: "feed")
    }

    private func summary(_ control: WorkerControl, _ counters: BrokerCounters, _ journal: EventJournal) -> Summary {
        let lives = control.workers.keys.compactMap { control.supervisor.life(of: $0) }
        return Summary(
            uptime: .seconds(control.uptimeSeconds),
            workers: lives.count,
            restarts: lives.reduce(0) { $0 + Int(clamping: $1.restarts) },
            published: counters.published,
            refused: counters.refused + control.refusedMessages,
            lostEntries: journal.statistics.lost.refusals + journal.statistics.lost.others
        )
    }
}
