import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The real worker's state and signals: on disk in the right order, and back from there.
@Suite(.timeLimit(.minutes(2)))
struct CheckpointTests {
    private static let topic = "market.BTC.kline"

    private func positions(_ sequence: UInt64) -> JSONValue { JSONValue(sequences: [Self.topic: sequence]) }

    @Test func aStrategyRunsWhenItsFirstStateIsOnDisk() throws {
        let manager = try ManagerEnd()
        manager.acknowledges = false
        _ = try manager.welcome()
        let id = try manager.start(CompiledStrategy.keeper.get())
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker(at: 17)
        let first = try manager.nextCheckpoint()
        #expect(first["reason"] == "start")
        #expect(first["ordinal"] == 1)
        #expect(first["strategy"] == "Keeper")
        #expect(first["positions"] == positions(17))
        #expect(first["state"] == ["count": 0, "sum": 0.0, "gaps": [], "padding": ""])
        #expect(try manager.ask(.pause)["reason"] == "cannot pause: the strategy is still starting")
        try manager.acknowledge(checkpoint: 1)
        #expect(try manager.answer(to: id)["result"] == "done")
    }

    @Test func isSavedByMessagesByTimeOnPauseAndOnStop() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), more: ["checkpoint_policy": ["messages": 5, "interval": 0.2]])
        for sequence: UInt64 in 1...5 { try manager.publishBar(sequence) }
        let byMessages = try manager.nextCheckpoint { $0["reason"] == "messages" }
        #expect(byMessages["positions"] == positions(5))
        #expect(byMessages["state"]?["count"] == 5)
        try manager.publishBar(6)
        #expect(try manager.nextCheckpoint { $0["reason"] == "interval" }["positions"] == positions(6))
        #expect(try manager.ask(.pause)["result"] == "done")
        #expect(try manager.nextCheckpoint { $0["reason"] == "pause" }["state"]?["count"] == 6)
        let ordinal = try #require(manager.lastCheckpoint?["ordinal"]?.integerValue)
        #expect(try manager.ask(.stop)["result"] == "done")
        let atStop = try #require(manager.lastCheckpoint)
        #expect(atStop["reason"] == "stop")
        #expect(atStop["ordinal"] == .integer(ordinal + 1))
        #expect(manager.exitCode() == 0)
        #expect(!manager.logText.contains("not confirmed"))
    }

    @Test func leavesOnlyBehindTheSignalsBeforeIt() throws {
        let manager = try ManagerEnd()
        try manager.run(
            CompiledStrategy.keeper.get(),
            more: ["checkpoint_policy": ["messages": 3, "interval": 3600.0]]
        )
        _ = try manager.nextCheckpoint()
        manager.acknowledges = false
        for sequence: UInt64 in 1...3 { try manager.publishBar(sequence) }
        let signals = try (1...3).map { _ in try manager.nextSignal() }
        #expect(signals.map(\.sequence) == [1, 2, 3])
        try manager.acknowledge(signals: 2)
        // Time for a checkpoint to come that must not: until the worker has answered after it.
        #expect(try manager.ask(.list)["result"] == "refused")
        _ = try manager.nextHeartbeat { $0["signals_pending"] == 1 }
        #expect(manager.checkpoints.isEmpty)
        try manager.acknowledge(signals: 3)
        #expect(try manager.nextCheckpoint()["positions"] == positions(3))
    }

    @Test func aStopWaitsForTheDiskButNotForEver() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        manager.acknowledges = false
        try manager.publishBar(1)
        _ = try manager.nextSignal()
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
        #expect(manager.logText.contains("1 signals are not confirmed to be on disk"))
        #expect(manager.logText.contains("the last state is not confirmed to be on disk"))
    }

    @Test func aNewProcessGoesOnWhereTheStateWas() throws {
        let manager = try ManagerEnd()
        manager.record.limit = 4
        for sequence: UInt64 in 1...20 {
            try manager.publishBar(sequence, close: Double(sequence), isDelivered: false)
        }
        let state: JSONValue = ["count": 8, "sum": 36.0, "gaps": ["2-2"], "padding": ""]
        try manager.run(
            CompiledStrategy.keeper.get(),
            marker: 20,
            more: [
                "checkpoint": ["ordinal": 41, "positions": ["market.BTC.kline": 8], "state": state],
                "warmup": 5, "checkpoint_policy": ["messages": 12, "interval": 3600.0],
            ]
        )
        try manager.publishBar(21, close: 21)
        let signals = try (9...21).map { _ in try manager.nextSignal() }
        #expect(signals.map { $0.payload["signal_id"]?.stringValue } == (9...21).map { "w:BTC.kline:\($0):1" })
        #expect(signals.map(\.sequence) == Array(1...13))
        #expect(signals.last?.payload["data"]?["sum"] == 231.0)
        #expect(signals.last?.payload["data"]?["count"] == 21)
        let checkpoint = try manager.nextCheckpoint()
        #expect(checkpoint["ordinal"] == 42)
        #expect(checkpoint["reason"] == "messages")
        #expect(checkpoint["positions"] == positions(20))
        #expect(checkpoint["state"]?["gaps"] == ["2-2"])
        #expect(manager.logText.contains("begins with 8 restored=true"))
    }

    private static let badStates: [(state: JSONValue, reason: String)] = [
        (["count": "eight", "sum": 1, "gaps": [], "padding": ""], "'count' must be a whole number, not \"eight\""),
        (["count": 8], "'sum' is missing"),
    ]

    @Test(arguments: badStates)
    func aStateThatDoesNotFitRefusesTheStart(_ state: JSONValue, _ reason: String) throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(
            CompiledStrategy.keeper.get(),
            more: ["checkpoint": ["ordinal": 41, "positions": [:], "state": state]]
        )
        #expect(try manager.answer(to: id)["result"] == "accepted")
        let answer = try #require(try manager.answer(to: id)["reason"]?.stringValue)
        #expect(
            answer.hasPrefix("the state of checkpoint 41 does not fit the strategy: \(reason); the checkpoint is kept")
        )
        #expect(answer.contains("'quantcell checkpoint w export'") && answer.contains("'quantcell checkpoint w reset'"))
        #expect(manager.exitCode() == 78)
        #expect(manager.checkpoints.isEmpty)
    }

    @Test func aStrategyThatHasLostItsStateIsRefused() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(
            CompiledStrategy.probe.get(),
            more: ["checkpoint": ["ordinal": 1, "positions": [:], "state": [:]]]
        )
        #expect(try manager.answer(to: id)["result"] == "accepted")
        #expect(
            try manager.answer(to: id)["reason"]?.stringValue?.contains("the strategy has no state any more") == true
        )
    }

    @Test func aFirstStateThatIsTooLargeRefusesTheStart() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(CompiledStrategy.keeper.get(), params: ["padding": 16_777_216])
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker()
        let reason = try #require(try manager.answer(to: id)["reason"]?.stringValue)
        #expect(reason.contains("more than the 16777216 (16 MiB) that can be saved"))
    }

    @Test func aStateThatHasGrownTooLargeIsReportedAndTheStrategyGoesOn() throws {
        let manager = try ManagerEnd()
        try manager.run(
            CompiledStrategy.keeper.get(),
            params: ["mode": "grow"],
            more: ["checkpoint_policy": ["messages": 1, "interval": 3600.0]]
        )
        _ = try manager.nextCheckpoint()
        try manager.publishBar(1)
        let error = try manager.nextOnStatus { $0.type == .error }.payload
        #expect(error["fatal"] == false)
        #expect(error["message"]?.stringValue?.hasPrefix("the state was not saved: the state has 17825") == true)
        try manager.publishBar(2)
        // The first signal may come twice: nobody has said in time that it was there.
        #expect(try manager.nextOnStatus { $0.payload["sequence"] == 2 }.type == .signal)
        #expect(manager.checkpoints.isEmpty)
    }

    @Test func aLargeStateComesBack() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), params: ["padding": 16_000_000])
        let checkpoint = try manager.nextCheckpoint()
        #expect(try manager.ask(.stop)["result"] == "done")
        let next = try ManagerEnd()
        try next.run(CompiledStrategy.keeper.get(), more: ["checkpoint": checkpoint])
        #expect(next.logText.contains("begins with 0 restored=true"))
    }

    // MARK: Signals

    @Test func signalsAreSentAgainFromWhereTheManagerSays() throws {
        let manager = try ManagerEnd()
        manager.acknowledges = false
        try manager.run(CompiledStrategy.probe.get())
        for sequence: UInt64 in 1...4 { try manager.publishBar(sequence) }
        let sent = try (1...4).map { _ in try manager.nextSignal() }
        #expect(sent.map(\.sequence) == [1, 2, 3, 4])
        try manager.acknowledge(signals: 1)
        try manager.send(Message(.resend, payload: ["from": 3]))
        let again = try (1...2).map { _ in try manager.nextSignal() }
        #expect(again == Array(sent[2...]))
        let heartbeat = try manager.nextHeartbeat { $0["signals_pending"] == 3 }.payload
        #expect(heartbeat["signals_emitted"] == 4)
    }

    @Test func anotherManagerIsOfferedWhatTheLastOneDidNotPutOnDisk() throws {
        let manager = try ManagerEnd()
        try manager.run(
            CompiledStrategy.keeper.get(),
            orphanLease: 10,
            more: ["checkpoint_policy": ["messages": 1000, "interval": 0.05]]
        )
        manager.acknowledges = false
        for sequence: UInt64 in 1...3 { try manager.publishBar(sequence) }
        let sent = try (1...3).map { _ in try manager.nextSignal() }
        try manager.acknowledge(signals: 1)
        _ = try manager.nextHeartbeat { $0["signals_pending"] == 2 }
        manager.leave()
        manager.checkpoints = []
        try manager.comeBack()
        manager.acknowledges = true
        try manager.welcome(try manager.nextIntroduction(), orphanLease: 10)
        #expect(try (2...3).map { _ in try manager.nextSignal() } == Array(sent[1...]))
        #expect(try manager.nextCheckpoint()["positions"] == positions(3))
        // The same manager says so again and again, and is not offered anything anew.
        try manager.welcome(try manager.nextIntroduction(), orphanLease: 10)
        try manager.awaitSubscription(Self.topic)
        try manager.publishBar(4)
        #expect(try manager.nextSignal().sequence == 4)
    }
}
