internal import CLinux
internal import EventJournal
internal import Glibc
internal import Logging
internal import MarketData
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What is looked after once a second: how far topics have moved, logs that grow, orphans, systemd, code that is not used.
extension WorkerControl {
    private static let interval = Duration.seconds(1)
    /// How many rounds lie between two looks at the logs.
    private static let logRounds = 5
    /// How many rounds lie between two times that code which no longer runs is let go; the first time comes when the start is over.
    private static let textRounds = 60
    private static let firstTextRound = 5

    /// How long heartbeats may wait for others: a millisecond for each so many processes, since a few send too few to wait for.
    private static let processesPerMillisecond = 20
    private static let longestRest = 5

    /// Does one round, and sets the next.
    func keepHouse() {
        let due = SuspendingClock().now + Self.interval
        houseTimer = loop.schedule(after: Self.interval) { [unowned self] in
            noteLag(SuspendingClock().now - due)
            keepHouse()
        }
        houseRounds += 1
        onHouseRound()
        plane?.statusRest = .milliseconds(min(processes.count / Self.processesPerMillisecond, Self.longestRest))
        askForTotals()
        if houseRounds % Self.logRounds == 0 { rotateLogs() }
        if reapsOrphans {
            reapOrphans()
            // Only where the process is the manager's alone: how an embedder's memory is used is not ours to say.
            if houseRounds % Self.textRounds == Self.firstTextRound { ProgramText.release() }
        }
    }

    /// Takes in how late the loop came to a timer.
    private func noteLag(_ lag: Duration) {
        self.lag.note(lag)
        metrics.late(.control, lag)
        guard lag > WorkerSupervisor.toleratedLag else { return }
        chronicle.record(
            .manager,
            cause: "the manager stood still for \(lag.text): deadlines of workers start afresh",
            actor: .manager,
            level: .warning
        )
    }

    /// Learns how much the topics of each worker have carried.
    private func askForTotals() {
        let topics = workers.compactMapValues { $0.process == nil || $0.topics.isEmpty ? nil : $0.topics }
        guard !topics.isEmpty else { return }
        readTotals(of: topics) { [unowned self] totals in
            for (id, total) in totals { workers[id]?.offered = total }
        }
    }

    /// Learns how far a worker is behind its topics, as of the heartbeat that has just come.
    func measureLag(of worker: Worker) {
        let published = broker.published.value
        let topics = Array(worker.lag.positions.keys)
        guard !topics.isEmpty, !worker.isMeasuringLag, worker.lag.isWorthMeasuring(published: published) else { return }
        worker.isMeasuringLag = true
        readLasts(of: topics) { [unowned self] lasts in
            worker.isMeasuringLag = false
            worker.lag.compare(with: lasts, now: WallClock.nanoseconds())
            guard supervisor.state(of: worker.id) == .running, worker.config.delivery == .lossless,
                worker.kind != .executable, worker.lag.isStuck(at: SuspendingClock().now), let process = worker.process
            else { return }
            plane?.send(Message(.sync, workerID: worker.id), to: process.identity)
        }
    }

    private func rotateLogs() {
        let part = Int64(settings.logs.maxBytes.bytes)
        let keep = settings.logs.keep
        for worker in workers.values {
            let path = spawner.logPath(worker.id)
            guard let size = WorkerLog.Size(path) else { continue }
            if worker.kind == .executable {
                if size.allocated > part * Int64(keep + 1) { trim(path, part, keep, worker) }
            } else if size.bytes > part {
                tell(WorkerLog.rotate(path, keep: keep), of: worker)
                logger.debug("put aside \(path)")
            }
        }
        if let size = WorkerLog.Size(spawner.spareLogPath), size.bytes > part {
            _ = WorkerLog.rotate(spawner.spareLogPath, keep: keep)
        }
    }

    /// Drops the oldest lines of a log, on another thread: the file system may take its time.
    private func trim(_ path: String, _ part: Int64, _ keep: Int, _ worker: Worker) {
        guard !worker.isTrimmingLog else { return }
        worker.isTrimmingLog = true
        let id = worker.id
        let control = Crossing(self)
        Task.detached { [loop] in
            let result = Result { () throws(ManagerError) in try WorkerLog.trim(path, part: part, keep: keep) }
            loop.execute { control.value.trimmed(result, of: id) }
        }
    }

    private func trimmed(_ result: Result<WorkerLog.Dropped?, ManagerError>, of workerID: String) {
        guard let worker = workers[workerID] else { return }
        switch result {
        case .success(let dropped):
            worker.isTrimmingLog = false
            tell(dropped, of: worker)
        case .failure(let error):
            // Once is enough: it stays as it is, and is not tried again.
            logger.error("\(error)", metadata: ["worker": "\(workerID)"])
        }
    }

    private func tell(_ dropped: WorkerLog.Dropped?, of worker: Worker) {
        guard let dropped else { return }
        chronicle.record(
            .worker,
            workerID: worker.id,
            cause: "its log is full: the oldest \(dropped.bytes) bytes were dropped, \(dropped.kept) are kept",
            actor: .manager,
            detail: ["dropped_bytes": .integer(dropped.bytes), "kept_bytes": .integer(dropped.kept)]
        )
    }

    private func reapOrphans() {
        do {
            for orphan in try Subreaper.reapOrphans() {
                logger.debug("collected orphan \(orphan.pid): \(orphan.exit.status)")
            }
        } catch {
            logger.warning("\(error)")
        }
    }
}
