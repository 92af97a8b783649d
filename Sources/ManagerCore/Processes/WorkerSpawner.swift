internal import Glibc
internal import ProcessControl
internal import WireProtocol

/// Spawns workers, on the control loop.
final class WorkerSpawner {
    /// What the environment of each worker says.
    struct Configuration {
        /// The executable that hosts Swift strategies.
        var workerExecutable: String
        /// The folder of the Python package `quantcell`; empty where it was not found.
        var pythonKit: String
        var endpoints: Endpoints
        /// Folder of the workers' output.
        var logs: String
        /// After how long without a manager a worker stops itself.
        var orphanLease: Duration
        /// The least that a strategy's log keeps.
        var logLevel: String
        /// How its lines look: `text` or `json`.
        var logFormat: String
        /// The manager's own environment; strategies may rely on it.
        var environment: [String: String]
    }

    /// How a Swift program that crashes reports it, unless the user's environment says otherwise: so briefly that the reason, which comes
    /// first, is among the last lines that `why` shows; and without registers, beside which it would print what is in memory.
    private static let backtrace = (
        name: "SWIFT_BACKTRACE",
        settings: "color=no,interactive=no,threads=crashed,registers=none,images=none,limit=8,top=1"
    )

    private let configuration: Configuration
    private let reaper: ProcessReaper
    /// Where groups can be made for the workers; nowhere on a machine without a delegated control group.
    let groups = ControlGroup.delegated()
    /// What the groups can be held to, once somebody has asked for that.
    var controllers: Set<String>?

    init(_ configuration: Configuration, reaper: ProcessReaper) {
        self.configuration = configuration
        self.reaper = reaper
    }

    /// Where a worker's output goes.
    func logPath(_ workerID: String) -> String { "\(configuration.logs)/\(workerID).log" }

    /// Where the output of spares goes.
    var spareLogPath: String { "\(configuration.logs)/spares.log" }

    /// What makes an interpreter a worker. Its modules come from the kit alone, whatever lies in the working folder.
    private static let pythonStart =
        "import sys; sys.path[0] = sys.argv[1]; from quantcell.worker.program import main; main()"

    /// Spawns a process that waits for a strategy.
    func spawnSpare(_ host: WorkerHost) throws -> WorkerProcess {
        let identity = "spare-\(MessageID.make().prefix(12))"
        var (executable, arguments) = (configuration.workerExecutable, [String]())
        if case .python(let interpreter) = host {
            guard !configuration.pythonKit.isEmpty else {
                throw ManagerError(
                    .serviceUnavailable,
                    "the Python package 'quantcell' was not found in lib/quantcell/python beside the manager's folder; to install it: make install"
                )
            }
            (executable, arguments) = (interpreter, ["-c", Self.pythonStart, configuration.pythonKit])
        }
        return try spawn(
            executable: executable,
            arguments: arguments,
            identity: identity,
            workerID: identity,
            generation: 0,
            strategy: nil,
            output: .append(path: spareLogPath)
        )
    }

    /// Spawns an executable that is a worker by itself.
    func spawn(_ strategy: StrategyConfig, workerID: String, generation: UInt64) throws -> WorkerProcess {
        // What only a process itself can give up, it gives up in a step of our own before it becomes the program.
        let arguments = LaunchStep.arguments(limits: try strategy.limits.processLimits(), program: strategy.path)
        return try spawn(
            executable: configuration.workerExecutable,
            arguments: arguments,
            identity: "\(workerID)-\(generation)-\(MessageID.make().prefix(8))",
            workerID: workerID,
            generation: generation,
            strategy: strategy,
            output: .append(path: logPath(workerID))
        )
    }

    private func spawn(
        executable: String,
        arguments: [String],
        identity: String,
        workerID: String,
        generation: UInt64,
        strategy: StrategyConfig?,
        output: SpawnRequest.Output
    ) throws -> WorkerProcess {
        let token = MessageID.make()
        var environment = configuration.environment.filter {
            !$0.key.hasPrefix("QUANTCELL_") && !SystemdNotify.variables.contains($0.key)
        }
        environment[Self.backtrace.name] = environment[Self.backtrace.name] ?? Self.backtrace.settings
        environment["QUANTCELL_WORKER_ID"] = workerID
        environment["QUANTCELL_IDENTITY"] = identity
        environment["QUANTCELL_GENERATION"] = "\(generation)"
        environment["QUANTCELL_TOKEN"] = token
        environment["QUANTCELL_DATA"] = configuration.endpoints.data.first
        environment["QUANTCELL_CONTROL"] = configuration.endpoints.control.first
        environment["QUANTCELL_STATUS"] = configuration.endpoints.status.first
        environment["QUANTCELL_HISTORY"] = configuration.endpoints.history.first
        // A test that lets the manager die at some point may mean a point of its workers.
        for name in ["QUANTCELL_CRASH_POINT", "QUANTCELL_CRASH_FILE"] {
            environment[name] = configuration.environment[name]
        }
        environment["QUANTCELL_LOG_LEVEL"] = configuration.logLevel
        environment["QUANTCELL_LOG_FORMAT"] = configuration.logFormat
        environment["QUANTCELL_ORPHAN_LEASE"] = "\(configuration.orphanLease / .seconds(1))"
        environment["QUANTCELL_PARAMS"] = JSONValue.object(strategy?.params ?? [:]).text
        environment["QUANTCELL_SYMBOLS"] = JSONValue.array((strategy?.symbols ?? []).map(JSONValue.string)).text
        environment["QUANTCELL_DATA_TYPES"] = JSONValue.array((strategy?.dataTypes ?? []).map(JSONValue.string)).text
        let child = try ChildProcess.spawn(
            SpawnRequest(executable: executable, arguments: arguments, environment: environment, output: output)
        )
        let process = WorkerProcess(
            identity: identity,
            token: token,
            child: child,
            group: group(identity, child.pid),
            isHost: strategy == nil
        )
        process.workerID = strategy == nil ? nil : workerID
        do {
            try reaper.watch(process)
        } catch {
            // Unwatched it would never be collected: better none.
            try? child.send(.kill)
            child.abandon()
            throw error
        }
        return process
    }

    /// A control group of the process's own, from which none of its descendants can get out.
    private func group(_ identity: String, _ pid: Int32) -> ControlGroup? {
        guard let group = try? groups?.create(Self.groupName(identity)) else { return nil }
        do {
            try group.add(pid: pid)
            return group
        } catch {
            // It had ended already, or may not be moved: the other ways to find its descendants remain.
            try? group.remove()
            return nil
        }
    }
}
