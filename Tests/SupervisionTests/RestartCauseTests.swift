import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

@Suite struct RestartCauseTests {
    private static let crash = WorkerLife.Event.exited(.exited(code: 1))
    private static let killed = WorkerLife.Event.exited(.signaled(.kill, coreDumped: false))

    private static func bench(_ policy: RestartPolicy) -> Bench {
        var bench = Bench(WorkerLife.Configuration(restartPolicy: policy))
        bench.run()
        return bench
    }

    // MARK: Causes

    @Test func everyFailureNamesItsCause() {
        func cause(_ events: WorkerLife.Event..., wait: Duration = .zero) -> FailureCause? {
            var bench = Bench()
            var actions: [WorkerLife.Action] = []
            for event in events { actions += bench.on(event) }
            if wait > .zero { actions += bench.pass(wait) }
            return actions.transitions.first { $0.to == .error }?.failure
        }
        let (start, acquired) = (WorkerLife.Event.start(.operator), WorkerLife.Event.acquired(idle: true))
        #expect(cause(start, acquired, .joined, Self.crash) == .exitCode)
        #expect(cause(start, acquired, .joined, Self.killed) == .signal)
        let outOfMemory = WorkerLife.Event.exited(.signaled(.kill, coreDumped: false), outOfMemory: true)
        #expect(cause(start, acquired, .joined, outOfMemory) == .outOfMemory)
        #expect(cause(start, acquired, .joined, wait: .seconds(30)) == .frozen)
        #expect(cause(start, acquired, .joined, .progress(callback: "onBar", callbackSeconds: 60)) == .stuck)
        #expect(cause(start, acquired, wait: .seconds(30)) == .start)
        #expect(cause(start, acquired, .refused("no")) == .start)
        #expect(cause(start, .acquireFailed("no")) == .spawn)
        #expect(cause(start, acquired, .joined, .failed("no")) == .reported)
    }

