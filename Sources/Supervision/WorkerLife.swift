package import ProcessControl
package import WireProtocol

/// The life of one worker over all its processes: what happens in, what is to be done out.
///
/// It is pure: it holds no process, no socket and no clock. ``WorkerSupervisor`` feeds it and carries its actions out.
package struct WorkerLife: Sendable {
    package typealias Instant = SuspendingClock.Instant

    /// What is fixed for a worker.
    package struct Configuration: Hashable, Sendable {
        package var restartPolicy: RestartPolicy
        package var health: HealthCheckConfig
        package var stop: StopLadder.Configuration

        package init(
            restartPolicy: RestartPolicy = RestartPolicy(),
            health: HealthCheckConfig = HealthCheckConfig(),
            stop: StopLadder.Configuration = StopLadder.Configuration()
        ) {
            self.restartPolicy = restartPolicy
            self.health = health
            self.stop = stop
        }
    }

    /// What a person asked for, apart from what the process does.
    package enum Wanted: Hashable, Sendable {
        case running
        case paused
        case stopped
    }

    /// What happened.
    package enum Event: Hashable, Sendable {
        /// The worker is to run; the first event of a life.
        case start(Actor)
        /// The worker is to stop.
        case stop(Actor)
        /// Its data is to be held back.
        case pause(Actor)
        /// Its data is to flow again.
        case resume(Actor)
        /// A new process is to take over, the budget is whole again.
        case restart(Actor)

        /// A process is there: an idle spare, or one that has just been spawned.
        case acquired(idle: Bool)
        /// No process can be had.
        case acquireFailed(String)
        /// The process spoke for the first time.
        case connected
        /// The strategy has joined its topics and receives data.
        case joined
        /// The strategy could not be started; the process is about to end.
        case refused(String)
        /// The strategy is alive and has failed for good, such as by its error budget.
        case failed(String)
        /// The worker says that it holds its data back.
        case paused
        /// The worker says that its data flows again.
        case resumed
        /// A sign of life.
        case heartbeat
        /// The process has ended and has been reaped.
        case exited(ExitStatus)
        /// ``nextDeadline`` may have passed.
        case deadlinePassed
        /// The manager itself was not running for a while: what it did not hear then proves nothing.
        case absentManager
    }

    /// What is to be done, in order.
    package enum Action: Hashable, Sendable {
        /// Record the change, and tell whoever wants to know.
        case announce(Transition)
        /// Get a process: claim a spare or spawn one.
        case acquire(generation: UInt64)
        /// Hand the strategy to the process.
        case load
        /// Tell the process to `stop`, `pause` or `resume`.
        case ask(MessageType)
        /// Send a signal to the process and its group.
        case signal(Signal)
        /// Say something that is not a change of state.
        case report(String)
    }

    package let id: String
    package let configuration: Configuration
    /// `nil` before the first event.
    package internal(set) var state: WorkerState?
    package internal(set) var wanted = Wanted.running
    /// Counts the processes.
    package internal(set) var generation: UInt64 = 0
    /// How often a new process took over.
    package internal(set) var restarts: UInt64 = 0
    /// When the process was last heard from.
    package internal(set) var lastHeard: Instant?
    /// When the policy starts the next process, while recovering.
    package internal(set) var restartAt: Instant?

    var hasProcess = false
    var hasEverRun = false
    /// Why no restart may follow the process's end, where that is so.
    var finalReason: String?
    var budget = RestartBudget()
    var ladder: StopLadder?
    /// By when the process must have started its strategy.
    var startDeadline: Instant?
    private let random: @Sendable () -> Double

    /// A life that has not begun.
    ///
    /// - Parameters:
    ///   - id: The worker's id.
    ///   - configuration: Its policy and limits.
    ///   - generation: How many processes there were before; the first one of this life is the next.
    ///   - random: From 0 up to 1, for jitter.
    package init(
        id: String,
        configuration: Configuration,
        generation: UInt64 = 0,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.id = id
        self.generation = generation
        self.configuration = configuration
        self.random = random
    }

    /// Takes in what happened at `now` and says what to do.
    package mutating func on(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .start(let actor): start(actor, now)
        case .stop(let actor): stop(actor, now)
        case .pause: pause()
        case .resume: resume()
        case .restart(let actor): restart(actor, now)
        case .acquired(let idle): acquired(idle: idle, now)
        case .acquireFailed(let reason): acquireFailed(reason, now)
        case .connected: connected(now)
        case .joined: joined(now)
        case .refused(let reason): refused(reason, now)
        case .failed(let reason): failed(reason, now)
        case .paused: confirm(.paused, from: .running, cause: "data is held back")
        case .resumed: confirm(.running, from: .paused, cause: "data flows again")
        case .heartbeat: heard(now)
        case .exited(let status): exited(status, now)
        case .deadlinePassed: deadlinePassed(now)
        case .absentManager: absentManager(now)
        }
    }

    /// When ``Event/deadlinePassed`` is due next.
    package var nextDeadline: Instant? {
        [ladder?.nextDeadline, startDeadline, restartAt, heartbeatDeadline].compactMap { $0 }.min()
    }

    /// Whether the worker is heard from, as far as it should be.
    package func isHealthy(at now: Instant) -> Bool {
        guard let state, state == .running || state == .paused else { return false }
        return heartbeatDeadline.map { now < $0 } ?? false
    }

    /// Whether it failed, and no restart will follow by itself.
    package var hasGivenUp: Bool { state == .error && !hasProcess && restartAt == nil }

    /// Whether nothing runs and nothing will by itself.
    package var isOver: Bool { state == .stopped || hasGivenUp }

    /// By when a heartbeat must have come; `nil` while none is expected.
    var heartbeatDeadline: Instant? {
        guard ladder == nil, state == .running || state == .paused, let lastHeard else { return nil }
        return lastHeard + configuration.health.heartbeatTimeout
    }

    // MARK: Parts that the events share

    /// Goes to `next`, which the table must allow.
    mutating func become(_ next: WorkerState, _ cause: String, _ actor: Actor) -> Action {
        let previous = state
        // The events above ask for nothing that the table forbids: the tests try every one of them in every state.
        assert(previous?.mayBecome(next) ?? true, "\(previous.map(\.rawValue) ?? "-") must not become \(next)")
        state = next
        return .announce(
            Transition(workerID: id, generation: generation, from: previous, to: next, cause: cause, actor: actor)
        )
    }

    /// Begins to bring the process down.
    mutating func bringDown(_ configuration: StopLadder.Configuration, _ now: Instant) -> [Action] {
        startDeadline = nil
        guard hasProcess else { return [] }
        if ladder != nil { return [] }
        var ladder = StopLadder(configuration)
        let actions = ladder.on(.begin, at: now)
        self.ladder = ladder
        return actions.compactMap(Self.action)
    }

    static func action(_ step: StopLadder.Action) -> Action? {
        switch step {
        case .ask: .ask(.stop)
        case .signal(let signal): .signal(signal)
        case .reportUnkillable: .report("SIGKILL has no effect: the process hangs in the kernel")
        case .finished: nil
        }
    }

    mutating func acquireNext() -> Action {
        generation += 1
        return .acquire(generation: generation)
    }

    /// After a failure, with the process gone: a restart, if the policy grants one.
    mutating func recover(_ now: Instant) -> [Action] {
        if let finalReason {
            return [.report("no restart: \(finalReason)")]
        }
        switch budget.decide(configuration.restartPolicy, at: now, random: random()) {
        case .giveUp:
            let policy = configuration.restartPolicy
            return [
                .report(
                    "no restart: \(policy.maxRestarts) restarts within \(policy.restartWindow.text) are spent; "
                        + "'quantcell restart \(id)' starts it again"
                )
            ]
        case .restart(let delay):
            restartAt = now + delay
            let cause = delay == .zero ? "restart granted, at once" : "restart granted, after \(delay.text)"
            return [become(.recovering, cause, .policy)] + deadlinePassed(now)
        }
    }
}
