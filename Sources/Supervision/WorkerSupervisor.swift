public import WireProtocol

/// Who carries out what a supervisor decides.
package protocol SupervisorDelegate: AnyObject {
    /// Records a change of state and tells whoever wants to know.
    func announce(_ transition: Transition)
    /// Carries out an action on a worker's process. What follows from it is reported to the supervisor.
    func carryOut(_ action: WorkerLife.Action, for workerID: String)
    /// Reports, once, that several workers have failed of one cause, and that restarts wait.
    func report(_ storm: StormBreaker.Storm)
}

/// Keeps the lives of all workers: the thin shell around ``WorkerLife``.
///
/// It belongs to one thread, and does nothing by itself: its owner tells it what happens, and calls ``tick()`` when
/// ``nextDeadline`` has come.
public final class WorkerSupervisor {
    package typealias Instant = SuspendingClock.Instant

    /// How late a tick may be before the supervisor doubts itself rather than its workers.
    package static let toleratedLag = Duration.seconds(1)
    /// How long is still listened before anything is concluded from silence. A manager that was stopped for less than it tolerates finds the
    /// deadlines passed and what was said meanwhile still on its way, in sockets that nobody has read.
    package static let hearing = Duration.milliseconds(100)

    /// A life in a place of its own: it is large, and most events are heartbeats that change little of it.
    private final class Slot {
        var life: WorkerLife

        init(_ life: WorkerLife) {
            self.life = life
        }
    }

    private var lives: [String: Slot] = [:]
    private var pending: [(workerID: String, event: WorkerLife.Event)] = []
    private var isDraining = false
    private var breaker: StormBreaker
    /// What waits for the breaker, by worker.
    private var held: [String: WorkerLife.Action] = [:]
    /// Whose silence is about to count against them, and until when they are still listened to.
    private var hearings: [String: Instant] = [:]
    /// No deadline of a life is earlier. Exact after ``tick(due:)``; in between a deadline that is put off is not looked for.
    private var soonest: Instant?
    private let clock: () -> Instant
    private let random: @Sendable () -> Double
    package weak var delegate: (any SupervisorDelegate)?

    /// A supervisor without workers.
    ///
    /// - Parameters:
    ///   - clock: What time it is; tests bring their own.
    ///   - breaker: The limits for starts of all workers together.
    ///   - random: From 0 up to 1, for jitter.
    package init(
        clock: @escaping () -> Instant,
        breaker: StormBreaker.Configuration = StormBreaker.Configuration(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.clock = clock
        self.breaker = StormBreaker(breaker)
        self.random = random
    }

    /// A supervisor on the machine's monotonic clock.
    public convenience init() {
        self.init(breaker: StormBreaker.Configuration())
    }

    /// A supervisor on the machine's monotonic clock, with limits for starts of all workers together.
    package convenience init(breaker: StormBreaker.Configuration) {
        let clock = SuspendingClock()
        self.init(clock: { clock.now }, breaker: breaker)
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
        lives[workerID] = Slot(
            WorkerLife(id: workerID, configuration: configuration, generation: generation, random: random)
        )
    }

    /// Has a worker's life go on under other limits and policies.
    package func configure(_ workerID: String, _ configuration: WorkerLife.Configuration) {
        lives[workerID]?.life.configure(configuration)
        // A deadline may be earlier now.
        soonest = lives.values.lazy.compactMap(\.life.nextDeadline).min()
    }

    /// Has other limits hold for starts of all workers together.
    package func configure(_ configuration: StormBreaker.Configuration) {
        breaker.configure(configuration)
    }

    /// Forgets a worker.
    public func unregister(_ workerID: String) {
        lives[workerID] = nil
        dropHeld(workerID)
    }

    /// A worker's life, or `nil` where there is none of that id.
    package func life(of workerID: String) -> WorkerLife? {
        lives[workerID]?.life
    }

    /// The generation of a worker's process; `nil` where there is no worker of that id.
    package func generation(of workerID: String) -> UInt64? {
        lives[workerID]?.life.generation
    }

    /// The state of a worker; `nil` where there is none, or it has not begun.
    public func state(of workerID: String) -> WorkerState? {
        lives[workerID]?.life.state
    }

    /// Notes a sign of life.
    public func updateHeartbeat(_ workerID: String) {
        on(.heartbeat, for: workerID)
    }

    /// Whether a worker runs or is paused, and has been heard from within its heartbeat timeout.
    public func isHealthy(_ workerID: String) -> Bool {
        lives[workerID]?.life.isHealthy(at: clock()) ?? false
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
            guard let step = lives[workerID]?.life.step(event, at: clock()) else { continue }
            for action in step.actions { perform(action, for: workerID) }
            if held[workerID] != nil, !step.awaitsProcess { dropHeld(workerID) }
            if let next = step.nextDeadline { soonest = soonest.map { min($0, next) } ?? next }
        }
    }

