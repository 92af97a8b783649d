internal import Glibc
internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// Spawns workers and tells of their ends, on the control loop.
final class WorkerSpawner {
    /// What the environment of each worker says.
    struct Configuration {
        /// The executable that hosts Swift strategies.
        var workerExecutable: String
        var endpoints: Endpoints
        /// Folder of the workers' output.
        var logs: String
        /// The least that a strategy's log keeps.
        var logLevel: String
        /// The manager's own environment; strategies may rely on it.
        var environment: [String: String]
    }

    private let configuration: Configuration
    private let loop: EventLoop
    private let onExit: (WorkerProcess, ExitStatus) -> Void

    init(_ configuration: Configuration, loop: EventLoop, onExit: @escaping (WorkerProcess, ExitStatus) -> Void) {
        self.configuration = configuration
        self.loop = loop
        self.onExit = onExit
    }

    /// Where a worker's output goes.
    func logPath(_ workerID: String) -> String { "\(configuration.logs)/\(workerID).log" }

    /// Spawns a process that waits for a strategy.
    func spawnSpare() throws -> WorkerProcess {
        let identity = "spare-\(MessageID.make().prefix(12))"
        return try spawn(
            executable: configuration.workerExecutable,
            identity: identity,
            workerID: identity,
            generation: 0,
            strategy: nil,
            output: .append(path: "\(configuration.logs)/spares.log")
        )
    }

    /// Spawns an executable that is a worker by itself.
    func spawn(_ strategy: StrategyConfig, workerID: String, generation: UInt64) throws -> WorkerProcess {
        try spawn(
            executable: strategy.path,
            identity: "\(workerID)-\(generation)-\(MessageID.make().prefix(8))",
            workerID: workerID,
            generation: generation,
            strategy: strategy,
            output: .append(path: logPath(workerID))
        )
    }

    private func spawn(
        executable: String,
        identity: String,
        workerID: String,
        generation: UInt64,
        strategy: StrategyConfig?,
        output: SpawnRequest.Output
    ) throws -> WorkerProcess {
        let token = MessageID.make()
        var environment = configuration.environment.filter { !$0.key.hasPrefix("QUANTCELL_") }
        environment["QUANTCELL_WORKER_ID"] = workerID
        environment["QUANTCELL_IDENTITY"] = identity
        environment["QUANTCELL_GENERATION"] = "\(generation)"
        environment["QUANTCELL_TOKEN"] = token
        environment["QUANTCELL_DATA"] = configuration.endpoints.data.first
        environment["QUANTCELL_CONTROL"] = configuration.endpoints.control.first
        environment["QUANTCELL_STATUS"] = configuration.endpoints.status.first
        environment["QUANTCELL_LOG_LEVEL"] = configuration.logLevel
        environment["QUANTCELL_PARAMS"] = JSONValue.object(strategy?.params ?? [:]).text
        environment["QUANTCELL_SYMBOLS"] = JSONValue.array((strategy?.symbols ?? []).map(JSONValue.string)).text
        environment["QUANTCELL_DATA_TYPES"] = JSONValue.array((strategy?.dataTypes ?? []).map(JSONValue.string)).text
        let child = try ChildProcess.spawn(
            SpawnRequest(executable: executable, environment: environment, output: output)
        )
        let process = WorkerProcess(identity: identity, token: token, child: child, isHost: strategy == nil)
        process.workerID = strategy == nil ? nil : workerID
        do {
            process.watch = try loop.watch(descriptor: child.pidFileDescriptor) { [unowned self, unowned process] in
                reap(process)
            }
        } catch {
            // Unwatched it would never be reaped: better none.
            try? child.send(.kill)
            child.abandon()
            throw error
        }
        return process
    }

    private func reap(_ process: WorkerProcess) {
        do {
            guard let exit = try process.child.reap() else { return }
            end(process, exit.status)
        } catch {
            // Somebody else has collected it; that it is gone is all that is known.
            end(process, .exited(code: -1))
        }
    }

    private func end(_ process: WorkerProcess, _ status: ExitStatus) {
        if let watch = process.watch { loop.unwatch(watch) }
        process.watch = nil
        onExit(process, status)
    }
}
