internal import ProcessControl
internal import WireProtocol

// The parts that the events share.
extension WorkerLife {
    /// Goes to `next`, which the table must allow.
    mutating func become(
        _ next: WorkerState,
        _ cause: String,
        _ actor: Actor,
        _ failure: FailureCause? = nil
    ) -> Action {
        let previous = state
        // The events ask for nothing that the table forbids: the tests try every one of them in every state.
        assert(previous?.mayBecome(next) ?? true, "\(previous.map(\.rawValue) ?? "-") must not become \(next)")
        state = next
        if next != .reloading { reloadDeadline = nil }
        if next != .running && next != .paused { endRun() }
        if next != .starting { settlesAt = nil }
        return .announce(
            Transition(
                workerID: id,
                generation: generation,
                from: previous,
                to: next,
                cause: cause,
                actor: actor,
                failure: failure
            )
        )
    }

    /// Goes to error.
    mutating func fail(_ failure: FailureCause, _ cause: String, _ actor: Actor, _ now: Instant) -> Action {
        creditHealthyTime(until: failure, now)
        self.failure = failure
        startDeadline = nil
        heldUntil = nil
        return become(.error, cause, actor, failure)
    }

    /// The strategy runs from now on.
    mutating func beginRun(_ now: Instant) {
        lastHeard = now
        runningSince = now
    }

    private mutating func endRun() {
        runningSince = nil
        callback = nil
        verdicts.removeAll()
        dataWatch.reset()
    }

    /// Counts the time for which it has run well. What it took to find out that it did not is no such time.
    private mutating func creditHealthyTime(until failure: FailureCause, _ now: Instant) {
        guard let runningSince else { return }
        let end =
            switch failure {
            case .stuck: now - configuration.health.callbackTimeout
            case .starved: now - configuration.health.starvedTimeout
            default: isSilent ? now : lastHeard ?? now
            }
        budget.credit(healthy: end - runningSince, halfLife: configuration.restartPolicy.recoveryHalfLife)
    }

    /// Begins to bring the process down.
    mutating func bringDown(_ configuration: StopLadder.Configuration, _ now: Instant) -> [Action] {
        startDeadline = nil
        captureDeadline = nil
        guard hasProcess, ladder == nil else { return [] }
        var ladder = StopLadder(configuration)
        let actions = ladder.on(.begin, at: now)
        self.ladder = ladder
        return actions.compactMap(Self.action)
    }

    static func action(_ step: StopLadder.Action) -> Action? {
        switch step {
        case .ask: .ask(.stop)
        case .signal(let signal): .signal(signal)
        case .reportUnkillable: .report("SIGKILL has no effect: the process hangs in the kernel")
        case .finished: nil
        }
    }

    mutating func acquireNext() -> Action {
        generation += 1
        heldUntil = nil
        return .acquire(generation: generation)
    }

    /// After a failure, with the process gone: a restart, if the policy grants one.
    mutating func recover(_ now: Instant) -> [Action] {
        let policy = configuration.restartPolicy
        let failure = failure ?? .exitCode
        if let finalReason { return [.report("no restart: \(finalReason)")] }
        guard policy.mode != .never else { return [.report("no restart: the restart policy is 'never'")] }
        switch budget.decide(policy, for: failure, at: now, random: random()) {
        case .giveUp:
            return [
                .report(
                    "no restart: the budget for '\(failure.rawValue)' is spent, \(policy.limit(for: failure)) within "
                        + "\(policy.restartWindow.text); 'quantcell restart \(id)' starts it again"
                )
            ]
        case .restart(let delay):
            restartAt = now + delay
            isAsked = false
            let cause = delay == .zero ? "restart granted, at once" : "restart granted, after \(delay.text)"
            return [become(.recovering, cause, .policy, failure)] + deadlinePassed(now)
        }
    }
}
