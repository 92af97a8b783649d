import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

@Suite struct WorkerLifeTests {
    @Test func aSpareRunsInThreeSteps() {
        var bench = Bench()
        let start = bench.on(.start(.operator))
        #expect(start.states == [.initializing])
        #expect(start.others == [.acquire(generation: 1)])
        let acquired = bench.on(.acquired(idle: true))
        #expect(acquired.states == [.initialized, .starting])
        #expect(acquired.others == [.load])
        #expect(bench.on(.joined).states == [.running])
        #expect(bench.life.isHealthy(at: bench.now))
    }

    @Test func aColdProcessIsLoadedWhenItConnects() {
        var bench = Bench()
        bench.on(.start(.operator))
        #expect(bench.on(.acquired(idle: false)).isEmpty)
        let connected = bench.on(.connected)
        #expect(connected.states == [.initialized, .starting])
        #expect(connected.others == [.load])
    }

    @Test func aDeadWorkerIsReplacedAtOnce() {
        var bench = Bench()
        bench.run()
        let died = bench.on(.exited(.signaled(.kill, coreDumped: false)))
        #expect(died.states == [.error, .recovering])
        #expect(died.others == [.acquire(generation: 2)])
        #expect(bench.on(.acquired(idle: true)).states == [.starting])
        #expect(bench.on(.joined).states == [.running])
        #expect(bench.life.restarts == 1)
    }

    @Test func theFourthCrashOnStartIsFinalUntilAPersonRestarts() {
        var bench = Bench()
        bench.on(.start(.operator), .acquired(idle: true))
        for delay in [0, 1, 2] {
            #expect(bench.on(.exited(.exited(code: 1))).states == [.error, .recovering])
            if delay > 0 {
                #expect(bench.pass(.milliseconds(delay * 1000 - 1)).isEmpty)
                #expect(bench.pass(.milliseconds(1)).others.count == 1)
            }
            #expect(bench.on(.acquired(idle: true)).states == [.starting])
        }
        let last = bench.on(.exited(.exited(code: 1)))
        #expect(last.states == [.error])
        #expect(last.others.count == 1)
        #expect(bench.life.nextDeadline == nil)
        let restarted = bench.on(.restart(.operator))
        #expect(restarted.states == [.restarting])
        #expect(restarted.others == [.acquire(generation: 5)])
    }

    @Test func silenceIsFrozenAndKilledWithoutAsking() {
        var bench = Bench()
        bench.run()
        #expect(bench.pass(.milliseconds(29_999)).isEmpty)
        let frozen = bench.pass(.milliseconds(1))
        #expect(frozen.states == [.error])
        #expect(frozen.others == [.signal(.kill)])
        #expect(!bench.life.isHealthy(at: bench.now))
        #expect(bench.on(.exited(.signaled(.kill, coreDumped: false))).states == [.recovering])
    }

    @Test func aHeartbeatPutsTheVerdictOff() {
        var bench = Bench()
        bench.run()
        for _ in 0..<10 {
            #expect(bench.pass(.seconds(29)).isEmpty)
            bench.on(.heartbeat)
        }
        #expect(bench.life.state == .running)
    }

    @Test func aManagerThatWasAwayCondemnsNobody() {
        var bench = Bench()
        bench.run()
        bench.now += .seconds(3600)
        bench.on(.absentManager)
        #expect(bench.life.on(.deadlinePassed, at: bench.now).isEmpty)
        #expect(bench.pass(.seconds(30)).states == [.error])
    }

    @Test func aStopClimbsTheLadderAndIsNoCrash() {
        var bench = Bench()
        bench.run()
        let asked = bench.on(.stop(.operator))
        #expect(asked.states == [.stopping])
        #expect(asked.others == [.ask(.stop)])
        #expect(bench.pass(.seconds(10)) == [.signal(.term)])
        #expect(bench.pass(.seconds(5)) == [.signal(.kill)])
        let gone = bench.on(.exited(.signaled(.kill, coreDumped: false)))
        #expect(gone.states == [.stopped])
        #expect(gone.others.isEmpty)
        #expect(bench.life.nextDeadline == nil)
    }

    @Test func aStopWhileWaitingForARestartIsImmediate() {
        var bench = Bench()
        bench.run()
        bench.on(.exited(.exited(code: 1)), .acquired(idle: true), .exited(.exited(code: 1)))
        #expect(bench.life.state == .recovering)
        #expect(bench.on(.stop(.operator)).states == [.stopping, .stopped])
        #expect(bench.pass(.seconds(3600)).isEmpty)
    }

    @Test func aProcessThatNeverSpeaksIsGivenUp() {
        var bench = Bench()
        bench.on(.start(.operator), .acquired(idle: false))
        let late = bench.pass(.seconds(30))
        #expect(late.states == [.error])
        #expect(late.others == [.signal(.kill)])
    }

