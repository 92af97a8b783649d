internal import Logging
internal import ProcessControl
internal import ZeroMQ

/// What runs in a process that waits for a strategy.
enum WorkerHost: Hashable, Sendable {
    /// The worker executable, which loads shared objects.
    case swift
    /// A Python interpreter, by its absolute path, with the kit and pyzmq loaded.
    case python(String)
}

/// The warm spares of each host. Those of a Python interpreter are kept from its first strategy on.
///
/// It belongs to the control loop.
final class ProcessPools {
    private let configurations: (swift: PoolConfig, python: PoolConfig)
    private let loop: EventLoop
    private let logger: Logger
    private let spawn: (WorkerHost) throws -> WorkerProcess
    private var pools: [WorkerHost: ProcessPool] = [:]
    private var isOpen = true

    init(
        swift: PoolConfig,
        python: PoolConfig,
        loop: EventLoop,
        logger: Logger,
        spawn: @escaping (WorkerHost) throws -> WorkerProcess
    ) {
        configurations = (swift, python)
        self.loop = loop
        self.logger = logger
        self.spawn = spawn
    }

    /// Spares that are connected and idle, for Swift strategies.
    var idleCount: Int { pools[.swift]?.idleCount ?? 0 }

    /// Spares that are connected and idle, of all Python interpreters.
    var idlePythonCount: Int {
        pools.reduce(0) { count, entry in entry.key == .swift ? count : count + entry.value.idleCount }
    }

    /// The spares of all hosts together.
    var sample: MetricsSnapshot.Pool {
        pools.values.reduce(into: MetricsSnapshot.Pool(idle: 0, count: 0, counts: ProcessPool.Counts())) { sum, pool in
            sum.idle += pool.idleCount
            sum.count += pool.count
            sum.counts.add(pool.counts)
        }
    }

    /// The spare of that identity.
    func spare(_ identity: String) -> WorkerProcess? {
        pools.values.lazy.compactMap { $0.spare(identity) }.first
    }

    /// Takes a spare: an idle one, else one that is about to connect, else a new one.
    ///
    /// - Throws: What spawning throws, where there is no spare.
    func acquire(_ host: WorkerHost) throws -> WorkerProcess { try pool(host).acquire() }

    /// Ends a process that nobody wants any more; a process hosts one strategy, once.
    func release(_ process: WorkerProcess) {
        for pool in pools.values { pool.release(process) }
    }

    /// A spare has connected.
    func connected(_ process: WorkerProcess) {
        pools.values.first { $0.spare(process.identity) != nil }?.connected(process)
    }

    /// A process has ended. Returns whether it was a spare.
    func ended(_ process: WorkerProcess, _ status: ExitStatus) -> Bool {
        pools.values.contains { $0.ended(process, status) }
    }

    /// Spawns what is missing of a host's spares.
    func refill(_ host: WorkerHost) { pool(host).refill() }

    /// Ends all spares and keeps no more.
    func close() {
        isOpen = false
        for pool in pools.values { pool.close() }
    }

    /// The spares of a host; made when it is asked for first.
    func pool(_ host: WorkerHost) -> ProcessPool {
        if let pool = pools[host] { return pool }
        let configuration = host == .swift ? configurations.swift : configurations.python
        let pool = ProcessPool(configuration, loop: loop, logger: logger) { [unowned self] in try spawn(host) }
        if !isOpen { pool.close() }
        pools[host] = pool
        return pool
    }
}
