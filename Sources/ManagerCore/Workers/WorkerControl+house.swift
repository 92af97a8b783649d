internal import CLinux
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

    /// Does one round, and sets the next.
    func keepHouse() {
        houseTimer = loop.schedule(after: Self.interval) { [unowned self] in keepHouse() }
        houseRounds += 1
        onHouseRound()
        askForTotals()
        if houseRounds % Self.logRounds == 0 { rotateLogs() }
        if reapsOrphans {
            reapOrphans()
            // Only where the process is the manager's alone: how an embedder's memory is used is not ours to say.
            if houseRounds % Self.textRounds == Self.firstTextRound { ProgramText.release() }
        }
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
        let topics = Array(worker.lag.positions.keys)
        guard !topics.isEmpty, !worker.isMeasuringLag else { return }
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
        let limit = settings.logs.maxBytes.bytes
        for path in workers.keys.map(spawner.logPath) + [spawner.spareLogPath] {
            var info = stat()
            guard stat(path, &info) == 0, info.st_size > limit else { continue }
            LogRotation.rotate(path, keep: settings.logs.keep)
            logger.debug("put aside \(path)")
        }
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

/// Puts log files aside: `x.log` becomes `x.log.1`, that one `x.log.2`, and so on.
enum LogRotation {
    /// Renames; the writer notices and begins a new file. What falls off the end is removed.
    static func rotate(_ path: String, keep: Int) {
        guard keep > 0 else {
            unlink(path)
            return
        }
        for number in stride(from: keep - 1, through: 1, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        rename(path, "\(path).1")
    }
}
