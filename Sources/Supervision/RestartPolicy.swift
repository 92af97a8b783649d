/// How often, and how soon, a worker that failed is started again.
public struct RestartPolicy: Hashable, Sendable {
    /// How many restarts are granted within ``restartWindow``; with 0 a failure is final.
    public var maxRestarts: Int
    /// How far back restarts count.
    public var restartWindow: Duration
    /// Delay before the second restart in a window; the first comes at once, and each further one doubles the delay.
    public var backoffBase: Duration
    /// The longest delay, before jitter.
    public var backoffMax: Duration
    /// How much of the delay is added at random, 0 to 1, so that workers that fell together do not rise together.
    public var jitter: Double

    /// Makes a policy: by default 3 restarts in 300 s; at once, then after 1 s, 2 s … 60 s and up to a quarter more.
    public init(
        maxRestarts: Int = 3,
        restartWindow: Duration = .seconds(300),
        backoffBase: Duration = .seconds(1),
        backoffMax: Duration = .seconds(60),
        jitter: Double = 0.25
    ) {
        self.maxRestarts = maxRestarts
        self.restartWindow = restartWindow
        self.backoffBase = backoffBase
        self.backoffMax = backoffMax
        self.jitter = jitter
    }

    /// The delay before the restart that follows `earlier` others in the window.
    ///
    /// - Parameters:
    ///   - earlier: Restarts in the window so far.
    ///   - random: From 0 up to 1: where in the jitter this one falls.
    func delay(afterRestarts earlier: Int, random: Double) -> Duration {
        guard earlier > 0 else { return .zero }
        // 2^62 seconds are beyond any maximum: a larger exponent would only overflow.
        let doubled = backoffBase * Double(UInt64(1) << UInt64(min(earlier - 1, 62)))
        return min(doubled, backoffMax) * (1 + jitter * random)
    }
}

/// The restarts that a policy has granted to one worker lately.
struct RestartBudget: Sendable {
    enum Decision: Hashable {
        case restart(after: Duration)
        case giveUp
    }

    /// Oldest first; never more than the policy's maximum.
    private var granted: [SuspendingClock.Instant] = []

    /// Decides on one more restart and, where it is granted, counts it.
    mutating func decide(
        _ policy: RestartPolicy,
        at now: SuspendingClock.Instant,
        random: Double
    ) -> Decision {
        granted.removeAll { $0 + policy.restartWindow <= now }
        guard granted.count < policy.maxRestarts else { return .giveUp }
        let delay = policy.delay(afterRestarts: granted.count, random: random)
        granted.append(now)
        return .restart(after: delay)
    }

    /// Forgets all restarts: a person has looked at it.
    mutating func reset() {
        granted.removeAll()
    }
}
