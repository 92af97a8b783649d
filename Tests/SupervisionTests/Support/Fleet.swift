import ProcessControl
import WireProtocol

@testable import Supervision

/// A time that moves when it is told to.
final class VirtualTime {
    var now = SuspendingClock().now
}

/// Many workers with processes that exist only here, under a real supervisor, in a time of their own.
final class Fleet: SupervisorDelegate {
    typealias Instant = SuspendingClock.Instant

    /// A process, and what is wrong with it.
    struct Process {
        let generation: UInt64
        var isRunning = false
        /// It sends nothing, and hears nothing but SIGKILL.
        var isFrozen = false
        /// When the callback began that does not end; it hears nothing but SIGKILL either.
        var stuckSince: Instant?
        var isEnding = false
    }

    private struct Happening {
        let at: Instant
        let id: String
        let generation: UInt64
        let event: WorkerLife.Event
    }

    let ids: [String]
    let supervisor: WorkerSupervisor
    private let time: VirtualTime
    var random: SeededGenerator
    private(set) var processes: [String: Process] = [:]
    private var happenings: [Happening] = []
    private var nextBeat: Instant

    /// How many of a hundred spawns fail.
    var spawnFailures = 0
    /// How long a process takes until its strategy runs.
    var startTime = Duration.milliseconds(5)

    // What the supervisor did, for tests to judge.
    private(set) var storms: [StormBreaker.Storm] = []
    private(set) var acquisitions: [(at: Instant, id: String)] = []
    private(set) var transitions: [(at: Instant, change: Transition)] = []
    /// What must never happen, and did.
    private(set) var violations: [String] = []
    private(set) var eventCount = 0
    private var generations: [String: UInt64] = [:]

    init(
        _ count: Int,
        seed: UInt64 = 0,
        _ configuration: WorkerLife.Configuration = WorkerLife.Configuration(),
        breaker: StormBreaker.Configuration = StormBreaker.Configuration()
    ) {
        let time = VirtualTime()
        self.time = time
        random = SeededGenerator(state: seed)
        ids = (0..<count).map { "w\($0)" }
        nextBeat = time.now + .seconds(1)
        supervisor = WorkerSupervisor(clock: { time.now }, breaker: breaker, random: { 0.5 })
        supervisor.delegate = self
        for id in ids { supervisor.register(id, configuration) }
    }

    var now: Instant { time.now }

    /// The ids whose worker is in a state.
    func all(_ state: WorkerState) -> [String] {
        ids.filter { supervisor.state(of: $0) == state }
    }

    func feed(_ event: WorkerLife.Event, to id: String) {
        eventCount += 1
        supervisor.on(event, for: id)
    }

    func change(_ id: String, _ change: (inout Process) -> Void) {
        if var process = processes[id] {
            change(&process)
            processes[id] = process
        }
    }

    /// A process ends.
    func end(_ id: String, _ status: ExitStatus) {
        guard processes.removeValue(forKey: id) != nil else { return }
        feed(.exited(status), to: id)
    }

    // MARK: Time

    /// Lets time pass: happenings, heartbeats and deadlines, each when it is due.
    func pass(_ duration: Duration) {
        let end = now + duration
        while true {
            let deadline = supervisor.nextDeadline
            let next = [deadline, happenings.lazy.map(\.at).min(), nextBeat].compactMap { $0 }.min() ?? end
            guard next <= end else { break }
            time.now = max(now, next)
            happen()
            if nextBeat <= now { beat() }
            if let deadline, deadline <= now { supervisor.tick(due: now) }
        }
        time.now = end
    }

    /// The manager stands still for a while, and deadlines pass unseen; the next thing that it hears comes `silence` after that.
    func freezeManager(_ duration: Duration, silence: Duration = .seconds(1)) {
        let due = supervisor.nextDeadline ?? now
        time.now += duration
        nextBeat = now + silence
        supervisor.tick(due: min(due, now))
    }

    private func happen() {
        let due = happenings.filter { $0.at <= now }
        happenings.removeAll { $0.at <= now }
        for happening in due where processes[happening.id]?.generation == happening.generation {
            switch happening.event {
            case .exited(let status, _, _):
                end(happening.id, status)
            case .paused where processes[happening.id]?.stuckSince != nil: break
            case .resumed where processes[happening.id]?.stuckSince != nil: break
            default:
                if happening.event == .joined { change(happening.id) { $0.isRunning = true } }
                feed(happening.event, to: happening.id)
            }
        }
    }

    private func beat() {
        nextBeat = now + .seconds(1)
        for id in ids {
            guard let process = processes[id], !process.isFrozen else { continue }
            let seconds = process.stuckSince.map { (now - $0) / .seconds(1) }
            feed(.progress(callback: seconds.map { _ in "onBar" }, callbackSeconds: seconds ?? 0), to: id)
        }
    }

    private func schedule(_ event: WorkerLife.Event, for id: String, in delay: Duration) {
        guard let process = processes[id] else { return }
        happenings.append(Happening(at: now + delay, id: id, generation: process.generation, event: event))
    }

    // MARK: What the supervisor does

    func announce(_ transition: Transition) {
        transitions.append((now, transition))
        guard transition.to == .error, let process = processes[transition.workerID] else { return }
        // A false verdict.
        if transition.failure == .frozen, !process.isFrozen { violations.append("\(transition) though it beats") }
        if transition.failure == .stuck, process.stuckSince == nil { violations.append("\(transition) though idle") }
    }

    func report(_ storm: StormBreaker.Storm) {
        storms.append(storm)
    }

    func carryOut(_ action: WorkerLife.Action, for id: String) {
        switch action {
        case .acquire(let generation): acquire(id, generation)
        case .load: schedule(.joined, for: id, in: startTime)
        case .ask(.stop), .signal(.term):
            guard let process = processes[id], !process.isFrozen, process.stuckSince == nil, !process.isEnding else {
                return
            }
            change(id) { $0.isEnding = true }
            schedule(.exited(.exited(code: 0)), for: id, in: .milliseconds(50))
        case .signal:
            schedule(.exited(.signaled(.kill, coreDumped: false)), for: id, in: .milliseconds(1))
        case .ask(let type):
            guard let process = processes[id], !process.isFrozen, process.stuckSince == nil else { return }
            schedule(type == .pause ? .paused : .resumed, for: id, in: .milliseconds(1))
        case .abandonReload: break
        case .capture:
            if Bool.random(using: &random) { schedule(.captured("frames"), for: id, in: .milliseconds(100)) }
        case .announce, .report: break
        }
    }

    private func acquire(_ id: String, _ generation: UInt64) {
        if processes[id] != nil { violations.append("a second process for \(id)") }
        if generation <= generations[id] ?? 0 { violations.append("generation \(generation) of \(id) again") }
        generations[id] = generation
        acquisitions.append((now, id))
        if Int.random(in: 0..<100, using: &random) < spawnFailures {
            feed(.acquireFailed("no memory"), to: id)
        } else {
            processes[id] = Process(generation: generation)
            feed(.acquired(idle: true), to: id)
        }
    }
}
