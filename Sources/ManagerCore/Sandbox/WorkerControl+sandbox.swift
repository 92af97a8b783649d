internal import EventJournal
internal import MarketRecord
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
        provide(config, worker.kind) { [unowned self] result in
            switch result {
            case .success(let file): beginSandbox(worker, file, ranges, deadline, done)
            case .failure(let error): done(.failure(error))
            }
        }
    }

    private func beginSandbox(
        _ worker: Worker,
        _ library: String,
        _ ranges: [ReplayRange],
        _ deadline: Double?,
        _ done: @escaping (SandboxRun.Outcome) -> Void
    ) {
        let config = worker.config
        let process: WorkerProcess
        do {
            guard isOpen else { throw ManagerError(.serviceUnavailable, "the manager is stopping") }
            process = try pools.acquire(host(worker.kind, config))
        } catch {
            return done(.failure(ManagerError(.internalError, "no process: \(error)")))
        }
        var payload = startPayload(config, library: library, logPath: spawner.spareLogPath)
        payload["sandbox"] = ["worker_id": .string(worker.id), "ranges": .array(ranges.map(\.json))]
        var timer: EventLoop.Timer?
        lastSandbox += 1
        let run = SandboxRun(
            lastSandbox,
            process,
            workerID: worker.id,
            payload: .object(payload),
            receipts: receipts,
            send: { [unowned self] message, process in plane?.send(message, to: process.identity) },
            done: { [unowned self] outcome in
                if let timer { loop.cancel(timer) }
                done(outcome)
            }
        )
        let left = deadline.map { Duration.seconds(max($0 - WallClock.seconds(), 0)) } ?? Self.longestSandbox
        timer = loop.schedule(after: min(left, Self.longestSandbox)) { run.abort("it took too long") }
        sandboxes[run.generation] = run
        run.begin()
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
