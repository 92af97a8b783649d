import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The real worker without its manager, or with another one.
@Suite(.timeLimit(.minutes(2)))
struct AbsenceTests {
    @Test func aManagerThatComesLaterLearnsWhoIsThereAndGoesOn() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 10)
        manager.leave()
        try manager.comeBack()
        let introduction = try manager.nextIntroduction()
        #expect(introduction.workerID == "w")
        #expect(introduction.generation == 3)
        #expect(introduction.payload["identity"] == .string(manager.identity))
        #expect(introduction.payload["token"] == "secret")
        #expect(introduction.payload["pid"] == .integer(Int64(manager.process.processIdentifier)))
        #expect(introduction.payload["protocol"] == 1)
        #expect(introduction.payload["status"] == "running")
        try manager.welcome(introduction)
        // Another manager: what was published meanwhile may have gone past it.
        #expect(try manager.nextOnControl().type == .sync)
        #expect(try manager.nextHeartbeat { $0["status"] == "running" }.generation == 3)
        // The subscription has come back with the connection.
        try manager.awaitSubscription("market.BTC.kline")
        try manager.publishBar(1)
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:BTC.kline:1:1")
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
    }

    @Test func withoutAManagerAStrategyStopsItself() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 1)
        manager.leave()
        #expect(manager.exitCode() == 0)
        #expect(manager.logText.contains(" INFO  w: stopping: the manager has been away for 1 s\nonStop\n"))
    }

    @Test func withoutAManagerASpareEnds() throws {
        let manager = try ManagerEnd(environment: ["QUANTCELL_ORPHAN_LEASE": "1.5"])
        #expect(try manager.nextOnControl().type == .hello)
        #expect(manager.exitCode() == 0)
    }

    @Test func withoutAManagerAStrategyThatWaitsForItStopsItself() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 3)
        // More than the outbox holds; nothing of it gets to the disk.
        manager.acknowledges = false
        for sequence in 1...11_000 { try manager.publishBar(UInt64(sequence)) }
        while !manager.logText.contains("the manager takes no messages; waiting for it") {
            try manager.welcome(try manager.nextIntroduction(), orphanLease: 3)
        }
        // From here on nobody answers on control either.
        #expect(manager.exitCode() == 0)
        #expect(manager.logText.contains("told to stop, dropped a message that nobody takes: "))
        #expect(manager.logText.contains(" INFO  w: stopping: the manager has been away for 3 s\n"))
    }

    @Test func anAnswerIsEnoughToStay() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 1)
        // For two leases.
        for _ in 0..<10 { try manager.welcome(try manager.nextIntroduction(), orphanLease: 1) }
        #expect(try manager.ask(.pause)["result"] == "done")
    }

    @Test func aProcessThatWasStoppedAsksBeforeItGivesUp() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 1)
        kill(manager.process.processIdentifier, SIGSTOP)
        // Longer than the lease: here it is time itself that is tested.
        usleep(1_500_000)
        let wake = WallClock.seconds()
        kill(manager.process.processIdentifier, SIGCONT)
        var introduction: Message
        repeat { introduction = try manager.nextIntroduction() } while introduction.timestamp < wake
        try manager.welcome(introduction)
        #expect(try manager.ask(.pause)["result"] == "done")
    }

    @Test func aStrangerIsSentAway() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), orphanLease: 10)
        manager.leave()
        try manager.comeBack()
        let introduction = try manager.nextIntroduction()
        let stop = Message(.stop, payload: ["reason": "unknown process"], replyTo: introduction.messageID)
        try manager.send(stop)
        #expect(try manager.answer(to: stop.messageID)["result"] == "done")
        #expect(manager.exitCode() == 0)
    }
}
