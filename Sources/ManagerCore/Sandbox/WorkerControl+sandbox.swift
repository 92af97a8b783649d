internal import EventJournal
internal import MarketRecord
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

// Strategies that are shown the record, and those who read it.
extension WorkerControl {
    /// How many sandboxes may run at once.
    private static let maxSandboxes = 4
    /// How long one may take where nobody says.
    private static let longestSandbox = Duration.seconds(3600)

    /// Shows a worker's strategy recorded data in a process of its own; `done` is called once.
    ///
    /// - Parameter deadline: When whoever asked stops waiting, seconds since the Unix epoch.
    func runSandbox(
        _ worker: Worker,
        _ ranges: [ReplayRange],
        deadline: Double?,
        _ done: @escaping (SandboxRun.Outcome) -> Void
    ) {
        guard isOpen, sandboxes.count < Self.maxSandboxes else {
            let reason =
                isOpen ? "\(sandboxes.count) strategies are being shown the record already" : "the manager is stopping"
            return done(.failure(ManagerError(.serviceUnavailable, reason)))
        }
        let config = worker.config
        let left = deadline.map { Duration.seconds(max($0 - WallClock.seconds(), 0)) }
        provide(config, worker.kind) { [unowned self] result in
            switch result {
            case .success(let file): show(ranges, to: file, config, worker.kind, as: worker.id, within: left, done)
            case .failure(let error): done(.failure(error))
            }
        }
    }

    /// Shows recorded data to a strategy that is ready to be loaded.
    func show(
        _ ranges: [ReplayRange],
        to library: String,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        as workerID: String,
        within limit: Duration?,
        _ done: @escaping (SandboxRun.Outcome) -> Void
    ) {
        var payload = startPayload(config, library: library, logPath: spawner.spareLogPath)
        payload["sandbox"] = ["worker_id": .string(workerID), "ranges": .array(ranges.map(\.json))]
        beginSandbox(workerID, config, kind, for: .replay, payload, isLimited: false, within: limit, done)
    }

    /// Runs a strategy in a process of its own that is no worker.
    ///
    /// - Parameters:
    ///   - isLimited: Whether the process is held to the limits of its configuration.
    ///   - limit: How long it may take; an hour at most.
    @discardableResult
    func beginSandbox(
        _ workerID: String,
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        for purpose: SandboxRun.Purpose,
        _ payload: [String: JSONValue],
        isLimited: Bool,
        within limit: Duration?,
        _ done: @escaping (SandboxRun.Outcome) -> Void
    ) -> SandboxRun? {
        let process: WorkerProcess
        do {
            guard isOpen else { throw ManagerError(.serviceUnavailable, "the manager is stopping") }
            process = try pools.acquire(host(kind, config))
        } catch {
            done(.failure(ManagerError(.internalError, "no process: \(error)")))
            return nil
        }
        do {
            if isLimited { try config.limits.processLimits().apply(to: process.child.pid) }
        } catch {
            pools.release(process)
            done(.failure(ManagerError(.internalError, "its limits cannot be applied: \(error)")))
            return nil
        }
        var timer: EventLoop.Timer?
        lastSandbox += 1
        let run = SandboxRun(
            lastSandbox,
            process,
            workerID: workerID,
            for: purpose,
            payload: .object(payload),
            receipts: receipts,
            send: { [unowned self] message, process in plane?.send(message, to: process.identity) },
            done: { [unowned self] outcome in
                if let timer { loop.cancel(timer) }
                done(outcome)
            }
        )
        timer = loop.schedule(after: min(limit ?? Self.longestSandbox, Self.longestSandbox)) {
            run.abort("it took too long\(run.whereabouts)")
        }
        sandboxes[run.generation] = run
        run.begin()
        return run
    }

    /// The sandbox that a process is.
    func sandbox(of process: WorkerProcess) -> SandboxRun? {
        sandboxes.isEmpty ? nil : sandboxes.values.first { $0.process === process }
    }

    // MARK: Reading the record

    /// Reads the record on another thread: a large answer must not hold up the loop.
    func readRecord(
        _ reply: Reply,
        _ read: @escaping @Sendable (RecordReader) throws -> [String: JSONValue]
    ) {
        readThen(reply) { reader, _ in
            try read(reader)
        } done: {
            reply.done($0)
        }
    }

    /// Reads record and journal on another thread, and goes on here with what was found.
    func readThen<Found: Sendable>(
        _ reply: Reply,
        _ read: @escaping @Sendable (RecordReader, EventJournal) throws -> Found,
        done: @escaping (Found) -> Void
    ) {
        let (answer, goOn) = (Crossing(reply), Crossing(done))
        Task.detached { [record, journal, loop] in
            let found = Result { try read(RecordReader(record.configuration), journal) }
                .mapError { ManagerError(.internalError, "what is recorded cannot be read: \($0)") }
            loop.execute {
                switch found {
                case .success(let found): goOn.value(found)
                case .failure(let error): answer.value.refused(error)
                }
            }
        }
    }
}
