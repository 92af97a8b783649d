import ProcessControl
import WireProtocol

@testable import Supervision

/// A life with its own time.
struct Bench {
    var life: WorkerLife
    var now = SuspendingClock().now

    init(_ configuration: WorkerLife.Configuration = WorkerLife.Configuration()) {
        life = WorkerLife(id: "w", configuration: configuration, random: { 0 })
    }

    @discardableResult
    mutating func on(_ events: WorkerLife.Event...) -> [WorkerLife.Action] {
        events.flatMap { life.on($0, at: now) }
    }

    @discardableResult
    mutating func pass(_ duration: Duration) -> [WorkerLife.Action] {
        now += duration
        return life.on(.deadlinePassed, at: now)
    }

    /// Lets time pass with a heartbeat each second, saying what `facts` says, until something is done; at most for `duration`.
    mutating func beat(
        for duration: Duration,
        _ facts: (Int) -> [WorkerLife.Event] = { _ in [.heartbeat] }
    ) -> (after: Duration, actions: [WorkerLife.Action]) {
        let start = now
        var second = 0
        while now - start < duration {
            second += 1
            now += .seconds(1)
            var actions = life.on(.deadlinePassed, at: now)
            for fact in facts(second) { actions += life.on(fact, at: now) }
            if !actions.isEmpty { return (now - start, actions) }
        }
        return (now - start, [])
    }

    mutating func run() {
        on(.start(.operator), .acquired(idle: true), .joined)
    }
}

extension [WorkerLife.Action] {
    var states: [WorkerState] {
        compactMap { if case .announce(let transition) = $0 { transition.to } else { nil } }
    }

    var transitions: [Transition] {
        compactMap { if case .announce(let transition) = $0 { transition } else { nil } }
    }

    var others: [WorkerLife.Action] {
        filter { if case .announce = $0 { false } else { true } }
    }
}
