import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The worker's part in a reload, as old process, as new one, and on trial: with the real program.
@Suite(.timeLimit(.minutes(2)))
struct HandoverTests {
    private func publish(_ manager: ManagerEnd, _ sequences: ClosedRange<UInt64>) throws {
        for sequence in sequences { try manager.publishBar(sequence, close: Double(sequence)) }
    }

    /// The sequences of the next signals.
    private func signals(_ manager: ManagerEnd, _ count: Int) throws -> [Int64?] {
        try (0..<count).map { _ in try manager.nextSignal().payload["sequence"]?.integerValue }
    }

    // MARK: The old process

    @Test func theOldProcessStandsStillAndSaysHowFarItIs() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        try publish(manager, 1...5)
        #expect(try signals(manager, 5) == [1, 2, 3, 4, 5])
        let answer = try manager.ask(.handover)
        #expect(answer["result"] == "done")
        #expect(answer["positions"] == ["market.BTC.kline": 5])
        #expect(manager.lastCheckpoint?["reason"] == "reload")
        #expect(manager.lastCheckpoint?["positions"] == ["market.BTC.kline": 5])
        #expect(manager.lastCheckpoint?["state"]?["count"] == 5)
        // It handles nothing more until it is told to, and then everything.
        try publish(manager, 6...7)
        let beat = try manager.nextHeartbeat { $0["status"] == "reloading" }.payload
        #expect(beat["messages_processed"] == 5)
        #expect(try manager.ask(.resume, ["handover": true])["result"] == "done")
        #expect(try signals(manager, 2) == [6, 7])
        // Where it does not stand still, the same means nothing, also to one that is paused.
        #expect(try manager.ask(.pause)["result"] == "done")
        #expect(try manager.ask(.resume, ["handover": true])["result"] == "done")
        _ = try manager.nextHeartbeat { $0["status"] == "paused" }
        #expect(try manager.ask(.handover)["result"] == "done")
        #expect(try manager.ask(.resume, ["handover": true])["result"] == "done")
        _ = try manager.nextHeartbeat { $0["status"] == "paused" }
    }

    @Test func whatIsReplacedEndsWithoutAWord() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        #expect(try manager.ask(.handover)["result"] == "done")
        #expect(try manager.ask(.stop, ["reason": "replaced"])["result"] == "done")
        #expect(manager.exitCode() == 0)
        #expect(manager.lastCheckpoint?["reason"] == "reload")
    }

    @Test func whatIsStoppedMeanwhileStopsAsEver() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        #expect(try manager.ask(.handover)["result"] == "done")
        #expect(try manager.ask(.stop, ["reason": "asked for"])["result"] == "done")
        #expect(manager.exitCode() == 0)
        #expect(manager.lastCheckpoint?["reason"] == "stop")
    }

    @Test func theEndOfTheManagerEndsTheReload() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), orphanLease: 2)
        try publish(manager, 1...2)
        #expect(try signals(manager, 2) == [1, 2])
        #expect(try manager.ask(.handover)["result"] == "done")
        manager.leave()
        try manager.comeBack()
        try manager.welcome(manager.nextIntroduction())
        _ = try manager.nextHeartbeat { $0["status"] == "running" }
    }

    @Test func aStateThatCannotBeSavedIsNotHandedOver() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), params: ["mode": "grow"])
        try publish(manager, 1...1)
        #expect(try signals(manager, 1) == [1])
        let answer = try manager.ask(.handover)
        #expect(answer["result"] == "refused")
        #expect(answer["reason"]?.stringValue?.contains("16 MiB") == true)
        _ = try manager.nextHeartbeat { $0["status"] == "running" }
    }

    // MARK: The new process

    /// Brings a worker to where it waits to take over.
    private func hold(_ manager: ManagerEnd, as next: String, _ more: [String: JSONValue]) throws -> JSONValue {
        _ = try manager.welcome(orphanLease: 2)
        let id = try manager.start(CompiledStrategy.keeper.get(), more: more.merging(["held": .string(next)]) { $1 })
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker(at: 7)
        return try manager.answer(to: id)
    }

    private static let checkpoint: JSONValue = [
        "ordinal": 9, "positions": ["market.BTC.kline": 5],
        "state": ["count": 5, "sum": 15.0, "gaps": [], "padding": ""],
        "strategy": "Keeper",
    ]

    @Test func theNewProcessGoesOnBehindTheOld() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...7 { try manager.publishBar(sequence, close: Double(sequence), isDelivered: false) }
        let answer = try hold(manager, as: "running", ["checkpoint": Self.checkpoint])
        #expect(answer["result"] == "done")
        #expect(answer["strategy_name"] == "Keeper")
        #expect(answer["defaults"] == ["mode": "normal", "padding": 0])
        try publish(manager, 8...8)
        let beat = try manager.nextHeartbeat { $0["status"] == "reloading" }.payload
        #expect(beat["messages_processed"] == 0)
        #expect(try manager.ask(.resume)["result"] == "done")
        let first = try manager.nextSignal()
        #expect(first.payload["sequence"] == 6)
        #expect(first.payload["data"]?["count"] == 6)
        #expect(first.sequence == 1)
        #expect(try signals(manager, 2) == [7, 8])
    }

    @Test func withoutAStateItGoesOnBehindThePositions() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...7 { try manager.publishBar(sequence, isDelivered: false) }
        #expect(try hold(manager, as: "running", ["positions": ["market.BTC.kline": 6]])["result"] == "done")
        #expect(try manager.ask(.resume)["result"] == "done")
        #expect(try signals(manager, 1) == [7])
        // Its first state is saved once it runs.
        #expect(try manager.nextCheckpoint()["reason"] == "start")
    }

    @Test func whatWasPausedIsPaused() throws {
        let manager = try ManagerEnd()
        #expect(try hold(manager, as: "paused", ["checkpoint": Self.checkpoint])["result"] == "done")
        #expect(try manager.ask(.pause)["result"] == "done")
        _ = try manager.nextHeartbeat { $0["status"] == "paused" }
    }

    @Test func aManagerThatHasTakenItOverLetsItRun() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...7 { try manager.publishBar(sequence, isDelivered: false) }
        #expect(try hold(manager, as: "running", ["checkpoint": Self.checkpoint])["result"] == "done")
        manager.leave()
        try manager.comeBack()
        try manager.welcome(manager.nextIntroduction())
        #expect(try signals(manager, 2) == [6, 7])
    }

    @Test func whatDoesNotTakeOverEndsWithoutAWord() throws {
        let manager = try ManagerEnd()
        #expect(try hold(manager, as: "running", ["checkpoint": Self.checkpoint])["result"] == "done")
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
        #expect(manager.checkpoints.isEmpty)
    }

    // MARK: On trial

    @Test func aTrialGetsLiveDataAndEndsAfterSoManyMessages() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...7 { try manager.publishBar(sequence, close: Double(sequence), isDelivered: false) }
        _ = try manager.welcome()
        let id = try manager.start(
            CompiledStrategy.keeper.get(),
            more: [
                "checkpoint": Self.checkpoint,
                "sandbox": ["worker_id": "sma-btc", "live": ["messages": 4, "seconds": 60.0]],
            ]
        )
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker(at: 7)
        #expect(try manager.answer(to: id)["result"] == "done")
        // Two come from the record, two are live.
        try publish(manager, 8...9)
        let ids = try (0..<4).map { _ in try manager.nextSignal().payload["signal_id"]?.stringValue }
        #expect(ids == (6...9).map { "sma-btc:BTC.kline:\($0):1" })
        let done = try manager.nextOnStatus { $0.type == .statusUpdate }
        #expect(done.payload["status"] == "sandbox_done")
        #expect(done.payload["handled"] == 4)
        #expect(manager.exitCode() == 0)
        #expect(manager.checkpoints.isEmpty)
    }

    @Test func aTrialEndsAfterSoLong() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(
            CompiledStrategy.keeper.get(),
            more: ["sandbox": ["live": ["messages": 1_000_000, "seconds": 0.05]]]
        )
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker()
        #expect(try manager.answer(to: id)["result"] == "done")
        _ = try manager.nextOnStatus { $0.payload["status"] == "sandbox_done" }
        #expect(manager.exitCode() == 0)
    }

    // MARK: Parameters

    @Test func aChangeOfParametersIsSavedWithTheState() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        try publish(manager, 1...3)
        #expect(try signals(manager, 3) == [1, 2, 3])
        let answer = try manager.ask(.updateParams, ["params": ["padding": 4]])
        #expect(answer["result"] == "done")
        #expect(answer["params"] == ["mode": "normal", "padding": 4])
        #expect(manager.lastCheckpoint?["reason"] == "params")
        #expect(manager.lastCheckpoint?["positions"] == ["market.BTC.kline": 3])
        let refused = try manager.ask(.updateParams, ["params": ["pading": 5]])
        #expect(refused["result"] == "refused")
        #expect(refused["reason"]?.stringValue?.contains("did you mean 'padding'?") == true)
    }
}
