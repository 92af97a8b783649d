package import ProcessControl
internal import WireProtocol

// What the process does.
extension WorkerLife {
    mutating func adopt(generation: UInt64, restarts: UInt64, isPaused: Bool, _ now: Instant) -> [Action] {
        guard state == nil else { return [] }
        self.generation = generation
        self.restarts = restarts
        wanted = isPaused ? .paused : .running
        hasProcess = true
        hasEverRun = true
        hasEverBegun = true
        beginRun(now)
        return [become(isPaused ? .paused : .running, "found by a new manager", .manager)]
    }

    mutating func held(until: Instant) -> [Action] {
        guard awaitsProcess else { return [] }
        heldUntil = until
        startDeadline = until + configuration.health.startTimeout
        return []
    }

    mutating func acquired(idle: Bool, _ now: Instant) -> [Action] {
        // Not wanted any more while it was being made.
        guard awaitsProcess else { return hasProcess ? [] : [.signal(.kill)] }
        hasProcess = true
        heldUntil = nil
        lastHeard = now
        if let wait = configuration.health.runsAfter { return awaitSettling(wait, now) }
        if state == .initializing { return idle ? connected(now) : [] }
        guard idle else { return [become(.initializing, "process spawned", .policy)] }
        return [become(.starting, "spare claimed", .policy), .load]
    }

    /// Of a process of which nothing will be heard, nothing is awaited but that it does not end.
    private mutating func awaitSettling(_ wait: Duration, _ now: Instant) -> [Action] {
        startDeadline = nil
        let spawned = state == .initializing ? [] : [become(.initializing, "process spawned", .policy)]
        let changes = [
            become(.initialized, "nothing will be heard of it", .policy),
            become(.starting, "it counts as running after \(wait.text)", .policy),
        ]
        settlesAt = now + wait
        return spawned + changes + (wait > .zero ? [] : [settle(now)])
    }

    /// The process has lived for long enough.
    mutating func settle(_ now: Instant) -> Action {
        hasEverRun = true
        beginRun(now)
        let wait = configuration.health.runsAfter ?? .zero
        return become(.running, wait > .zero ? "its process has lived for \(wait.text)" : "its process lives", .policy)
    }

    mutating func acquireFailed(_ reason: String, _ now: Instant) -> [Action] {
        guard awaitsProcess else { return [] }
        return [fail(.spawn, reason, .policy, now)] + recover(now)
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
        beginRun(now)
        let change = become(.running, "joined its topics", .worker)
        return wanted == .paused ? [change, .ask(.pause)] : [change]
    }

    mutating func refused(_ reason: String, isFinal: Bool, _ now: Instant) -> [Action] {
        guard state == .starting else { return [] }
        if isFinal { finalReason = "the next process would refuse, too" }
        // What could not be loaded the first time will not load the next: a person is waiting for the reason.
        if !hasEverRun { finalReason = "the strategy has never run" }
        let change = fail(.start, reason, .worker, now)
        return [change] + bringDown(StopLadder.Configuration(askGrace: .seconds(1)), now)
    }

    mutating func failed(_ reason: String, _ now: Instant) -> [Action] {
        guard let state, ladder == nil, state == .starting || state == .running || state == .paused else { return [] }
        finalReason = "it fails on its data; restarting would not mend it"
        return [fail(.reported, reason, .worker, now)] + bringDown(configuration.stop, now)
    }

    mutating func confirm(_ next: WorkerState, from: WorkerState, cause: String) -> [Action] {
        guard state == from, ladder == nil, !isSilent else { return [] }
        callback = nil
        dataWatch.reset()
        // A paused worker runs no callback and owes no progress.
        return [become(next, cause, .worker)] + clear(.stuck, "the callback has ended") + clear(.starved, cause)
    }

    mutating func exited(_ status: ExitStatus, outOfMemory: Bool, reason: String?, _ now: Instant) -> [Action] {
        guard hasProcess else { return [] }
        hasProcess = false
        ladder = nil
        startDeadline = nil
        captureDeadline = nil
        let hadBegun = isSilent ? hasEverBegun : hasEverRun
        if reason == nil { hasEverBegun = true }
        switch state {
        case .stopping:
            return [become(.stopped, "\(status)", .worker)]
        case .restarting:
            return replace(now)
        case .error:
            return recover(now)
        case .stopped, nil:
            return []
        case .reloading:
            // It had nothing more to do. Whether the new process takes over decides what follows.
            failure = FailureCause(status, outOfMemory: outOfMemory)
            return []
        default:
            if let reason { return neverBegan(reason, hadBegun: hadBegun, now) }
            return endedByItself(status, outOfMemory: outOfMemory, now)
        }
    }

    /// The process has ended before it was the program that it was to be.
    private mutating func neverBegan(_ reason: String, hadBegun: Bool, _ now: Instant) -> [Action] {
        // What could not be started the first time will not start the next: a person is waiting for the reason.
        if !hadBegun { finalReason = "the program has never run" }
        return [fail(.spawn, reason, .policy, now)] + recover(now)
    }

    private mutating func endedByItself(_ status: ExitStatus, outOfMemory: Bool, _ now: Instant) -> [Action] {
        if status.isSuccess, configuration.restartPolicy.mode != .always {
            let cause = "ended by itself: \(status)"
            return [become(.stopping, cause, .worker), become(.stopped, cause, .worker)]
        }
        // What says no to its parameters will say so again; its reason may have been lost on the way.
        if status == .exited(code: 78), !hasEverRun { finalReason = "the strategy has never run" }
        if status == .exited(code: 125) { finalReason = "exit code 125 asks for none" }
        var cause = "the process ended: \(status)\(outOfMemory ? ", out of memory" : "")"
        if case .signaled(.xcpu, _) = status { cause += ", its processor time is used up" }
        return [fail(FailureCause(status, outOfMemory: outOfMemory), cause, .worker, now)] + recover(now)
    }
}

extension FailureCause {
    /// Of what a process failed that nobody had told to end.
    package init(_ status: ExitStatus, outOfMemory: Bool) {
        switch status {
        case _ where outOfMemory: self = .outOfMemory
        case .exited: self = .exitCode
        // Of a process that was no child nobody learns how it ended; a signal is what takes one that was wanted.
        case .signaled, .unknown: self = .signal
        }
    }
}
