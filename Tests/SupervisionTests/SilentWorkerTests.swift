import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// A worker of which nothing is heard: what counts is that its process lives.
@Suite struct SilentWorkerTests {
    private static func bench(runsAfter: Duration = .seconds(1), mode: RestartPolicy.Mode = .always) -> Bench {
        Bench(
            WorkerLife.Configuration(
                restartPolicy: RestartPolicy(mode: mode, jitter: 0),
                health: HealthCheckConfig(runsAfter: runsAfter),
                stop: StopLadder.Configuration(askGrace: nil)
            )
        )
    }

    @Test func itRunsWhenItHasLivedForLongEnough() {
        var bench = Self.bench()
        #expect(bench.on(.start(.operator)).others == [.acquire(generation: 1)])
        let acquired = bench.on(.acquired(idle: false))
        #expect(acquired.states == [.initialized, .starting])
        // Nothing is handed to it.
        #expect(acquired.others.isEmpty)
        #expect(bench.pass(.milliseconds(999)).isEmpty)
        let ran = bench.pass(.milliseconds(1))
        #expect(ran.transitions.map(\.cause) == ["its process has lived for 1 s"])
        #expect(bench.life.state == .running)
        #expect(bench.life.isHealthy(at: bench.now))
    }

    @Test func itCanCountAsRunningAtOnce() {
        var bench = Self.bench(runsAfter: .zero)
        bench.on(.start(.operator))
        #expect(bench.on(.acquired(idle: false)).states == [.initialized, .starting, .running])
        #expect(bench.life.nextDeadline == nil)
    }

    /// A second is not counted from the first process on, but for each by itself.
    @Test func theNextProcessHasToLiveForAsLong() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        bench.pass(.milliseconds(900))
        #expect(bench.on(.exited(.exited(code: 3))).states == [.error, .recovering])
        #expect(bench.on(.acquired(idle: false)).states == [.initializing, .initialized, .starting])
        #expect(bench.pass(.milliseconds(900)).isEmpty)
        #expect(bench.pass(.milliseconds(100)).states == [.running])
        #expect(bench.life.restarts == 1)
    }

    @Test func noVerdictEverFallsOnIt() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        bench.pass(.seconds(1))
        #expect(bench.pass(.seconds(86_400)).isEmpty)
        let facts: [WorkerLife.Event] = [
            .progress(callback: "onBar", callbackSeconds: 3600), .data(handled: 1, offered: 2), .heartbeat, .paused,
            .pause(.operator), .absentManager,
        ]
        for fact in facts { #expect(bench.on(fact).isEmpty, "\(fact)") }
        bench.now += .seconds(86_400)
        #expect(bench.on(.data(handled: 1, offered: 3)).isEmpty)
        #expect(bench.life.state == .running && bench.life.verdicts.isEmpty)
        #expect(bench.life.isHealthy(at: bench.now))
        #expect(bench.life.nextDeadline == nil)
    }

    @Test func itIsStoppedBySignalsAlone() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        bench.pass(.seconds(1))
        let stop = bench.on(.stop(.operator))
        #expect(stop.states == [.stopping])
        #expect(stop.others == [.signal(.term)])
        #expect(bench.on(.exited(.signaled(.term, coreDumped: false))).states == [.stopped])
    }

    @Test func stoppedBeforeItCountedAsRunningItDoesNotComeToRun() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false), .stop(.operator))
        #expect(bench.pass(.seconds(1)).states.isEmpty)
        #expect(bench.on(.exited(.signaled(.term, coreDumped: false))).states == [.stopped])
        #expect(bench.life.nextDeadline == nil)
    }

    /// The time for which it has run well is its own life, since nobody hears from it.
    @Test func healthyTimeIsTheTimeThatItLived() {
        let policy = RestartPolicy(maxRestarts: 100, restartWindow: .seconds(30 * 86_400), jitter: 0)
        var bench = Bench(
            WorkerLife.Configuration(restartPolicy: policy, health: HealthCheckConfig(runsAfter: .seconds(1)))
        )
        bench.on(.start(.operator), .acquired(idle: false))
        bench.pass(.seconds(1))
        for _ in 0..<20 {
            bench.pass(.seconds(3600))
            #expect(bench.on(.exited(.exited(code: 1))).states == [.error, .recovering])
            // At once each time: an hour of health makes up for the failure before.
            #expect(bench.on(.acquired(idle: false)).states == [.initializing, .initialized, .starting])
            #expect(bench.pass(.seconds(1)).states == [.running])
        }
    }

    @Test func aProgramThatHasNeverBegunIsNotTriedAgain() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        let ended = bench.on(.exited(.exited(code: 126), neverBegan: "cannot start /x: Permission denied"))
        #expect(ended.transitions.map(\.cause) == ["cannot start /x: Permission denied"])
        #expect(ended.transitions.map(\.failure) == [.spawn])
        #expect(ended.others == [.report("no restart: the program has never run")])
        #expect(bench.life.hasGivenUp)
        #expect(bench.life.nextDeadline == nil)
    }

    /// On a busy machine it may count as running before it has come to fail.
    @Test func oneThatOnlySeemedToRunIsNotTriedAgainEither() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        #expect(bench.pass(.seconds(1)).states == [.running])
        let ended = bench.on(.exited(.exited(code: 126), neverBegan: "cannot start /x: Permission denied"))
        #expect(ended.states == [.error])
        #expect(bench.life.hasGivenUp)
    }

    @Test func oneThatHasRunIsTriedAgain() {
        var bench = Self.bench()
        bench.on(.start(.operator), .acquired(idle: false))
        bench.pass(.seconds(1))
        bench.on(.exited(.exited(code: 1)), .acquired(idle: false))
        let ended = bench.on(.exited(.exited(code: 126), neverBegan: "cannot start /x: Text file busy"))
        #expect(ended.states == [.error, .recovering])
    }

    @Test func oneThatIsDoneIsStopped() {
        var bench = Self.bench(mode: .onFailure)
        bench.on(.start(.operator), .acquired(idle: false))
        #expect(bench.on(.exited(.exited(code: 0))).states == [.stopping, .stopped])
    }
}
