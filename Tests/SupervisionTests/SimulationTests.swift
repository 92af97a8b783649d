import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// What the world outside of a life knows: whether there is a process, and what the life has announced.
private struct World {
    var hasProcess = false
    var announced: WorkerState?
    var acquired: UInt64 = 0
}

@Suite struct SimulationTests {
    /// Random events in any order, also such as cannot come: no forbidden transition, one process at a time, generations that only
    /// grow, a deadline wherever the table says that a state does not last.
    @Test(arguments: 0..<20)
    func randomEventsBreakNoRule(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        var now = SuspendingClock().now
        var life = WorkerLife(id: "w", configuration: WorkerLife.Configuration(), random: { 0.5 })
        var world = World()
        for _ in 0..<10_000 {
            now += .milliseconds(Int.random(in: 0...20_000, using: &random))
            let event = Self.event(&random, world)
            if case .exited = event { world.hasProcess = false }
            var actions = life.on(event, at: now)
            while !actions.isEmpty {
                let action = actions.removeFirst()
                switch action {
                case .announce(let transition):
                    #expect(transition.from == world.announced)
                    #expect(world.announced.map { $0.mayBecome(transition.to) } ?? true)
                    world.announced = transition.to
                case .acquire(let generation):
                    #expect(!world.hasProcess)
                    #expect(generation == world.acquired + 1)
                    world.acquired = generation
                    if Int.random(in: 0..<10, using: &random) == 0 {
                        actions += life.on(.acquireFailed("none"), at: now)
                    } else {
                        world.hasProcess = true
                        actions += life.on(.acquired(idle: Bool.random(using: &random)), at: now)
                    }
                case .load, .ask, .signal, .capture: #expect(world.hasProcess)
                case .report: break
                }
            }
            #expect(life.state == world.announced)
            if let state = life.state, !state.isStable { #expect(life.nextDeadline != nil, "\(state) lasts for ever") }
            if life.state == .stopped { #expect(!world.hasProcess) }
        }
    }

    private static func event(_ random: inout SeededGenerator, _ world: World) -> WorkerLife.Event {
        let ends: [ProcessControl.ExitStatus] = [
            .exited(code: 0), .exited(code: 1), .exited(code: 125), .signaled(.kill, coreDumped: false),
        ]
        switch Int.random(in: 0..<20, using: &random) {
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
        case 15, 16: return world.hasProcess ? .exited(ends.randomElement(using: &random) ?? ends[0]) : .heartbeat
        case 17: return .absentManager
        default: return .deadlinePassed
        }
    }
}