    @Test func eachCauseHasItsOwnBudget() {
        var bench = Self.bench(RestartPolicy(maxRestarts: 2, backoffBase: .zero, budgets: [.signal: 1]))
        func next(_ bench: inout Bench, _ event: WorkerLife.Event) -> [WorkerLife.Action] {
            let actions = bench.on(event)
            bench.on(.acquired(idle: true), .joined)
            return actions
        }
        #expect(next(&bench, Self.crash).states == [.error, .recovering])
        #expect(next(&bench, Self.killed).states == [.error, .recovering])
        #expect(next(&bench, Self.crash).states == [.error, .recovering])
        let spent = bench.on(Self.killed)
        #expect(spent.states == [.error])
        #expect(
            spent.others == [
                .report(
                    "no restart: the budget for 'signal' is spent, 1 within 300 s; 'quantcell restart w' starts it again"
                )
            ]
        )
        #expect(bench.life.hasGivenUp)
    }

    // MARK: Modes

    @Test(arguments: [RestartPolicy.Mode.onFailure, .never])
    func exitCode0IsTheEndUnlessTheModeIsAlways(_ mode: RestartPolicy.Mode) {
        var bench = Self.bench(RestartPolicy(mode: mode))
        let ended = bench.on(.exited(.exited(code: 0)))
        #expect(ended.states == [.stopping, .stopped])
        #expect(ended.transitions.map(\.cause) == Array(repeating: "ended by itself: exit code 0", count: 2))
        #expect(ended.transitions.map(\.failure) == [nil, nil])
        #expect(bench.life.nextDeadline == nil)
        #expect(bench.on(.start(.operator)).others == [.acquire(generation: 2)])
    }

    @Test func exitCode0IsAFailureWhenTheModeIsAlways() {
        var bench = Self.bench(RestartPolicy(mode: .always))
        #expect(bench.on(.exited(.exited(code: 0))).states == [.error, .recovering])
    }

    @Test func aFailureIsFinalWhenTheModeIsNever() {
        var bench = Self.bench(RestartPolicy(mode: .never))
        let died = bench.on(Self.killed)
        #expect(died.states == [.error])
        #expect(died.others == [.report("no restart: the restart policy is 'never'")])
        #expect(bench.on(.restart(.operator)).states == [.restarting])
    }

    @Test(arguments: zip(RestartPolicy.Mode.allCases, ["always", "on-failure", "never"]))
    func modesAreWrittenSo(_ mode: RestartPolicy.Mode, _ text: String) {
        #expect(mode.rawValue == text)
    }

    // MARK: Recovery

    @Test func healthyTimeLetsEarlierRestartsWeighLess() {
        let policy = RestartPolicy(maxRestarts: 10, jitter: 0, recoveryHalfLife: .seconds(60))
        var bench = Self.bench(policy)
        func delayAfter(healthy seconds: Int) -> Duration? {
            _ = bench.beat(for: .seconds(seconds))
            bench.on(Self.crash)
            let delay = bench.life.restartAt.map { $0 - bench.now } ?? .zero
            if delay > .zero { bench.pass(delay) }
            bench.on(.acquired(idle: true), .joined)
            return bench.life.state == .running ? delay : nil
        }
        #expect(delayAfter(healthy: 10) == .zero)
        // No healthy time at all: 1 s, 2 s.
        #expect(delayAfter(healthy: 0) == .seconds(1))
        #expect(delayAfter(healthy: 0) == .seconds(2))
        // Three restarts, and two half-lives since: a score of 0.75, 2^(0.75 - 1) s.
        let delay = delayAfter(healthy: 120)
        #expect(delay.map { abs($0 / .seconds(1) - 0.8409) < 0.0001 } ?? false)
        // 1.75 restarts and two half-lives more: less than half a restart is left.
        #expect(delayAfter(healthy: 120) == .zero)
    }

    @Test func whatItTookToNoticeIsNotHealthyTime() {
        let policy = RestartPolicy(maxRestarts: 10, jitter: 0, recoveryHalfLife: .seconds(1))
        var bench = Self.bench(policy)
        bench.on(Self.crash, .acquired(idle: true), .joined)
        // Silent from the first moment, for 30 half-lives.
        bench.pass(.seconds(30))
        bench.on(Self.killed)
        #expect(bench.life.restartAt == bench.now + .seconds(1))
    }

    @Test func aCallbackThatDidNotEndIsNotHealthyTime() {
        let policy = RestartPolicy(maxRestarts: 10, jitter: 0, recoveryHalfLife: .seconds(1))
        var bench = Self.bench(policy)
        bench.on(Self.crash, .acquired(idle: true), .joined)
        let verdict = bench.beat(for: .seconds(100)) { [.progress(callback: "onBar", callbackSeconds: Double($0))] }
        #expect(verdict.after == .seconds(60))
        bench.on(.captured("frames"), Self.killed)
        #expect(bench.life.restartAt == bench.now + .seconds(1))
    }

    @Test func waitingMendsNothing() {
        let policy = RestartPolicy(maxRestarts: 10, backoffBase: .seconds(50), jitter: 0)
        var bench = Self.bench(policy)
        bench.on(Self.crash, .acquired(idle: true), Self.crash)
        #expect(bench.life.restartAt == bench.now + .seconds(50))
        bench.pass(.seconds(50))
        bench.on(.acquired(idle: true), Self.crash)
        #expect(bench.life.restartAt == bench.now + .seconds(60))
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func aHalfLifeOfNothingForgetsAtOnce(_ halfLife: Duration) {
        var budget = RestartBudget()
        let (policy, now) = (RestartPolicy(jitter: 0), SuspendingClock().now)
        #expect(budget.decide(policy, for: .signal, at: now, random: 0) == .restart(after: .zero))
        budget.credit(healthy: .zero, halfLife: halfLife)
        #expect(budget.decide(policy, for: .signal, at: now, random: 0) == .restart(after: .seconds(1)))
        budget.credit(healthy: .nanoseconds(1), halfLife: halfLife)
        #expect(budget.decide(policy, for: .signal, at: now, random: 0) == .restart(after: .zero))
    }

    // MARK: Adoption

    @Test(arguments: [false, true])
    func anAdoptedWorkerGoesOnWhereItWas(_ isPaused: Bool) {
        var bench = Bench()
        let adopted = bench.on(.adopt(generation: 7, restarts: 3, isPaused: isPaused))
        #expect(adopted.states == [isPaused ? .paused : .running])
        #expect(adopted.others.isEmpty)
        #expect(adopted.transitions.map(\.actor) == [.manager])
        #expect(adopted.transitions.map(\.from) == [nil])
        #expect((bench.life.generation, bench.life.restarts) == (7, 3))
        #expect(bench.life.isHealthy(at: bench.now))
        // No heartbeat is owed before a full timeout.
        #expect(bench.pass(.milliseconds(29_999)).isEmpty)
        #expect(bench.life.nextDeadline == bench.now + .milliseconds(1))
        #expect(bench.on(.heartbeat).isEmpty)
        let died = bench.on(Self.killed)
        #expect(died.others == [.acquire(generation: 8)])
        #expect(bench.life.restarts == 4)
        bench.on(.acquired(idle: true))
        #expect(bench.on(.joined).others == (isPaused ? [.ask(.pause)] : []))
    }

    @Test func onlyALifeThatHasNotBegunIsAdopted() {
        var bench = Self.bench(RestartPolicy())
        #expect(bench.on(.adopt(generation: 7, restarts: 3, isPaused: false)).isEmpty)
        #expect(bench.life.generation == 1)
    }

    // MARK: Held back

    @Test func aProcessThatIsHeldBackHasItsWholeTimeToStart() {
        var bench = Bench()
        bench.on(.start(.operator), .held(until: bench.now + .seconds(100)))
        #expect(bench.life.heldUntil == bench.now + .seconds(100))
        #expect(bench.pass(.milliseconds(129_999)).isEmpty)
        #expect(bench.pass(.milliseconds(1)).transitions.first?.failure == .start)
    }
}
