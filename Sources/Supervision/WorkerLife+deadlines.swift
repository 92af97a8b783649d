internal import ProcessControl
internal import WireProtocol

// What happens when time passes.
extension WorkerLife {
    mutating func deadlinePassed(_ now: Instant) -> [Action] {
        if let steps = ladder?.on(.deadlinePassed, at: now) {
            return steps.compactMap(Self.action)
        }
        if let restartAt, restartAt <= now {
            return replace(now)
        }
        if let startDeadline, startDeadline <= now {
            let limit = configuration.health.startTimeout.text
            return condemn("did not start within \(limit)", now)
        }
        if let heartbeatDeadline, heartbeatDeadline <= now {
            let limit = configuration.health.heartbeatTimeout.text
            return condemn("frozen: no heartbeat for \(limit)", now)
        }
        return []
    }

    /// Gives up on a process that no longer answers: it would not hear a request, and SIGTERM only if it still runs.
    private mutating func condemn(_ cause: String, _ now: Instant) -> [Action] {
        startDeadline = nil
        let change = become(.error, cause, .policy)
        guard hasProcess else { return [change] + recover(now) }
        return [change] + bringDown(StopLadder.Configuration(askGrace: nil, terminateGrace: nil), now)
    }

    mutating func absentManager(_ now: Instant) -> [Action] {
        if lastHeard != nil { lastHeard = now }
        if startDeadline != nil { startDeadline = now + configuration.health.startTimeout }
        return []
    }
}
