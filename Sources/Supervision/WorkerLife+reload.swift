internal import ProcessControl
internal import WireProtocol

// New code takes over: from one process to another, with both of them there for a moment.
extension WorkerLife {
    mutating func reload(_ actor: Actor, _ now: Instant) -> [Action] {
        guard state == .running || state == .paused, hasProcess, ladder == nil, captureDeadline == nil else {
            return []
        }
        let change = become(.reloading, "new code is taking over", actor)
        reloadDeadline = now + configuration.health.startTimeout
        return [change]
    }

    mutating func reloaded(_ now: Instant) -> [Action] {
        guard state == .reloading else { return [] }
        generation += 1
        hasProcess = true
        finalReason = nil
        return goOn("new code has taken over", .reload, now)
    }

    mutating func reloadFailed(_ reason: String, _ now: Instant) -> [Action] {
        guard state == .reloading else { return [] }
        if hasProcess { return goOn("reload failed: \(reason)", .reload, now) }
        // It has ended while it stood still; what it had saved is there.
        return [fail(failure ?? .signal, "the process ended during a reload that failed: \(reason)", .worker, now)]
            + recover(now)
    }

    private mutating func goOn(_ cause: String, _ actor: Actor, _ now: Instant) -> [Action] {
        let change = become(wanted == .paused ? .paused : .running, cause, actor)
        beginRun(now)
        return [change]
    }

    /// Takes other limits and policies from here on.
    package mutating func configure(_ configuration: Configuration) {
        self.configuration = configuration
    }
}