    private func perform(_ action: WorkerLife.Action, for workerID: String) {
        switch action {
        case .announce(let transition):
            delegate?.announce(transition)
            if transition.to == .error, let cause = transition.failure { noteFailure(of: workerID, cause) }
        case .acquire:
            admit(action, for: workerID)
        default:
            delegate?.carryOut(action, for: workerID)
        }
    }

    // MARK: Many at once

    /// Lets a process be started, now or when the breaker lets it.
    private func admit(_ action: WorkerLife.Action, for workerID: String) {
        let purpose: StormBreaker.Purpose = lives[workerID]?.life.isAsked ?? false ? .request : .restart
        switch breaker.admit(workerID, for: purpose, at: clock()) {
        case .now:
            held[workerID] = nil
            delegate?.carryOut(action, for: workerID)
        case .at(let instant):
            held[workerID] = action
            on(.held(until: instant), for: workerID)
        }
    }

    private func noteFailure(of workerID: String, _ cause: FailureCause) {
        guard let storm = breaker.failed(workerID, of: cause, at: clock()) else { return }
        delegate?.report(storm)
        // Those who wait already wait longer.
        for workerID in breaker.waiting {
            if let until = breaker.expected(workerID, at: clock()) { on(.held(until: until), for: workerID) }
        }
    }

    private func release(at now: Instant) {
        for workerID in breaker.release(at: now) {
            guard let action = held.removeValue(forKey: workerID) else { continue }
            // Its time to start counts from here.
            on(.held(until: now), for: workerID)
            delegate?.carryOut(action, for: workerID)
        }
    }

    private func dropHeld(_ workerID: String) {
        held[workerID] = nil
        breaker.forget(workerID)
    }

    // MARK: Time

    /// When ``tick(due:)`` is due next. It may have nothing to do then, and say when it has.
    package var nextDeadline: Instant? {
        guard let opening = breaker.nextDeadline else { return soonest }
        return soonest.map { min($0, opening) } ?? opening
    }

    /// Acts on the deadlines that have passed.
    ///
    /// - Parameter due: When the owner meant to call. Where it is much later than that, the manager itself was stopped or starved:
    ///   nobody is condemned for what it did not hear.
    package func tick(due: Instant) {
        let now = clock()
        if now - due > Self.toleratedLag {
            hearings.removeAll()
            for workerID in lives.keys { on(.absentManager, for: workerID) }
        }
        release(at: now)
        // In the same order each time, for whoever has to understand it later.
        let late = lives.values.filter { $0.life.nextDeadline.map { $0 <= now } ?? false }.sorted {
            $0.life.id < $1.life.id
        }
        let heard = hearings
        hearings.removeAll()
        for slot in late {
            let id = slot.life.id
            if slot.life.isJudgedBySilence(at: now), let until = hearing(heard[id], now) {
                hearings[id] = until
            } else {
                on(.deadlinePassed, for: id)
            }
        }
        soonest =
            lives.values.lazy.compactMap { [hearings] in hearings[$0.life.id] ?? $0.life.nextDeadline }.min()
    }

    /// Until when somebody is listened to before silence counts; `nil` when that is over.
    private func hearing(_ until: Instant?, _ now: Instant) -> Instant? {
        guard let until else { return now + Self.hearing }
        if now < until { return until }
        // Whoever comes so late to listen has not listened.
        return now - until > Self.hearing ? now + Self.hearing : nil
    }
}

extension WorkerLife {
    /// What an event led to, and what a supervisor must know of the life then.
    fileprivate struct Step {
        let actions: [Action]
        let awaitsProcess: Bool
        let nextDeadline: Instant?
    }

    fileprivate mutating func step(_ event: Event, at now: Instant) -> Step {
        Step(actions: on(event, at: now), awaitsProcess: awaitsProcess, nextDeadline: nextDeadline)
    }
}
