/// How a process is brought to stop: asked, then SIGTERM, then SIGKILL, each with time to comply.
///
/// A pure state machine. The caller feeds it events and carries out the actions that it returns; ``nextDeadline`` says
/// when to call again.
package struct StopLadder: Sendable {
    /// The clock of the deadlines, which stands still while the machine sleeps.
    package typealias Instant = SuspendingClock.Instant

    /// How long each rung is given.
    package struct Configuration: Hashable, Sendable {
        /// From asking to the next rung. `nil` skips the asking, as for a process that does not speak the protocol.
        package var askGrace: Duration?
        /// From SIGTERM to SIGKILL. `nil` skips SIGTERM, as for a process that is known to be frozen.
        package var terminateGrace: Duration?
        /// From one SIGKILL to the next. Less than 100 ms counts as 100 ms.
        package var killInterval: Duration

        package init(
            askGrace: Duration? = .seconds(10),
            terminateGrace: Duration? = .seconds(5),
            killInterval: Duration = .seconds(5)
        ) {
            self.askGrace = askGrace
            self.terminateGrace = terminateGrace
            self.killInterval = max(killInterval, .milliseconds(100))
        }
    }

    /// What happened.
    package enum Event: Hashable, Sendable {
        /// The process is wanted down. Repeating it changes nothing.
        case begin
        /// ``nextDeadline`` may have passed. Nothing happens when it has not.
        case deadlinePassed
        /// The process has been reaped.
        case gone
    }

    /// What the caller has to do.
    package enum Action: Hashable, Sendable {
        /// Ask the process, over its own protocol, to stop.
        case ask
        /// Send this signal to the process group.
        case signal(Signal)
        /// Tell a person that SIGKILL has no effect: the process hangs in the kernel (state D). Comes once.
        case reportUnkillable
        /// The process is gone; nothing more will come. Comes once.
        case finished
    }

    private enum Rung: Int {
        case ground
        case asked
        case terminated
        case killed
        case unkillable
        case finished
    }

    private let configuration: Configuration
    private var rung = Rung.ground

    /// When to send ``Event/deadlinePassed``; `nil` before the beginning and after the end.
    package private(set) var nextDeadline: Instant?

    /// A ladder that nobody has stepped on.
    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Takes in what happened at `now`, and says what to do, in this order.
    package mutating func on(_ event: Event, at now: Instant) -> [Action] {
        switch event {
        case .begin:
            return rung == .ground ? climb(at: now) : []
        case .deadlinePassed:
            guard let nextDeadline, nextDeadline <= now else { return [] }
            return climb(at: now)
        case .gone:
            guard rung != .finished else { return [] }
            rung = .finished
            nextDeadline = nil
            return [.finished]
        }
    }

    /// Goes one rung up, and counts its grace from now: a late deadline is our lateness, and costs the process nothing.
    private mutating func climb(at now: Instant) -> [Action] {
        if rung.rawValue < Rung.asked.rawValue, let grace = configuration.askGrace {
            return enter(.asked, until: now + grace, [.ask])
        }
        if rung.rawValue < Rung.terminated.rawValue, let grace = configuration.terminateGrace {
            return enter(.terminated, until: now + grace, [.signal(.term)])
        }
        let again = now + configuration.killInterval
        switch rung {
        case .killed: return enter(.unkillable, until: again, [.signal(.kill), .reportUnkillable])
        case .unkillable: return enter(.unkillable, until: again, [.signal(.kill)])
        default: return enter(.killed, until: again, [.signal(.kill)])
        }
    }

    private mutating func enter(_ rung: Rung, until deadline: Instant, _ actions: [Action]) -> [Action] {
        self.rung = rung
        nextDeadline = deadline
        return actions
    }
}
