internal import ProcessControl
internal import WireProtocol

/// The table of states, and what every event does in every situation, for the documentation and for tests.
///
/// It is made by asking ``WorkerLife`` itself, so it cannot be out of date.
package enum StateTable {
    /// Something that a life can be in: a state, and what else decides what an event does.
    struct Situation: Sendable {
        let name: String
        let life: WorkerLife
        let now: WorkerLife.Instant
    }

    /// What one event does in one situation.
    struct Outcome: Sendable {
        /// The states that it goes through.
        let states: [WorkerState]
        let actions: [WorkerLife.Action]
        /// The life after it.
        let life: WorkerLife
    }

    /// Each kind of event, with more than one example where they are treated differently.
    static let events: [(name: String, event: WorkerLife.Event)] = [
        ("start", .start(.operator)),
        ("adopt", .adopt(generation: 7, restarts: 2, isPaused: false)),
        ("stop", .stop(.operator)),
        ("pause", .pause(.operator)),
        ("resume", .resume(.operator)),
        ("restart", .restart(.operator)),
        ("reload", .reload(.operator)),
        ("reloaded", .reloaded),
        ("reload failed", .reloadFailed("it does not compile")),
        ("acquired (a spare)", .acquired(idle: true)),
        ("acquired (spawned)", .acquired(idle: false)),
        ("acquire failed", .acquireFailed("no process")),
        ("held", .held(until: epoch + .seconds(3600))),
        ("connected", .connected),
        ("joined", .joined),
        ("refused", .refused("no such parameter")),
        ("failed", .failed("too many errors")),
        ("paused", .paused),
        ("resumed", .resumed),
        ("heartbeat", .heartbeat),
        ("progress (within the limit)", .progress(callback: "onBar", callbackSeconds: 1)),
        ("progress (beyond the limit)", .progress(callback: "onBar", callbackSeconds: 61)),
        ("data", .data(handled: 1, offered: 2)),
        ("captured", .captured("frames")),
        ("exited (code 0)", .exited(.exited(code: 0))),
        ("exited (code 1)", .exited(.exited(code: 1))),
        ("exited (code 125)", .exited(.exited(code: 125))),
        ("exited (SIGSEGV)", .exited(.signaled(.segv, coreDumped: false))),
        ("exited (out of memory)", .exited(.signaled(.kill, coreDumped: false), outOfMemory: true)),
        ("the deadline passes", .deadlinePassed),
        ("the manager was away", .absentManager),
    ]

    /// Every situation, under a configuration.
    static func situations(_ configuration: WorkerLife.Configuration = WorkerLife.Configuration()) -> [Situation] {
        let spawning: [WorkerLife.Event] = [.start(.operator), .acquired(idle: false)]
        let starting: [WorkerLife.Event] = [.start(.operator), .acquired(idle: true)]
        let running = starting + [.joined]
        let crash = WorkerLife.Event.exited(.exited(code: 1))
        let recipes: [(String, [WorkerLife.Event])] = [
            ("before the first event", []),
            ("initializing, no process yet", [.start(.operator)]),
            ("initializing, process spawned", spawning),
            ("starting", starting),
            ("running", running),
            ("paused", running + [.pause(.operator), .paused]),
            ("reloading", running + [.reload(.operator)]),
            ("reloading, paused", running + [.pause(.operator), .paused, .reload(.operator)]),
            ("reloading, the old process has ended", running + [.reload(.operator), crash]),
            ("restarting, the old process is ending", running + [.restart(.operator)]),
            ("restarting, no process yet", running + [.restart(.operator), .exited(.exited(code: 0))]),
            ("stopping", running + [.stop(.operator)]),
            ("stopped", running + [.stop(.operator), .exited(.exited(code: 0))]),
            ("error, the process is ending", running + [.failed("too many errors")]),
            ("error, a backtrace is taken", running + [.progress(callback: "onBar", callbackSeconds: 61)]),
            ("error, for good", running + [.exited(.exited(code: 125))]),
            ("recovering, waiting", running + [crash, .acquired(idle: true), crash]),
            ("recovering, no process yet", running + [crash]),
        ]
        return recipes.map { name, events in
            var life = WorkerLife(id: "w", configuration: configuration, random: { 0 })
            for event in events { _ = life.on(event, at: epoch) }
            return Situation(name: name, life: life, now: epoch)
        }
    }

    /// Lets an event happen in a situation: a deadline when it comes, all else a moment later.
    static func outcome(_ event: WorkerLife.Event, in situation: Situation) -> Outcome {
        var life = situation.life
        var now = situation.now + .milliseconds(1)
        if event == .deadlinePassed, let deadline = life.nextDeadline { now = deadline }
        var states: [WorkerState] = []
        var actions: [WorkerLife.Action] = []
        for action in life.on(event, at: now) {
            if case .announce(let transition) = action { states.append(transition.to) } else { actions.append(action) }
        }
        return Outcome(states: states, actions: actions, life: life)
    }

    private static let epoch = SuspendingClock().now

    // MARK: As text

    /// Both tables, in Markdown.
    package static func text() -> String {
        "## States\n\n" + stateTable() + "\n## Events\n\n" + situations().map(section).joined(separator: "\n")
    }

    private static func stateTable() -> String {
        var text = "| state | may become | lasts |\n|---|---|---|\n"
        for state in WorkerState.allCases {
            let next = WorkerState.allCases.filter(state.mayBecome).map(\.rawValue).joined(separator: ", ")
            text +=
                "| \(state.rawValue) | \(next) | \(state.isStable ? "until something happens" : "until a deadline") |\n"
        }
        return text
    }

    private static func section(_ situation: Situation) -> String {
        var text = "### \(situation.name)\n\n"
        var without: [String] = []
        for (name, event) in events {
            let outcome = outcome(event, in: situation)
            let parts = outcome.states.map { "**\($0.rawValue)**" } + outcome.actions.map(describe)
            if parts.isEmpty { without.append(name) } else { text += "- \(name): \(parts.joined(separator: ", "))\n" }
        }
        return text + "- no change of state, nothing to do: \(without.joined(separator: ", "))\n"
    }

    private static func describe(_ action: WorkerLife.Action) -> String {
        switch action {
        case .announce(let transition): transition.to.rawValue
        case .acquire: "acquire a process"
        case .load: "load the strategy"
        case .ask(let type): "ask to \(type.rawValue)"
        case .signal(let signal): "\(signal)"
        case .abandonReload: "let go of the process that was to take over"
        case .capture: "take a backtrace"
        case .report(let text): "report \"\(text)\""
        }
    }
}
