import Testing

@testable import Supervision

extension RestartPolicy {
    /// Where the worker has not been healthy in between.
    fileprivate func delay(afterRestarts earlier: Int, random: Double) -> Duration {
        delay(score: Double(earlier), random: random)
    }
}

extension RestartBudget {
    /// Where all failures are alike.
    fileprivate mutating func decide(
        _ policy: RestartPolicy,
        at now: SuspendingClock.Instant,
        random: Double
    ) -> Decision {
        decide(policy, for: .exitCode, at: now, random: random)
    }
}

@Suite struct RestartPolicyTests {
    private let start = SuspendingClock().now

    @Test func theFirstRestartComesAtOnceAndTheNextOnesDouble() {
        let policy = RestartPolicy(maxRestarts: 10, jitter: 0)
        let delays = (0..<9).map { policy.delay(afterRestarts: $0, random: 0.5) }
        #expect(
            delays == [
                .zero, .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(32), .seconds(60),
                .seconds(60),
            ]
        )
    }

    @Test func jitterAddsAtMostItsShare() {
        let policy = RestartPolicy(jitter: 0.25)
        #expect(policy.delay(afterRestarts: 1, random: 0) == .seconds(1))
        #expect(policy.delay(afterRestarts: 1, random: 1) == .milliseconds(1250))
        #expect(policy.delay(afterRestarts: 0, random: 1) == .zero)
    }

    @Test(arguments: [0, 1, 62, 63, 64, 1000, Int.max])
    func noNumberOfRestartsOverflows(_ earlier: Int) {
        let delay = RestartPolicy(jitter: 0).delay(afterRestarts: earlier, random: 0)
        #expect(.zero...(.seconds(60)) ~= delay)
    }

    @Test func theBudgetIsSpentWithinTheWindowAndComesBackAfterIt() {
        let policy = RestartPolicy(maxRestarts: 2, restartWindow: .seconds(10), jitter: 0)
        var budget = RestartBudget()
        #expect(budget.decide(policy, at: start, random: 0) == .restart(after: .zero))
        #expect(budget.decide(policy, at: start + .seconds(5), random: 0) == .restart(after: .seconds(1)))
        #expect(budget.decide(policy, at: start + .seconds(9), random: 0) == .giveUp)
        // The first has left the window, the second has not.
        #expect(budget.decide(policy, at: start + .seconds(10), random: 0) == .restart(after: .seconds(1)))
        budget.reset()
        #expect(budget.decide(policy, at: start + .seconds(10), random: 0) == .restart(after: .zero))
    }

    @Test func noRestartsMeansNone() {
        var budget = RestartBudget()
        #expect(budget.decide(RestartPolicy(maxRestarts: 0), at: start, random: 0) == .giveUp)
    }
}
