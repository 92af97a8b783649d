internal import ProcessControl
internal import WireProtocol

// What happens when time passes.
extension WorkerLife {
    mutating func deadlinePassed(_ now: Instant) -> [Action] {
        if let steps = ladder?.on(.deadlinePassed, at: now) {
            return steps.compactMap(Self.action)
        }
        if let captureDeadline, captureDeadline <= now {
            return [.report("no backtrace within \(Self.captureTimeout.text)")] + bringDown(.kill, now)
        }
        if let settlesAt, settlesAt <= now {
            return [settle(now)]
        }
        if let restartAt, restartAt <= now {
            return replace(now)
        }
        if let startDeadline, startDeadline <= now {
            // It would not hear a request, and SIGTERM only if it still runs.
            let limit = configuration.health.startTimeout.text
            let change = fail(.start, "did not start within \(limit)", .policy, now)
            return [change] + (hasProcess ? bringDown(.kill, now) : recover(now))
        }
        if let reloadDeadline, reloadDeadline <= now {
            let reason = "the new process was not ready within \(configuration.health.startTimeout.text)"
            return [.abandonReload(reason)] + reloadFailed(reason, now)
        }
        if let heartbeatDeadline, heartbeatDeadline <= now {
            let limit = configuration.health.heartbeatTimeout.text
            return raise(.frozen, "no heartbeat for \(limit)", now)
        }
        return []
    }

    mutating func absentManager(_ now: Instant) -> [Action] {
        if lastHeard != nil { lastHeard = now }
        if reloadDeadline != nil { reloadDeadline = now + configuration.health.startTimeout }
        if startDeadline != nil { startDeadline = max(heldUntil ?? now, now) + configuration.health.startTimeout }
        if captureDeadline != nil { captureDeadline = now + Self.captureTimeout }
        dataWatch.reset()
        return []
    }
}

extension StopLadder.Configuration {
    /// For a process that no longer answers: nothing but SIGKILL.
    static let kill = StopLadder.Configuration(askGrace: nil, terminateGrace: nil)
}
