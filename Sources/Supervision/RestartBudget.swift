internal import Glibc

/// The restarts that a policy has granted to one worker lately.
struct RestartBudget: Sendable {
    enum Decision: Hashable {
        case restart(after: Duration)
        case giveUp
    }

    private struct Grant {
        let at: SuspendingClock.Instant
        let cause: FailureCause
        /// 1 at first, halved by each half-life of healthy time since.
        var weight = 1.0
    }

    /// Oldest first; never more than the budgets of all causes together.
    private var grants: [Grant] = []

    /// Decides on one more restart and, where it is granted, counts it.
    mutating func decide(
        _ policy: RestartPolicy,
        for cause: FailureCause,
        at now: SuspendingClock.Instant,
        random: Double
    ) -> Decision {
        grants.removeAll { $0.at + policy.restartWindow <= now }
        guard grants.count(where: { $0.cause == cause }) < policy.limit(for: cause) else { return .giveUp }
        let delay = policy.delay(score: grants.reduce(0) { $0 + $1.weight }, random: random)
        grants.append(Grant(at: now, cause: cause))
        return .restart(after: delay)
    }

    /// Lets the restarts so far weigh less: the worker has been healthy since.
    mutating func credit(healthy: Duration, halfLife: Duration) {
        guard healthy > .zero else { return }
        let factor = halfLife > .zero ? exp2(-(healthy / halfLife)) : 0
        for index in grants.indices { grants[index].weight *= factor }
    }

    /// Forgets all restarts: a person has looked at it.
    mutating func reset() {
        grants.removeAll()
    }
}
