public import WireProtocol

/// Who carries out what a supervisor decides.
package protocol SupervisorDelegate: AnyObject {
    /// Records a change of state and tells whoever wants to know.
    func announce(_ transition: Transition)
    /// Carries out an action on a worker's process. What follows from it is reported to the supervisor.
    func carryOut(_ action: WorkerLife.Action, for workerID: String)
}

/// Keeps the lives of all workers: the thin shell around ``WorkerLife``.
///
/// It belongs to one thread, and does nothing by itself: its owner tells it what happens, and calls ``tick()`` when
/// ``nextDeadline`` has come.
public final class WorkerSupervisor {
    package typealias Instant = SuspendingClock.Instant

    /// How late a tick may be before the supervisor doubts itself rather than its workers.
    package static let toleratedLag = Duration.seconds(1)

    private var lives: [String: WorkerLife] = [:]
    private var pending: [(workerID: String, event: WorkerLife.Event)] = []
    private var isDraining = false
    private let clock: () -> Instant
    package weak var delegate: (any SupervisorDelegate)?

    /// A supervisor without workers.
    ///
    /// - Parameter clock: What time it is; tests bring their own.
    package init(clock: @escaping () -> Instant) {
        self.clock = clock
    }

    /// A supervisor on the machine's monotonic clock.
    public convenience init() {
        let clock = SuspendingClock()
        self.init(clock: { clock.now })
    }

    // MARK: Workers

    /// Takes a worker in. One that is there already keeps its life.
    public func register(
        _ workerID: String,
        restartPolicy: RestartPolicy = RestartPolicy(),
        health: HealthCheckConfig = HealthCheckConfig()
    ) {
        register(workerID, WorkerLife.Configuration(restartPolicy: restartPolicy, health: health))
    }

    /// Takes a worker in, whose first generation follows `generation`. One that is there already keeps its life.
    package func register(
        _ workerID: String,
        _ configuration: WorkerLife.Configuration,
        after generation: UInt64 = 0
    ) {
        guard lives[workerID] == nil else { return }
        lives[workerID] = WorkerLife(id: workerID, configuration: configuration, generation: generation)
    }

    /// Forgets a worker.
    public func unregister(_ workerID: String) {
        lives[workerID] = nil
    }

    /// A worker's life, or `nil` where there is none of that id.
    package func life(of workerID: String) -> WorkerLife? {
        lives[workerID]
    }

    /// The state of a worker; `nil` where there is none, or it has not begun.
    public func state(of workerID: String) -> WorkerState? {
        lives[workerID]?.state
    }

    /// Notes a sign of life.
    public func updateHeartbeat(_ workerID: String) {
        on(.heartbeat, for: workerID)
    }

    /// Whether a worker runs or is paused, and has been heard from within its heartbeat timeout.
    public func isHealthy(_ workerID: String) -> Bool {
        lives[workerID]?.isHealthy(at: clock()) ?? false
    }

    // MARK: Events

    /// Takes in what happened to a worker. What the delegate reports meanwhile waits its turn.
    package func on(_ event: WorkerLife.Event, for workerID: String) {
        pending.append((workerID, event))
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        while !pending.isEmpty {
            let (workerID, event) = pending.removeFirst()
            let actions = lives[workerID]?.on(event, at: clock()) ?? []
            for action in actions {
                if case .announce(let transition) = action {
                    delegate?.announce(transition)
                } else {
                    delegate?.carryOut(action, for: workerID)
                }
            }
        }
    }

    // MARK: Time

    /// When ``tick()`` is due next.
    package var nextDeadline: Instant? {
        lives.values.lazy.compactMap(\.nextDeadline).min()
    }

    /// Acts on the deadlines that have passed.
    ///
    /// - Parameter due: When the owner meant to call. Where it is much later than that, the manager itself was stopped or starved:
    ///   nobody is condemned for what it did not hear.
    package func tick(due: Instant) {
        let now = clock()
        if now - due > Self.toleratedLag {
            for workerID in lives.keys { on(.absentManager, for: workerID) }
        }
        for (workerID, life) in lives where life.nextDeadline.map({ $0 <= now }) ?? false {
            on(.deadlinePassed, for: workerID)
        }
    }
}
