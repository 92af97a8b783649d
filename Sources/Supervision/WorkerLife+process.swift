internal import ProcessControl
internal import WireProtocol

// What the process does.
extension WorkerLife {
    mutating func acquired(idle: Bool, _ now: Instant) -> [Action] {
        hasProcess = true
        lastHeard = now
        switch state {
        case .initializing:
            return idle ? connected(now) : []
        case .recovering, .restarting:
            guard idle else { return [become(.initializing, "process spawned", .policy)] }
            return [become(.starting, "spare claimed", .policy), .load]
        default:
            // Not wanted any more while it was being made.
            return bringDown(StopLadder.Configuration(askGrace: nil), now)
        }
    }

    mutating func acquireFailed(_ reason: String, _ now: Instant) -> [Action] {
        guard state == .initializing || state == .recovering || state == .restarting else { return [] }
        startDeadline = nil
        return [become(.error, reason, .policy)] + recover(now)
    }

    mutating func connected(_ now: Instant) -> [Action] {
        lastHeard = now
        guard state == .initializing, hasProcess else { return [] }
        return [
            become(.initialized, "connected", .worker), become(.starting, "strategy handed over", .policy), .load,
        ]
    }

    mutating func joined(_ now: Instant) -> [Action] {
        lastHeard = now
        guard state == .starting else { return [] }
        startDeadline = nil
        hasEverRun = true
        let change = become(.running, "joined its topics", .worker)
        return wanted == .paused ? [change, .ask(.pause)] : [change]
    }

    mutating func refused(_ reason: String, _ now: Instant) -> [Action] {
        guard state == .starting else { return [] }
        // What could not be loaded the first time will not load the next: a person is waiting for the reason.
        if !hasEverRun { finalReason = "the strategy has never run" }
        return [become(.error, reason, .worker)] + bringDown(StopLadder.Configuration(askGrace: .seconds(1)), now)
    }

    mutating func failed(_ reason: String, _ now: Instant) -> [Action] {
        guard let state, ladder == nil, state == .starting || state == .running || state == .paused else { return [] }
        finalReason = "it fails on its data; restarting would not mend it"
        return [become(.error, reason, .worker)] + bringDown(configuration.stop, now)
    }

    mutating func confirm(_ next: WorkerState, from: WorkerState, cause: String) -> [Action] {
        guard state == from, ladder == nil else { return [] }
        return [become(next, cause, .worker)]
    }

    mutating func heard(_ now: Instant) -> [Action] {
        lastHeard = now
        return []
    }

    mutating func exited(_ status: ExitStatus, _ now: Instant) -> [Action] {
        guard hasProcess else { return [] }
        hasProcess = false
        ladder = nil
        startDeadline = nil
        switch state {
        case .stopping:
            return [become(.stopped, "\(status)", .worker)]
        case .restarting:
            return replace(now)
        case .error:
            return recover(now)
        case .stopped, nil:
            return []
        default:
            // What says no to its parameters will say so again; its reason may have been lost on the way.
            if status == .exited(code: 78), !hasEverRun { finalReason = "the strategy has never run" }
            if status == .exited(code: 125) { finalReason = "exit code 125 asks for none" }
            return [become(.error, "the process ended: \(status)", .worker)] + recover(now)
        }
    }
}
