import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// What the world outside of a life knows: whether there is a process, what the life has announced, and what it was granted.
private struct World {
    let policy: RestartPolicy
    var hasProcess = false
    /// The process that was asked for and is still being made.
    var isMaking = false
    var announced: WorkerState?
    var acquired: UInt64 = 0
    var granted: [FailureCause: [SuspendingClock.Instant]] = [:]

    /// Checks a change of state against the table and the budgets.
    mutating func note(_ transition: Transition, at now: SuspendingClock.Instant) {
        #expect(transition.from == announced)
        #expect(announced.map { $0.mayBecome(transition.to) } ?? true)
        announced = transition.to
        switch transition.to {
        case .error: #expect(transition.failure != nil)
        case .restarting: granted.removeAll()
        case .recovering:
            guard let cause = transition.failure else {
                Issue.record("a restart without a cause")
                return
            }
            var recent = granted[cause, default: []]
            recent.removeAll { $0 + policy.restartWindow <= now }
            recent.append(now)
            granted[cause] = recent
            #expect(recent.count <= policy.limit(for: cause), "the budget for \(cause) is exceeded")
            #expect(policy.mode != .never)
        default: break
        }
    }
}

@Suite struct SimulationTests {
    private static let start = SuspendingClock().now

    /// A million random events in any order, also such as cannot come: no forbidden transition, one process at a time, generations
    /// that only grow, no cause with more restarts than its budget in any window, a deadline wherever the table says that a state does not last.
    @Test(arguments: 0..<25)
    func randomEventsBreakNoRule(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        var now = Self.start
        let configuration = Self.configuration(&random)
        var world = World(policy: configuration.restartPolicy)
        var jitter = SeededGenerator(state: UInt64(seed) + 1000)
        let drawn = Double.random(in: 0..<1, using: &jitter)
        var life = WorkerLife(id: "w", configuration: configuration, random: { drawn })
        for _ in 0..<40_000 {
            now += .milliseconds(Int.random(in: 0...20_000, using: &random))
            let event = Self.event(&random, world, now)
            switch event {
            case .exited: world.hasProcess = false
            case .acquired:
                world.isMaking = false
                world.hasProcess = true
            case .acquireFailed: world.isMaking = false
            case .reloaded where life.state == .reloading:
                world.hasProcess = true
                world.acquired += 1
            case .adopt where life.state == nil:
                world.hasProcess = true
                world.acquired = 7
            case .restart, .start:
                // A person's restart makes the budget whole, also while waiting.
                if life.state == .recovering, !life.hasProcess { world.granted.removeAll() }
            default: break
            }
            var actions = life.on(event, at: now)
            while !actions.isEmpty {
                switch actions.removeFirst() {
                case .announce(let transition): world.note(transition, at: now)
                case .acquire(let generation):
                    #expect(!world.hasProcess)
                    #expect(generation == world.acquired + 1)
                    world.acquired = generation
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0: actions += life.on(.acquireFailed("none"), at: now)
                    case 1: world.isMaking = true
                    default:
                        world.isMaking = false
                        world.hasProcess = true
                        actions += life.on(.acquired(idle: Bool.random(using: &random)), at: now)
                    }
                case .load, .ask, .signal, .capture: #expect(world.hasProcess)
                case .report, .abandonReload: break
                }
            }
            if !life.awaitsProcess {
                // Killed on arrival, if it ever comes.
                if !life.hasProcess { world.hasProcess = false }
                world.isMaking = false
            }
            #expect(life.state == world.announced)
            #expect(life.hasProcess == world.hasProcess)
            if let state = life.state, !state.isStable { #expect(life.nextDeadline != nil, "\(state) lasts for ever") }
            if life.state == .stopped { #expect(!world.hasProcess) }
            if life.state == .error { #expect(life.hasProcess || life.hasGivenUp) }
        }
        #expect(life.generation > 100, "nothing much has happened")
    }

    private static func configuration(_ random: inout SeededGenerator) -> WorkerLife.Configuration {
        func action() -> HealthAction { HealthAction.allCases.randomElement(using: &random) ?? .log }
        return WorkerLife.Configuration(
            restartPolicy: RestartPolicy(
                mode: Int.random(in: 0..<4, using: &random) == 0 ? .onFailure : .always,
                maxRestarts: Int.random(in: 1...5, using: &random),
                restartWindow: .seconds(Int.random(in: 10...600, using: &random)),
                budgets: [.signal: Int.random(in: 0...10, using: &random)]
            ),
            health: HealthCheckConfig(
                frozenAction: action(),
                stuckAction: action(),
                starvedAction: action(),
                // A third of them are never heard.
                runsAfter: Int.random(in: 0..<3, using: &random) == 0
                    ? .milliseconds(Int.random(in: 0...5000, using: &random)) : nil
            )
        )
    }

    private static func event(
        _ random: inout SeededGenerator,
        _ world: World,
        _ now: SuspendingClock.Instant
    ) -> WorkerLife.Event {
        let ends: [ProcessControl.ExitStatus] = [
            .exited(code: 0), .exited(code: 1), .exited(code: 125), .signaled(.kill, coreDumped: false),
        ]
        switch Int.random(in: 0..<31, using: &random) {
        case 0: return .start(.operator)
        case 1: return .stop(.operator)
        case 2: return .pause(.operator)
        case 3: return .resume(.operator)
        case 4: return .restart(.operator)
        case 5, 6: return .connected
        case 7, 8, 9: return .joined
        case 10: return .refused("no")
        case 11: return .failed("no")
        case 12: return .paused
        case 13: return .resumed
        case 14: return .heartbeat
        case 15, 16:
            guard world.hasProcess else { return .heartbeat }
            return .exited(ends.randomElement(using: &random) ?? ends[0], outOfMemory: Bool.random(using: &random))
        case 17: return .absentManager
        case 18, 19, 20:
            let callback = Bool.random(using: &random) ? "onBar" : nil
            return .progress(callback: callback, callbackSeconds: Double.random(in: 0..<70, using: &random))
        case 21, 22:
            let offered = UInt64((now - start) / .seconds(1))
            return .data(handled: UInt64.random(in: 0..<2, using: &random), offered: offered)
        case 23: return .captured("frames")
        case 24 where world.isMaking: return .held(until: now + .seconds(Int.random(in: 0..<10, using: &random)))
        case 25 where world.isMaking:
            return Bool.random(using: &random) ? .acquired(idle: false) : .acquireFailed("none")
        case 27: return .reload(.operator)
        case 28, 29: return .reloaded
        case 30: return .reloadFailed("no")
        case 26: return .adopt(generation: 7, restarts: 2, isPaused: false)
        default: return .deadlinePassed
        }
    }
}
