import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// Every event in every situation, under every kind of configuration.
@Suite struct StateTableTests {
    /// All modes of the policy with all actions of the health checks.
    static let configurations: [WorkerLife.Configuration] = RestartPolicy.Mode.allCases.flatMap { mode in
        HealthAction.allCases.flatMap { action in
            // One that is heard, one that is not, and one that is not and counts as running at once.
            [nil, Duration.seconds(1), .zero].map { runsAfter in
                WorkerLife.Configuration(
                    restartPolicy: RestartPolicy(mode: mode, jitter: 0),
                    health: HealthCheckConfig(
                        frozenAction: action,
                        stuckAction: action,
                        starvedAction: action,
                        runsAfter: runsAfter
                    )
                )
            }
        }
    }

    static var cells: [(StateTable.Situation, String, WorkerLife.Event)] {
        configurations.flatMap { configuration in
            StateTable.situations(configuration).flatMap { situation in
                StateTable.events.map { (situation, $0.name, $0.event) }
            }
        }
    }

    @Test func everyEventIsInTheTable() {
        // A new event does not compile here until it has a number, and fails until the table has an example.
        func number(_ event: WorkerLife.Event) -> Int {
            switch event {
            case .start: 0
            case .adopt: 1
            case .stop: 2
            case .pause: 3
            case .resume: 4
            case .restart: 5
            case .acquired: 6
            case .acquireFailed: 7
            case .held: 8
            case .connected: 9
            case .joined: 10
            case .refused: 11
            case .failed: 12
            case .paused: 13
            case .resumed: 14
            case .heartbeat: 15
            case .progress: 16
            case .data: 17
            case .captured: 18
            case .exited: 19
            case .deadlinePassed: 20
            case .absentManager: 21
            case .reload: 22
            case .reloaded: 23
            case .reloadFailed: 24
            }
        }
        #expect(Set(StateTable.events.map { number($0.event) }) == Set(0...24))
    }

    @Test func situationsCoverEveryStateThatLasts() {
        let states = Set(StateTable.situations().compactMap(\.life.state))
        // A worker passes through initialized within one event.
        #expect(states == Set(WorkerState.allCases).subtracting([.initialized]))
    }

    @Test func everyStateCanBeLeftAndLeadsToStopped() {
        for state in WorkerState.allCases {
            var reachable: Set<WorkerState> = [state]
            var fringe = [state]
            while let next = fringe.popLast() {
                for successor in WorkerState.transitions[next] ?? [] where reachable.insert(successor).inserted {
                    fringe.append(successor)
                }
            }
            #expect(reachable.count > 1, "\(state) cannot be left")
            #expect(reachable.contains(.stopped), "\(state) never ends")
        }
    }

    @Test func noEventBreaksARuleInAnySituation() {
        for (situation, name, event) in Self.cells {
            let outcome = StateTable.outcome(event, in: situation)
            let (before, after) = (situation.life, outcome.life)
            var cell: Comment { "'\(name)' when \(situation.name), \(before.configuration)" }
            var state = before.state
            for next in outcome.states {
                #expect(state?.mayBecome(next) ?? true, cell)
                state = next
            }
            #expect(state == after.state, cell)
            if let state, !state.isStable { #expect(after.nextDeadline != nil, cell) }
            if after.state == .stopped { #expect(!after.hasProcess && after.nextDeadline == nil, cell) }
            if after.state == .error { #expect(after.hasProcess || after.hasGivenUp, cell) }
            if after.state == .recovering { #expect(after.failure != nil, cell) }
            #expect(after.generation >= before.generation, cell)
            #expect(after.restarts >= before.restarts, cell)
            if after.ladder != nil || after.captureDeadline != nil { #expect(after.hasProcess, cell) }
            for action in outcome.actions {
                switch action {
                case .acquire(let generation):
                    #expect(!after.hasProcess && after.awaitsProcess && generation == after.generation, cell)
                case .signal(.kill) where event == .acquired(idle: true) || event == .acquired(idle: false):
                    // A process that nobody waits for any more.
                    #expect(!before.awaitsProcess && !before.hasProcess, cell)
                case .load, .ask, .signal, .capture: #expect(after.hasProcess, cell)
                case .announce, .report, .abandonReload: break
                }
            }
        }
    }

    @Test func everySituationCanBeLeft() {
        for situation in StateTable.situations() {
            let leaving = StateTable.events.filter { !StateTable.outcome($0.event, in: situation).states.isEmpty }
            #expect(!leaving.isEmpty, "\(situation.name)")
        }
    }

    @Test func everyDeadlineFiresWhenItComesAndNotBefore() throws {
        for configuration in Self.configurations {
            for situation in StateTable.situations(configuration) {
                guard let state = situation.life.state else { continue }
                guard let deadline = situation.life.nextDeadline else {
                    #expect(state.isStable, "\(situation.name)")
                    continue
                }
                var early = situation.life
                #expect(early.on(.deadlinePassed, at: deadline - .nanoseconds(1)).isEmpty, "\(situation.name)")
                var due = situation.life
                #expect(!due.on(.deadlinePassed, at: deadline).isEmpty, "\(situation.name)")
                // Nobody is called in a circle: what is due next is later.
                #expect(due.nextDeadline.map { $0 > deadline } ?? true, "\(situation.name)")
            }
        }
    }

    /// Whatever a worker is doing: with nothing but deadlines and the end of killed processes it comes to rest.
    @Test func deadlinesAloneBringEverySituationToRest() {
        for configuration in Self.configurations {
            for situation in StateTable.situations(configuration) where situation.life.state != nil {
                var life = situation.life
                var steps = 0
                while let deadline = life.nextDeadline, steps < 1000 {
                    steps += 1
                    let actions = life.on(.deadlinePassed, at: deadline)
                    if actions.contains(.signal(.kill)) {
                        _ = life.on(.exited(.signaled(.kill, coreDumped: false)), at: deadline)
                    }
                }
                #expect(life.nextDeadline == nil, "\(situation.name), \(configuration)")
                #expect(life.state?.isStable ?? true, "\(situation.name), \(configuration)")
            }
        }
    }

    @Test func theTextNamesEverything() {
        let text = StateTable.text()
        for state in WorkerState.allCases { #expect(text.contains("| \(state.rawValue) | ")) }
        for situation in StateTable.situations() { #expect(text.contains("### \(situation.name)\n")) }
        #expect(text.contains("| stopped | restarting | until something happens |"))
        #expect(text.contains("- exited (code 1): **error**, **recovering**, acquire a process\n"))
        #expect(text == StateTable.text())
    }
}
