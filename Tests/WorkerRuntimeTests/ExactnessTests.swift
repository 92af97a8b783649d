import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The real worker, losing nothing: gaps, delivery modes, history, warming up.
@Suite(.timeLimit(.minutes(2)))
struct ExactnessTests {
    private func bars(_ manager: ManagerEnd, _ count: Int) throws -> [Message] {
        try (0..<count).map { _ in try manager.nextSignal() }
    }

    @Test func aGapIsFilledFromTheRecordInOrder() throws {
        let manager = try ManagerEnd()
        manager.record.limit = 2
        try manager.run(CompiledStrategy.keeper.get())
        for sequence in 1...9 {
            try manager.publishBar(UInt64(sequence), isDelivered: ![3, 4, 5, 6, 7].contains(sequence))
        }
        let signals = try bars(manager, 9)
        #expect(signals.map { $0.payload["sequence"]?.integerValue } == Array(1...9))
        #expect(signals.map(\.sequence) == Array(1...9))
        #expect(signals.map { $0.payload["data"]?["replaying"] == true } == (1...9).map { 3...7 ~= $0 })
        #expect(signals.allSatisfy { $0.payload["data"]?["replayed"] == false })
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 9 && $0["mode"] == "live" }.payload
        #expect(heartbeat["messages_replayed"] == 5)
        #expect(heartbeat["messages_missed"] == 0)
        #expect(heartbeat["positions"] == ["market.BTC.kline": 9])
        #expect(heartbeat["handled_receive_ns"] == 1)
        #expect(manager.record.requests.map { $0.map(\.from) } == [[3], [5], [7]])
    }

    /// Each callback takes so long that the worker looks elsewhere after it: behind the last message of an answer, too.
    @Test(arguments: [nil, 64 << 10]) func aSlowStrategyGetsAllThatIsMissing(ringBytes: Int?) throws {
        let manager = try ManagerEnd(ringBytes: ringBytes)
        manager.record.limit = 2
        try manager.run(CompiledStrategy.keeper.get(), params: ["mode": "slow"])
        for sequence in 1...8 { try manager.publishBar(UInt64(sequence), isDelivered: !(2...6 ~= sequence)) }
        #expect(try bars(manager, 8).map { $0.payload["sequence"]?.integerValue } == Array(1...8))
    }

    @Test func whatCannotBeRecoveredReachesTheStrategyAndTheManager() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get())
        for sequence in 1...6 {
            let isThere = ![3, 4].contains(sequence)
            try manager.publishBar(UInt64(sequence), isDelivered: isThere, isRecorded: isThere)
        }
        var messages: [Message] = []
        while messages.filter({ $0.type == .signal }).count < 6 { messages.append(try manager.nextOnStatus()) }
        let signals = messages.filter { $0.type == .signal }.map(\.payload)
        #expect(signals.map { $0["name"] } == ["bar", "bar", "gap", "gap", "bar", "bar"])
        #expect(signals[3]["data"] == ["from": 4, "to": 4, "reason": "not recorded"])
        // Named after what is missing, and so the same if it is found missing again.
        #expect(signals[3]["signal_id"] == "w:BTC.kline:4:1")
        let gaps = messages.filter { $0.type == .gap }
        #expect(
            gaps.map(\.payload) == [
                ["topic": "market.BTC.kline", "from": 3, "to": 3, "reason": "not recorded"],
                ["topic": "market.BTC.kline", "from": 4, "to": 4, "reason": "not recorded"],
            ]
        )
        #expect(gaps.allSatisfy { $0.generation == 3 && $0.workerID == "w" })
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 4 }.payload
        #expect(heartbeat["messages_lost"] == 2)
        #expect(heartbeat["messages_missed"] == 2)
        #expect(manager.logText.contains("lost 1 messages of market.BTC.kline, sequences 4 to 4: not recorded"))
    }

    @Test func aRefusalIsNoLoss() throws {
        let manager = try ManagerEnd()
        manager.record.refusal = "the disk is full"
        try manager.run(CompiledStrategy.keeper.get(), orphanLease: 10)
        try manager.publishBar(1)
        try manager.publishBar(2, isDelivered: false)
        try manager.publishBar(3)
        #expect(
            try manager.nextOnStatus { $0.type == .log }.payload["message"]
                == "recorded data cannot be had now: the disk is full"
        )
        manager.record.refusal = nil
        manager.leave()
        try manager.comeBack()
        try manager.welcome(try manager.nextIntroduction(), orphanLease: 10)
        #expect(try bars(manager, 2).map { $0.payload["sequence"]?.integerValue } == [2, 3])
    }

    @Test func underAManagerWithoutARecordMessagesAreLost() throws {
        let manager = try ManagerEnd(environment: ["QUANTCELL_HISTORY": ""])
        try manager.run(CompiledStrategy.keeper.get())
        for sequence: UInt64 in [1, 4, 9] { try manager.publishBar(sequence) }
        let signals = try bars(manager, 5).map(\.payload)
        #expect(signals.map { $0["sequence"]?.integerValue } == [1, 3, 4, 8, 9])
        #expect(signals[1]["data"]?["reason"] == "the manager keeps no record")
    }

    @Test func anAnswerThatDiedWithItsManagerIsAskedForAgain() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), orphanLease: 10)
        manager.historyAnswers = 0
        try manager.publishBar(1)
        try manager.publishBar(2, isDelivered: false)
        try manager.publishBar(3)
        #expect(try manager.nextSignal().payload["sequence"] == 1)
        _ = try manager.nextHeartbeat { $0["mode"] == "catching_up" }
        manager.leave()
        try manager.comeBack()
        manager.historyAnswers = .max
        try manager.welcome(try manager.nextIntroduction(), orphanLease: 10)
        let signals = try bars(manager, 2)
        #expect(signals.map { $0.payload["sequence"]?.integerValue } == [2, 3])
    }

    @Test func commandsAreCarriedOutWhileTheRecordIsHandled() throws {
        let manager = try ManagerEnd()
        manager.record.limit = 500
        manager.historyAnswers = 2
        try manager.run(CompiledStrategy.keeper.get())
        for sequence in 1...3000 { try manager.publishBar(UInt64(sequence), isDelivered: false) }
        try manager.publishBar(3001)
        _ = try manager.nextHeartbeat { $0["messages_processed"] == 1000 }
        #expect(try manager.ask(.pause)["result"] == "done")
        let paused = try manager.nextHeartbeat { $0["status"] == "paused" }.payload
        #expect(paused["mode"] == "catching_up")
        #expect(try manager.ask(.resume)["result"] == "done")
        manager.historyAnswers = .max
        let live = try manager.nextHeartbeat { $0["mode"] == "live" && $0["messages_processed"] == 3001 }.payload
        #expect(live["messages_missed"] == 0)
        #expect(live["positions"] == ["market.BTC.kline": 3001])
    }

    @Test func whatABrokenStrategyLeavesUnhandledIsNotLost() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "throw"])
        for sequence: UInt64 in 1...9 { try manager.publishBar(sequence, isDelivered: sequence == 1 || sequence == 9) }
        let heartbeat = try manager.nextHeartbeat { $0["status"] == "error" && $0["mode"] == "live" }.payload
        #expect(heartbeat["positions"] == ["market.BTC.kline": 3])
        #expect(heartbeat["messages_lost"] == 0)
        #expect(try manager.ask(.stop)["result"] == "done")
    }

    // MARK: Delivery modes

    @Test func droppingCountsAndAsksNobody() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), more: ["delivery": "drop"])
        for sequence: UInt64 in [1, 2, 5, 9] { try manager.publishBar(sequence) }
        #expect(try bars(manager, 4).map { $0.payload["sequence"]?.integerValue } == [1, 2, 5, 9])
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 4 }.payload
        #expect(heartbeat["messages_dropped"] == 5)
        #expect(heartbeat["messages_missed"] == 5)
        #expect(manager.record.requests.isEmpty)
    }

    @Test func conflatingKeepsTheLatestOfEachTopic() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.keeper.get(), more: ["delivery": "conflate", "symbols": ["BTC", "ETH"]])
        #expect(try manager.ask(.pause)["result"] == "done")
        for sequence: UInt64 in 1...100 {
            try manager.publishBar(sequence)
            if sequence <= 50 { try manager.publishBar(sequence, topic: "market.ETH.kline") }
        }
        try manager.publishBar(101)
        #expect(try manager.ask(.resume)["result"] == "done")
        // How much has reached the worker by then is up to the machine; the last of each arrives at last, nothing goes back, and
        // what is left out is counted.
        var last: [String: Int64] = [:]
        while last != ["BTC": 101, "ETH": 50] {
            let payload = try manager.nextSignal().payload
            let symbol = try #require(payload["symbol"]?.stringValue)
            let sequence = try #require(payload["sequence"]?.integerValue)
            #expect(sequence > last[symbol] ?? 0)
            last[symbol] = sequence
        }
        let heartbeat = try manager.nextHeartbeat {
            $0["positions"] == ["market.BTC.kline": 101, "market.ETH.kline": 50]
        }.payload
        let handled = try #require(heartbeat["messages_processed"]?.integerValue)
        #expect(heartbeat["messages_conflated"]?.integerValue == 151 - handled)
        #expect(handled < 151)
        #expect(manager.record.requests.isEmpty)
    }

    // MARK: History

    @Test func historyEndsWithWhatIsBeingHandled() throws {
        let manager = try ManagerEnd()
        manager.record.limit = 3
        for sequence: UInt64 in 1...4 { try manager.publishBar(sequence, isDelivered: false) }
        try manager.run(CompiledStrategy.keeper.get(), params: ["mode": "history"], marker: 4)
        for sequence: UInt64 in 5...7 { try manager.publishBar(sequence) }
        let history = try bars(manager, 3).map { $0.payload["data"]?["history"] }
        #expect(history == ["1r 2r 3r 4r 5r", "2r 3r 4r 5r 6r", "3r 4r 5r 6r 7r"])
    }

    @Test func betweenHistoryAtTheStartAndLiveDataThereIsNoHole() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...5 { try manager.publishBar(sequence, isDelivered: false) }
        _ = try manager.welcome()
        let id = try manager.start(CompiledStrategy.keeper.get(), params: ["mode": "seed"])
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker(at: 7) {
            for sequence: UInt64 in 6...7 { try manager.publishBar(sequence, isDelivered: false) }
        }
        #expect(try manager.answer(to: id)["result"] == "done")
        try manager.publishBar(8)
        let signals = try bars(manager, 3).map(\.payload)
        #expect(signals.map { $0["sequence"]?.integerValue } == [6, 7, 8])
        #expect(signals.last?["data"]?["count"] == 6)
    }

    @Test func aSandboxCannotLookBeyondItsBeginning() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...9 { try manager.publishBar(sequence, isDelivered: false) }
        _ = try manager.welcome()
        let range: JSONValue = ["topic": "market.BTC.kline", "from": 3, "to": 4]
        let more: [String: JSONValue] = ["sandbox": ["worker_id": "x", "ranges": [range]]]
        _ = try manager.start(CompiledStrategy.keeper.get(), params: ["mode": "seed"], more: more)
        // Two bars came before it, though three were asked for.
        #expect(try bars(manager, 2).map { $0.payload["data"]?["count"] } == [3, 4])
        #expect(manager.exitCode() == 0)
    }

    @Test func warmingUpComesBeforeTheFirstLiveMessage() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...30 { try manager.publishBar(sequence, close: Double(sequence), isDelivered: false) }
        try manager.run(CompiledStrategy.keeper.get(), marker: 30, more: ["warmup": 10])
        // The state that is saved first is that of a strategy which is warm.
        let checkpoint = try manager.nextCheckpoint()
        #expect(checkpoint["reason"] == "start")
        #expect(checkpoint["positions"] == ["market.BTC.kline": 30])
        #expect(checkpoint["state"]?["count"] == 10)
        #expect(checkpoint["state"]?["sum"] == 255.0)
        try manager.publishBar(31, close: 31)
        let signal = try manager.nextSignal()
        #expect(signal.sequence == 1)
        #expect(signal.payload["signal_id"] == "w:BTC.kline:31:1")
        #expect(signal.payload["data"]?["count"] == 11)
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 11 }.payload
        #expect(heartbeat["signals_suppressed"] == 10)
        #expect(heartbeat["signals_emitted"] == 1)
        #expect(heartbeat["messages_lost"] == 0)
        #expect(manager.record.requests == [[ReplayRange(topic: "market.BTC.kline", from: 21, to: 30)]])
    }

    @Test func warmingUpTakesWhatThereIs() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 3...5 { try manager.publishBar(sequence, isDelivered: false) }
        try manager.run(CompiledStrategy.keeper.get(), marker: 5, more: ["warmup": 1000])
        let checkpoint = try manager.nextCheckpoint()
        #expect(checkpoint["state"]?["count"] == 3)
        // What was pruned before the strategy was ever started is no loss of its own.
        #expect(checkpoint["state"]?["gaps"] == [])
    }

    // MARK: On trial

    @Test func aSandboxGivesTheSameSignalsAndEnds() throws {
        let manager = try ManagerEnd()
        for sequence: UInt64 in 1...50 { try manager.publishBar(sequence, close: Double(sequence), isDelivered: false) }
        _ = try manager.welcome()
        let range: JSONValue = ["topic": "market.BTC.kline", "from": 11, "to": 40]
        let id = try manager.start(
            CompiledStrategy.keeper.get(),
            more: ["sandbox": ["worker_id": "sma-btc", "ranges": [range]]]
        )
        #expect(try manager.answer(to: id)["result"] == "accepted")
        #expect(try manager.answer(to: id)["result"] == "done")
        let signals = try bars(manager, 30).map(\.payload)
        #expect(signals.map { $0["signal_id"]?.stringValue } == (11...40).map { "sma-btc:BTC.kline:\($0):1" })
        #expect(signals.last?["data"]?["sum"] == .number(Double((11...40).reduce(0, +))))
        let done = try manager.nextOnStatus()
        #expect(done.payload == ["status": "sandbox_done", "handled": 30, "signals": 30])
        #expect(manager.exitCode() == 0)
        #expect(manager.checkpoints.isEmpty)
    }

    @Test func aSandboxOnATopicThatTheStrategyDoesNotWantIsRefused() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let range: JSONValue = ["topic": "market.XRP.kline", "from": 1, "to": 4]
        let id = try manager.start(CompiledStrategy.keeper.get(), more: ["sandbox": ["ranges": [range]]])
        #expect(try manager.answer(to: id)["result"] == "accepted")
        #expect(try manager.answer(to: id)["reason"] == "the strategy does not subscribe to market.XRP.kline")
        #expect(manager.exitCode() == 78)
    }
}
