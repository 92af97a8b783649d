import Glibc
import ProcessControl
import Testing
import ZeroMQ

@testable import ManagerCore

/// A pool on a loop of its own, of real processes.
final class PoolRig: @unchecked Sendable {
    let folder: TemporaryFolder
    let lines = Recorder<String>()
    /// When processes were asked for.
    let spawns = Recorder<ContinuousClock.Instant>()
    private let loop: EventLoop

    /// All of this belongs to the loop.
    struct State {
        var live: [WorkerProcess] = []
        /// Attempts to spawn that are to fail.
        var failuresLeft = 0
    }
    private var state = State()
    private var spawner: WorkerSpawner?
    private(set) var pool: ProcessPool?

    struct CannotSpawn: Error {}

    /// - Parameter command: What each spare does.
    init(_ configuration: PoolConfig, _ command: String = "exec sleep 1000", failures: Int = 0) async throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "test-control")
        let program = try folder.script(command)
        let logs = folder.path
        state.failuresLeft = failures
        try await loop.run { [self] in
            let spawner = WorkerSpawner(
                WorkerSpawner.Configuration(
                    workerExecutable: program,
                    pythonKit: "",
                    endpoints: try .resolve(
                        settings: Settings(),
                        folders: .resolve(settings: Settings(), environment: ["HOME": logs], userID: 0)
                    ),
                    logs: logs,
                    orphanLease: .seconds(60),
                    logLevel: "info",
                    logFormat: "text",
                    environment: ["PATH": "/usr/bin:/bin"]
                ),
                reaper: ProcessReaper(loop: loop, logger: lines.logger) { [unowned self] process, exit in
                    state.live.removeAll { $0 === process }
                    _ = pool?.ended(process, exit?.status ?? .unknown)
                }
            )
            self.spawner = spawner
            pool = ProcessPool(configuration, loop: loop, logger: lines.logger) { [unowned self] in try spawn() }
            pool?.refill()
        }
    }

    private func spawn() throws -> WorkerProcess {
        spawns.add(.now)
        if state.failuresLeft > 0 {
            state.failuresLeft -= 1
            throw CannotSpawn()
        }
        let process = try #require(try spawner?.spawnSpare(.swift))
        state.live.append(process)
        return process
    }

    /// Does something with the pool, on its loop.
    func run<Value: Sendable>(_ body: @escaping @Sendable (ProcessPool) throws -> Value) async throws -> Value {
        try await loop.run { try body(try #require(self.pool)) }
    }

    /// As the control plane does when a spare says hello.
    func connectAll() async throws {
        try await run { pool in
            for process in self.state.live where pool.spare(process.identity) != nil {
                process.isConnected = true
                pool.connected(process)
            }
        }
    }

    var pids: [Int32] {
        get async throws { try await run { _ in self.state.live.map(\.child.pid) } }
    }

    func waitForSpares(_ count: Int) async throws {
        try await wait(for: "\(count) spares") { try await self.run { $0.count } == count }
    }

    /// Ends the pool and every process, also those that were taken.
    func close() async throws {
        try await run { pool in
            pool.close()
            for process in self.state.live { try process.child.signalGroup(.kill) }
        }
        try await wait(for: "all processes to end") { try await self.pids.isEmpty }
        loop.stop()
    }
}
