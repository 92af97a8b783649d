import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

@Suite struct HealthTests {
    private static func configuration(
        frozen: HealthAction = .restart,
        stuck: HealthAction = .restart,
        starved: HealthAction = .log
    ) -> WorkerLife.Configuration {
        WorkerLife.Configuration(
            health: HealthCheckConfig(frozenAction: frozen, stuckAction: stuck, starvedAction: starved)
        )
    }

    private static func running(_ configuration: WorkerLife.Configuration = configuration()) -> Bench {
        var bench = Bench(configuration)
        bench.run()
        return bench
    }

    // MARK: Stuck

    @Test func aStuckWorkerIsKilledOnceItsBacktraceIsThere() {
        var bench = Self.running()
        let (after, verdict) = bench.beat(for: .seconds(100)) {
            [.progress(callback: "onBar", callbackSeconds: Double($0))]
        }
        #expect(after == .seconds(60))
        #expect(verdict.states == [.error])
        #expect(verdict.transitions.map(\.failure) == [.stuck])
        #expect(verdict.others == [.capture])
        // It goes on to send heartbeats meanwhile, and is not condemned again.
        #expect(bench.on(.progress(callback: "onBar", callbackSeconds: 61)).isEmpty)
        #expect(
            bench.on(.captured("onBar at sma.swift:12")).others == [
                .report("where it was stuck: onBar at sma.swift:12"), .signal(.kill),
            ]
        )
        #expect(bench.on(.captured("once more")).isEmpty)
        let gone = bench.on(.exited(.signaled(.kill, coreDumped: false)))
        #expect(gone.transitions.map(\.failure) == [.stuck])
        #expect(gone.others == [.acquire(generation: 2)])
    }

    @Test func aBacktraceThatDoesNotComeIsNotWaitedFor() {
        var bench = Self.running()
        bench.on(.progress(callback: "onBar", callbackSeconds: 60))
        #expect(bench.pass(.milliseconds(1999)).isEmpty)
        #expect(bench.pass(.milliseconds(1)) == [.report("no backtrace within 2 s"), .signal(.kill)])
        #expect(bench.on(.captured("too late")).isEmpty)
    }

    @Test func aProcessThatEndsDuringTheBacktraceIsReplacedAtOnce() {
        var bench = Self.running()
        bench.on(.progress(callback: "onBar", callbackSeconds: 60))
        #expect(bench.on(.exited(.exited(code: 1))).others == [.acquire(generation: 2)])
        #expect(bench.on(.captured("of a dead one")).isEmpty)
        #expect(bench.pass(.seconds(2)).isEmpty)
    }

    @Test(arguments: [-1, 0, 59.9, .nan, -.infinity])
    func aCallbackWithinItsLimitIsFine(_ seconds: Double) {
        var bench = Self.running()
        #expect(bench.on(.progress(callback: "onBar", callbackSeconds: seconds)).isEmpty)
        #expect(bench.life.state == .running)
    }

    @Test(arguments: [60, 1e300, .infinity])
    func anyLongerOneIsNot(_ seconds: Double) {
        var bench = Self.running()
        #expect(bench.on(.progress(callback: "onBar", callbackSeconds: seconds)).states == [.error])
    }

    @Test func secondsWithoutACallbackProveNothing() {
        var bench = Self.running()
        #expect(bench.on(.progress(callback: nil, callbackSeconds: 1000)).isEmpty)
    }

    @Test func aLoggedVerdictIsReportedOnceUntilItClears() {
        var bench = Self.running(Self.configuration(stuck: .log))
        for _ in 0..<2 {
            let first = bench.on(.progress(callback: "onBar", callbackSeconds: 60))
            #expect(first == [.report("stuck: onBar has run for more than 60 s")])
            #expect(bench.life.verdicts == [.stuck])
            #expect(!bench.life.isHealthy(at: bench.now))
            #expect(bench.on(.progress(callback: "onBar", callbackSeconds: 61)).isEmpty)
            let cleared = bench.on(.progress(callback: nil, callbackSeconds: 0))
            #expect(cleared == [.report("no longer stuck: no callback runs")])
            #expect(bench.life.isHealthy(at: bench.now))
            #expect(bench.on(.progress(callback: nil, callbackSeconds: 0)).isEmpty)
        }
    }

    @Test func aPausedWorkerHasNothingHeldAgainstIt() {
        var bench = Self.running(Self.configuration(stuck: .pause))
        let verdict = bench.on(.progress(callback: "onBar", callbackSeconds: 60))
        #expect(
            verdict == [
                .report("stuck: onBar has run for more than 60 s; it is asked to pause"), .ask(.pause),
            ]
        )
        #expect(bench.life.wanted == .paused)
        let paused = bench.on(.paused)
        #expect(paused.states == [.paused])
        #expect(paused.others == [.report("no longer stuck: the callback has ended")])
        #expect(bench.on(.progress(callback: "onPause", callbackSeconds: 100)).isEmpty)
        #expect(bench.on(.resume(.operator)) == [.ask(.resume)])
    }

    @Test func whoDoesNotGetThroughItsResumingIsStuck() {
        var bench = Self.running()
        bench.on(.pause(.operator), .paused)
        #expect(bench.on(.progress(callback: "onResume", callbackSeconds: 100)).isEmpty)
        bench.on(.resume(.operator))
        #expect(bench.on(.progress(callback: "onResume", callbackSeconds: 60)).transitions.map(\.failure) == [.stuck])
    }

    @Test func aWorkerThatIsStoppingIsNotCondemned() {
        var bench = Self.running()
        bench.on(.stop(.operator))
        #expect(bench.on(.progress(callback: "onStop", callbackSeconds: 100)).isEmpty)
        #expect(bench.on(.data(handled: 1, offered: 1), .data(handled: 1, offered: 9)).isEmpty)
        #expect(bench.life.state == .stopping)
    }

    @Test func theActionStopEndsItForGood() {
        var bench = Self.running(Self.configuration(stuck: .stop))
        let verdict = bench.on(.progress(callback: "onBar", callbackSeconds: 60))
        #expect(verdict.states == [.stopping])
        #expect(verdict.transitions.map(\.failure) == [.stuck])
        #expect(verdict.others == [.capture])
        #expect(bench.on(.captured("frames")).last == .signal(.kill))
        #expect(bench.on(.exited(.signaled(.kill, coreDumped: false))).states == [.stopped])
        #expect(bench.life.wanted == .stopped)
        #expect(bench.life.nextDeadline == nil)
    }

    // MARK: Frozen

    @Test func aFrozenWorkerThatIsOnlyLoggedIsReportedOnceAndClears() {
        var bench = Self.running(Self.configuration(frozen: .log))
        #expect(bench.pass(.seconds(30)) == [.report("frozen: no heartbeat for 30 s")])
        #expect(bench.life.nextDeadline == nil)
        #expect(!bench.life.isHealthy(at: bench.now))
        #expect(bench.pass(.seconds(30)).isEmpty)
        #expect(bench.on(.heartbeat) == [.report("no longer frozen: a heartbeat has come")])
        #expect(bench.life.isHealthy(at: bench.now))
        #expect(bench.pass(.seconds(30)) == [.report("frozen: no heartbeat for 30 s")])
    }

    @Test func aPausedWorkerMayFreeze() {
        var bench = Self.running()
        bench.on(.pause(.operator), .paused)
        #expect(bench.pass(.seconds(30)).transitions.map(\.failure) == [.frozen])
    }

    // MARK: Starved

    /// Topics carry one message a second.
    private static func feed(handled: UInt64) -> (Int) -> [WorkerLife.Event] {
        { second in
            [
                .progress(callback: nil, callbackSeconds: 0),
                .data(handled: handled, offered: 1000 + UInt64(second)),
            ]
        }
    }

    @Test func aStarvedWorkerIsReportedAfterItsLimitAndClears() {
        var bench = Self.running()
        let (after, verdict) = bench.beat(for: .seconds(300), Self.feed(handled: 5))
        // Two heartbeats until data counts as missed, then the limit.
        #expect(after == .seconds(123))
        #expect(verdict == [.report("starved: no data handled for 120 s while its topics moved on")])
        #expect(bench.life.verdicts == [.starved])
        #expect(bench.beat(for: .seconds(300), Self.feed(handled: 5)).actions.isEmpty == false)
    }

    @Test func aStarvedWorkerIsAskedToStopBeforeItIsReplaced() {
        var bench = Self.running(Self.configuration(starved: .restart))
        let verdict = bench.beat(for: .seconds(300), Self.feed(handled: 5)).actions
        #expect(verdict.transitions.map(\.failure) == [.starved])
        #expect(verdict.others == [.ask(.stop)])
    }

    @Test func whoHandlesDataIsNotStarved() {
        var bench = Self.running()
        let (_, actions) = bench.beat(for: .seconds(1000)) { second in
            [.data(handled: UInt64(second / 100), offered: UInt64(second)), .heartbeat]
        }
        #expect(actions.isEmpty)
    }

    @Test func aSilentTopicStarvesNobody() {
        var bench = Self.running()
        // The manager's count is a message behind at first: what looks missed was handled.
        let (_, actions) = bench.beat(for: .seconds(1000)) { second in
            [.heartbeat, .data(handled: 5, offered: second < 3 ? 4 : 5)]
        }
        #expect(actions.isEmpty)
        // After a long silence a message is published just before a heartbeat, and handled just after it.
        #expect(bench.on(.data(handled: 5, offered: 6), .data(handled: 6, offered: 6)).isEmpty)
    }

    @Test func whoRunsCallbacksIsBusyAndNotStarved() {
        var bench = Self.running()
        let (_, actions) = bench.beat(for: .seconds(1000)) { second in
            [
                .progress(callback: second % 50 == 0 ? "onTimer" : nil, callbackSeconds: 1),
                .data(handled: 5, offered: UInt64(second)),
            ]
        }
        #expect(actions.isEmpty)
    }

    @Test func whoIsAskedToPauseIsNotStarved() {
        var bench = Self.running()
        bench.on(.pause(.operator))
        #expect(bench.beat(for: .seconds(1000), Self.feed(handled: 5)).actions.isEmpty)
        bench.on(.paused)
        #expect(bench.beat(for: .seconds(1000), Self.feed(handled: 5)).actions.isEmpty)
        bench.on(.resume(.operator), .resumed)
        // What came while it was paused is not held against it.
        #expect(bench.beat(for: .seconds(300), Self.feed(handled: 5)).after == .seconds(123))
    }

    @Test func aManagerThatWasAwayStarvesNobody() {
        var bench = Self.running()
        #expect(bench.beat(for: .seconds(100), Self.feed(handled: 5)).actions.isEmpty)
        bench.on(.absentManager)
        #expect(bench.beat(for: .seconds(100), Self.feed(handled: 5)).actions.isEmpty)
    }

    @Test func aTopicThatIsGivenUpStarvesNobody() {
        var bench = Self.running()
        bench.on(.data(handled: 5, offered: 1000))
        let (_, actions) = bench.beat(for: .seconds(1000)) { second in
            [.heartbeat, .data(handled: 5, offered: UInt64(1000 - second / 2))]
        }
        #expect(actions.isEmpty)
    }
}
