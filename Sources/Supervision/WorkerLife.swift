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

    /// What a person asked for, or a health check in their place, apart from what the process does.
    package enum Wanted: Hashable, Sendable {
        case running
        case paused
        case stopped
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
    /// Until when the process that it asked for is held back, because many are being started.
    package internal(set) var heldUntil: Instant?
    /// Of what it failed last.
    package internal(set) var failure: FailureCause?
    /// What health checks hold against it now. One that ended the process is a failure instead.
    package internal(set) var verdicts: Set<FailureCause> = []
    /// How often health checks have found something, those that ended the process too.
    package internal(set) var raised = VerdictCounts()

    var hasProcess = false
    /// Whether a person asked for the process that comes next, rather than the policy.
    var isAsked = false
    var hasEverRun = false
    /// Why no restart may follow the process's end, where that is so.
    var finalReason: String?
    var budget = RestartBudget()
    var ladder: StopLadder?
    /// By when the process must have started its strategy.
    var startDeadline: Instant?
    /// Until when the end of a stuck process waits for its backtrace.
    var captureDeadline: Instant?
    /// Since when the strategy has run.
    var runningSince: Instant?
    /// The callback that runs, as the last heartbeat said.
    var callback: String?
    var dataWatch = DataWatch()
    let random: @Sendable () -> Double

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
        case .start(let actor, let isPaused): start(actor, isPaused: isPaused, now)
        case .adopt(let generation, let restarts, let isPaused):
            adopt(generation: generation, restarts: restarts, isPaused: isPaused, now)
        case .stop(let actor): stop(actor, now)
        case .pause: pause()
        case .resume: resume()
        case .restart(let actor): restart(actor, now)
        case .acquired(let idle): acquired(idle: idle, now)
        case .acquireFailed(let reason): acquireFailed(reason, now)
        case .connected: connected(now)
        case .joined: joined(now)
        case .refused(let reason, let isFinal): refused(reason, isFinal: isFinal, now)
        case .failed(let reason): failed(reason, now)
        case .paused: confirm(.paused, from: .running, cause: "data is held back")
        case .resumed: confirm(.running, from: .paused, cause: "data flows again")
        case .heartbeat: heard(now)
        case .progress(let callback, let seconds): progress(callback, seconds, now)
        case .data(let handled, let offered): data(handled: handled, offered: offered, now)
        case .captured(let text): captured(text, now)
        case .exited(let status, let outOfMemory): exited(status, outOfMemory: outOfMemory, now)
        case .held(let until): held(until: until)
        case .deadlinePassed: deadlinePassed(now)
        case .absentManager: absentManager(now)
        }
    }

    /// When ``Event/deadlinePassed`` is due next.
    package var nextDeadline: Instant? {
        // Asked for after every event: without an array to allocate.
        var next = ladder?.nextDeadline
        func consider(_ deadline: Instant?) {
            guard let deadline else { return }
            next = next.map { min($0, deadline) } ?? deadline
        }
        consider(captureDeadline)
        consider(startDeadline)
        consider(restartAt)
        consider(heartbeatDeadline)
        return next
    }

    /// Whether a deadline has passed of which the worker alone could have told that it has kept it.
    func isJudgedBySilence(at now: Instant) -> Bool {
        [startDeadline, heartbeatDeadline].contains { $0.map { $0 <= now } ?? false }
    }

    /// Whether the worker is heard from, as far as it should be, and no health check holds anything against it.
    package func isHealthy(at now: Instant) -> Bool {
        guard let state, state == .running || state == .paused, verdicts.isEmpty else { return false }
        return heartbeatDeadline.map { now < $0 } ?? false
    }

    /// Whether it failed, and no restart will follow by itself.
    package var hasGivenUp: Bool { state == .error && !hasProcess && restartAt == nil }

    /// Whether nothing runs and nothing will by itself.
    package var isOver: Bool { state == .stopped || hasGivenUp }

    /// Whether it has asked for a process that it does not have yet.
    var awaitsProcess: Bool {
        !hasProcess && restartAt == nil && (state == .initializing || state == .recovering || state == .restarting)
    }

    /// By when a heartbeat must have come; `nil` while none is expected, or its absence has been reported.
    var heartbeatDeadline: Instant? {
        guard ladder == nil, state == .running || state == .paused, !verdicts.contains(.frozen), let lastHeard else {
            return nil
        }
        return lastHeard + configuration.health.heartbeatTimeout
    }
}
