import Foundation
import Testing
import WireProtocol

/// The real worker on a ring.
@Suite(.timeLimit(.minutes(2)))
struct RingWorkerTests {
    private func sequences(_ manager: ManagerEnd, _ count: Int) throws -> [Int64?] {
        try (0..<count).map { _ in try manager.nextSignal().payload["sequence"]?.integerValue }
    }

    private func heartbeat(_ manager: ManagerEnd, lane: String) throws -> JSONValue {
        try manager.nextHeartbeat { $0["lane"]?.stringValue == lane }.payload
    }

    @Test func dataComesByTheRingAndGapsFromTheRecord() throws {
        let manager = try ManagerEnd(ringBytes: 64 << 10)
        try manager.run(CompiledStrategy.keeper.get())
        for sequence in 1...9 { try manager.publishBar(UInt64(sequence), isDelivered: !(3...7 ~= sequence)) }
        #expect(try sequences(manager, 9) == Array(1...9))
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 9 && $0["mode"] == "live" }.payload
        #expect(heartbeat["lane"] == "shm")
        #expect(heartbeat["messages_replayed"] == 5)
        #expect(heartbeat["messages_missed"] == 0)
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
    }

    /// It is written over what a paused worker has not read: all of it, so that nothing but the marker shows what is missing.
    @Test func whatWasWrittenOverComesFromTheRecord() throws {
        let manager = try ManagerEnd(ringBytes: 64 << 10)
        try manager.run(CompiledStrategy.keeper.get())
        try manager.publishBar(1)
        #expect(try sequences(manager, 1) == [1])
        #expect(try manager.ask(.pause)["result"] == "done")
        for sequence in 2...20 { try manager.publishBar(UInt64(sequence)) }
        // Data of others fills the ring.
        for sequence in 1...1000 {
            try manager.publishBar(UInt64(sequence), topic: "market.ETH.kline", isRecorded: false)
        }
        #expect(try manager.ask(.resume)["result"] == "done")
        _ = try manager.sendMarker(at: 20)
        #expect(try sequences(manager, 19) == Array(2...20))
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 20 && $0["mode"] == "live" }.payload
        #expect(heartbeat["overruns"] == 1)
        #expect(heartbeat["messages_missed"] == 0)
        #expect(heartbeat["messages_unrequested"] == 0)
    }

    @Test(arguments: ["drop", "conflate"]) func whoWantsNoRecordIsToldHowMuchItMissed(_ delivery: String) throws {
        let manager = try ManagerEnd(ringBytes: 64 << 10)
        try manager.run(CompiledStrategy.keeper.get(), more: ["delivery": .string(delivery)])
        try manager.publishBar(1)
        #expect(try sequences(manager, 1) == [1])
        #expect(try manager.ask(.pause)["result"] == "done")
        for sequence in 2...20 { try manager.publishBar(UInt64(sequence)) }
        for sequence in 1...1000 { try manager.publishBar(UInt64(sequence), topic: "market.ETH.kline") }
        #expect(try manager.ask(.resume)["result"] == "done")
        _ = try manager.sendMarker(at: 20)
        let name = delivery == "drop" ? "messages_dropped" : "messages_conflated"
        let heartbeat = try manager.nextHeartbeat { $0[name] == 19 }.payload
        #expect(heartbeat["messages_processed"] == 1)
        try manager.publishBar(21)
        #expect(try sequences(manager, 1) == [21])
    }

    /// What is left in the old ring comes first, then the new one from its beginning.
    @Test func aLaterManagersRingIsFound() throws {
        let manager = try ManagerEnd(ringBytes: 64 << 10)
        try manager.run(CompiledStrategy.keeper.get())
        try manager.offerRing()
        #expect(try manager.ask(.pause)["result"] == "done")
        for sequence in 1...5 { try manager.publishBar(UInt64(sequence)) }
        manager.leave()
        try manager.comeBack()
        for sequence in 6...8 { try manager.publishBar(UInt64(sequence)) }
        try manager.offerRing()
        _ = try manager.sendMarker(at: 8)
        let resume = Message(.resume, workerID: "w", generation: 3)
        try manager.send(resume)
        #expect(try sequences(manager, 8) == Array(1...8))
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 8 }.payload
        #expect(heartbeat["lane"] == "shm")
        #expect(heartbeat["messages_replayed"] == 0)
        #expect(heartbeat["messages_repeated"] == 0)
    }

    @Test func underALaterManagerWithoutARingItGoesOnOverZeroMQ() throws {
        let manager = try ManagerEnd(ringBytes: 64 << 10)
        try manager.run(CompiledStrategy.keeper.get())
        try manager.offerRing()
        for sequence in 1...5 { try manager.publishBar(UInt64(sequence)) }
        #expect(try sequences(manager, 5) == Array(1...5))
        manager.leave()
        try manager.comeBack(hasRing: false)
        // Before the worker has come: only the marker shows them.
        for sequence in 6...7 { try manager.publishBar(UInt64(sequence)) }
        try manager.offerRing()
        _ = try manager.sendMarker(at: 7)
        #expect(try sequences(manager, 2) == [6, 7])
        try manager.publishBar(8)
        #expect(try sequences(manager, 1) == [8])
        #expect(try heartbeat(manager, lane: "zmq")["messages_missed"] == 0)
    }

    @Test func withoutTheRingThatIsOfferedDataComesOverZeroMQ() throws {
        let manager = try ManagerEnd()
        let hello = try manager.nextOnControl()
        let offer: JSONValue = ["path": "/proc/1/fd/9999", "wake_path": "/proc/1/fd/9999", "id": "x"]
        try manager.send(Message(.welcome, payload: ["manager": "m", "ring": offer], replyTo: hello.messageID))
        let id = try manager.start(CompiledStrategy.keeper.get())
        #expect(try manager.answer(to: id)["result"] == "accepted")
        _ = try manager.sendMarker()
        #expect(try manager.answer(to: id)["result"] == "done")
        try manager.publishBar(1)
        #expect(try sequences(manager, 1) == [1])
        #expect(manager.logText.contains("market data comes over ZeroMQ: cannot open /proc/1/fd/9999"))
    }

    @Test func whereTheRingIsRequiredThereIsNoStartWithoutIt() throws {
        let manager = try ManagerEnd()
        let hello = try manager.nextOnControl()
        let offer: JSONValue = ["path": "/nowhere", "wake_path": "/nowhere", "id": "x", "required": true]
        try manager.send(Message(.welcome, payload: ["manager": "m", "ring": offer], replyTo: hello.messageID))
        let id = try manager.start(CompiledStrategy.keeper.get())
        #expect(try manager.answer(to: id)["result"] == "accepted")
        let answer = try manager.answer(to: id)
        #expect(answer["result"] == "refused")
        #expect(answer["reason"]?.stringValue?.contains("which 'data_lane: shm' asks for") == true)
    }
}
