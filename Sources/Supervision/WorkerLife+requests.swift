internal import ProcessControl
internal import WireProtocol

// What a person, a configuration or the end of the manager asks for.
extension WorkerLife {
    mutating func start(_ actor: Actor, isPaused: Bool, _ now: Instant) -> [Action] {
        guard state == nil || state == .stopped || state == .error else { return [] }
        wanted = isPaused && !isSilent ? .paused : .running
        guard state == nil else { return restart(actor, now) }
        isAsked = true
        let acquire = acquireNext()
        startDeadline = now + configuration.health.startTimeout
        return [become(.initializing, "start requested", actor), acquire]
    }

    mutating func stop(_ actor: Actor, _ now: Instant) -> [Action] {
        wanted = .stopped
        restartAt = nil
        heldUntil = nil
        startDeadline = nil
        guard let state, state != .stopped, state != .stopping else { return [] }
        let change = become(.stopping, "stop requested", actor)
        guard hasProcess else { return [change, become(.stopped, "no process was running", actor)] }
        var ladder = configuration.stop
        // A process that has not spoken yet cannot be asked.
        if state == .initializing { ladder.askGrace = nil }
        return [change] + bringDown(ladder, now)
    }

    mutating func pause() -> [Action] {
        guard !isSilent, wanted == .running, state == .starting || state == .running || state == .paused else {
            return []
        }
        wanted = .paused
        // Paused still: a resume is on its way, and the worker takes the two in order.
        return state == .starting ? [] : [.ask(.pause)]
    }

    mutating func resume() -> [Action] {
        guard wanted == .paused else { return [] }
        wanted = .running
        // Running still: the pause is on its way.
        return state == .paused || state == .running ? [.ask(.resume)] : []
    }

    /// Starts a new process with a whole budget; does nothing while one is on its way.
    mutating func restart(_ actor: Actor, _ now: Instant) -> [Action] {
        switch state {
        case .running, .paused, .error, .stopped:
            finalReason = nil
            isAsked = true
            budget.reset()
            if wanted == .stopped { wanted = .running }
            let change = become(.restarting, "restart requested", actor)
            guard hasProcess else { return [change] + replace(now) }
            return [change] + bringDown(configuration.stop, now)
        case .recovering where !hasProcess:
            isAsked = true
            budget.reset()
            restartAt = now
            return deadlinePassed(now)
        default:
            return []
        }
    }

    /// Gets the next process.
    mutating func replace(_ now: Instant) -> [Action] {
        restarts += 1
        restartAt = nil
        startDeadline = now + configuration.health.startTimeout
        return [acquireNext()]
    }
}
