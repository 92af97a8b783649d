import ProcessControl
import Testing
import WireProtocol

@testable import Supervision

/// New code takes over, or does not.
@Suite struct ReloadLifeTests {
    @Test func theNewProcessIsTheNextGeneration() {
        var bench = Bench()
        bench.run()
        #expect(bench.on(.reload(.operator)).states == [.reloading])
        let over = bench.on(.reloaded)
        #expect(over.states == [.running])
        #expect(over.others.isEmpty)
        #expect(bench.life.generation == 2)
        #expect(bench.life.restarts == 0)
        #expect(bench.life.isHealthy(at: bench.now))
    }

    @Test func whatIsPausedIsPausedAfterwards() {
        var bench = Bench()
        bench.run()
        bench.on(.pause(.operator), .paused)
        #expect(bench.on(.reload(.reload)).states == [.reloading])
        #expect(bench.on(.reloaded).states == [.paused])
    }

    @Test func theOldProcessGoesOnWhereItFails() {
        var bench = Bench()
        bench.run()
        bench.on(.reload(.operator))
        #expect(bench.on(.reloadFailed("it does not load")).states == [.running])
        #expect(bench.life.generation == 1)
        #expect(bench.life.failure == nil)
    }

    @Test func theEndOfTheOldProcessDoesNotStopTheNewOne() {
        var bench = Bench()
        bench.run()
        bench.on(.reload(.operator))
        #expect(bench.on(.exited(.signaled(.kill, coreDumped: false))).isEmpty)
        #expect(bench.on(.reloaded).states == [.running])
        #expect(bench.life.hasProcess)
    }

    @Test func whereBothAreLostThePolicyDecides() {
        var bench = Bench()
        bench.run()
        bench.on(.reload(.operator), .exited(.signaled(.kill, coreDumped: false)))
        let failed = bench.on(.reloadFailed("it ended, too"))
        #expect(failed.states == [.error, .recovering])
        #expect(failed.others == [.acquire(generation: 2)])
    }

    @Test func aNewProcessThatIsNotReadyInTimeIsLetGo() {
        var bench = Bench()
        bench.run()
        bench.on(.reload(.operator))
        #expect(bench.pass(.seconds(29)).isEmpty)
        let late = bench.pass(.seconds(1))
        #expect(late.states == [.running])
        #expect(late.others == [.abandonReload("the new process was not ready within 30 s")])
    }

    @Test func aStopEndsTheReload() {
        var bench = Bench()
        bench.run()
        bench.on(.reload(.operator))
        let stop = bench.on(.stop(.operator))
        #expect(stop.states == [.stopping])
        #expect(stop.others == [.ask(.stop)])
        #expect(bench.on(.reloaded).isEmpty)
        #expect(bench.on(.exited(.exited(code: 0))).states == [.stopped])
    }

    @Test(arguments: ["starting", "stopped", "error"])
    func onlyWhatRunsOrIsPausedIsReloaded(_ situation: String) {
        var bench = Bench()
        switch situation {
        case "starting": bench.on(.start(.operator), .acquired(idle: true))
        case "stopped":
            bench.run()
            bench.on(.stop(.operator), .exited(.exited(code: 0)))
        default:
            bench.run()
            bench.on(.exited(.exited(code: 125)))
        }
        #expect(bench.on(.reload(.operator)).isEmpty)
    }
}