    @Test func aRefusedFirstStartIsFinal() {
        var bench = Bench()
        bench.on(.start(.operator), .acquired(idle: true))
        #expect(bench.on(.refused("unknown parameter 'fats'")).states == [.error])
        let gone = bench.on(.exited(.exited(code: 78)))
        #expect(gone.states.isEmpty)
        #expect(gone.others == [.report("no restart: the strategy has never run")])
    }

    @Test func aFinalRefusalIsFinalAlsoLater() {
        var bench = Bench()
        bench.on(.start(.operator), .acquired(idle: true), .joined, .exited(.signaled(.kill, coreDumped: false)))
        bench.on(.acquired(idle: true))
        #expect(bench.on(.refused("the state does not fit", isFinal: true)).states == [.error])
        let gone = bench.on(.exited(.exited(code: 78)))
        #expect(gone.states.isEmpty)
        #expect(gone.others == [.report("no restart: the next process would refuse, too")])
        // Who has put it right may start it again.
        #expect(bench.on(.restart(.operator)).states == [.restarting])
    }

    @Test func exitCode78IsFinalUntilItHasRun() {
        var bench = Bench()
        bench.on(.start(.operator), .acquired(idle: true))
        let gone = bench.on(.exited(.exited(code: 78)))
        #expect(gone.states == [.error])
        #expect(gone.others == [.report("no restart: the strategy has never run")])

        var runner = Bench()
        runner.run()
        #expect(runner.on(.exited(.exited(code: 78))).states.first == .error)
        #expect(runner.life.state != .error)
    }

    @Test func aSpentErrorBudgetIsFinal() {
        var bench = Bench()
        bench.run()
        let failed = bench.on(.failed("11 errors in 60 s"))
        #expect(failed.states == [.error])
        #expect(failed.others == [.ask(.stop)])
        #expect(bench.on(.exited(.exited(code: 0))).states.isEmpty)
        #expect(bench.life.state == .error)
    }

    @Test func exitCode125AsksForNoRestart() {
        var bench = Bench()
        bench.run()
        #expect(bench.on(.exited(.exited(code: 125))).states == [.error])
    }

    @Test func pauseIsKeptOverACrash() {
        var bench = Bench()
        bench.run()
        #expect(bench.on(.pause(.operator)) == [.ask(.pause)])
        #expect(bench.on(.paused).states == [.paused])
        bench.on(.exited(.exited(code: 1)), .acquired(idle: true))
        let joined = bench.on(.joined)
        #expect(joined.states == [.running])
        #expect(joined.others == [.ask(.pause)])
        bench.on(.paused)
        #expect(bench.on(.resume(.operator)) == [.ask(.resume)])
        #expect(bench.on(.resumed).states == [.running])
    }

    @Test func whoChangesTheirMindBeforeTheAnswerGetsWhatTheyAskedForLast() {
        var bench = Bench()
        bench.run()
        #expect(bench.on(.pause(.operator)) == [.ask(.pause)])
        #expect(bench.on(.pause(.operator)).isEmpty)
        #expect(bench.on(.resume(.operator)) == [.ask(.resume)])
        #expect(bench.on(.resume(.operator)).isEmpty)
        #expect(bench.on(.paused, .resumed).states == [.paused, .running])
        bench.on(.pause(.operator), .paused)
        #expect(bench.on(.resume(.operator)) == [.ask(.resume)])
        #expect(bench.on(.pause(.operator)) == [.ask(.pause)])
        #expect(bench.on(.resumed, .paused).states == [.running, .paused])
    }

    @Test func aStartOfAPausedWorkerLeavesItPausedAndResumable() {
        var bench = Bench()
        bench.run()
        bench.on(.pause(.operator), .paused)
        #expect(bench.on(.start(.operator)).isEmpty)
        #expect(bench.on(.resume(.operator)) == [.ask(.resume)])
    }

    @Test func aRestartReplacesTheProcessOnceItIsGone() {
        var bench = Bench()
        bench.run()
        let asked = bench.on(.restart(.operator))
        #expect(asked.states == [.restarting])
        #expect(asked.others == [.ask(.stop)])
        #expect(bench.on(.exited(.exited(code: 0))) == [.acquire(generation: 2)])
        #expect(bench.on(.acquired(idle: false)).states == [.initializing])
    }

    @Test func aFailureToGetAProcessCountsAsAFailure() {
        var bench = Bench()
        bench.on(.start(.operator))
        let failed = bench.on(.acquireFailed("no memory"))
        #expect(failed.states == [.error, .recovering])
        #expect(failed.others == [.acquire(generation: 2)])
    }
}
