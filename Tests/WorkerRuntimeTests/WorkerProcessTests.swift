import Foundation
import Testing
import WireProtocol

@testable import WorkerRuntime

/// The real worker, from its first message to its exit code.
@Suite(.timeLimit(.minutes(2)))
struct WorkerProcessTests {
    @Test func aWholeLife() throws {
        let manager = try ManagerEnd()
        let hello = try manager.welcome()
        #expect(hello.type == .hello)
        #expect(hello.workerID == manager.identity)
        #expect(hello.generation == 0)
        #expect(hello.payload["token"] == "secret")
        #expect(hello.payload["identity"] == .string(manager.identity))
        #expect(hello.payload["protocol"] == 1)
        #expect(hello.payload["runtime"] == "swift")
        #expect(hello.payload["pid"] == .integer(Int64(manager.process.processIdentifier)))
        #expect(try manager.nextHeartbeat { $0["status"] == "initialized" }.workerID == manager.identity)

        let id = try manager.start(CompiledStrategy.probe.get(), params: ["level": 2])
        #expect(try manager.answer(to: id)["result"] == "accepted")
        try manager.awaitSubscription("market.BTC.kline")
        // Published before the marker, and so before the worker has joined: not for it.
        try manager.publishBar(41)
        #expect(try manager.sendMarker(at: 41) == ["market.BTC.kline"])
        let done = try manager.answer(to: id)
        #expect(done["result"] == "done")
        #expect(done["strategy_name"] == "Probe")
        #expect(done["params"] == ["mode": "normal", "level": 2.0])
        let running = try manager.nextOnStatus()
        #expect(running.type == .statusUpdate)
        #expect(running.workerID == "w")
        #expect(running.generation == 3)

        try manager.publishBar(42)
        try manager.publishBar(42)
        try manager.publishBar(43, topic: "market.BTC.kline_1m")
        let json =
            #"{"msg_type":"market_data","seq":43,"ts_ns":5,"payload":{"symbol":"BTC","data_type":"kline","data":{"open":1,"#
            + #""high":2,"low":1,"close":7.5,"volume":3,"timestamp":0.5}}}"#
        try manager.publish("market.BTC.kline", Array(json.utf8))
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:BTC.kline:42:1")
        let second = try manager.nextOnStatus().payload
        #expect(second["signal_id"] == "w:BTC.kline:43:1")
        #expect(second["price"] == 7.5)
        #expect(second["event_time"] == 500_000_000)

        #expect(try manager.ask(.pause, id: "pause-1")["result"] == "done")
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:onPause:3:1")
        #expect(try manager.nextHeartbeat { $0["status"] == "paused" }.generation == 3)
        try manager.publishBar(44)
        // Carried out once, answered twice; a second pause would be refused.
        #expect(try manager.ask(.pause, id: "pause-1")["result"] == "done")
        #expect(try manager.ask(.pause)["result"] == "refused")
        #expect(try manager.ask(.resume)["result"] == "done")
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:onResume:3:2")
        #expect(try manager.nextOnStatus().payload["signal_id"] == "w:BTC.kline:44:1")
        let heartbeat = try manager.nextHeartbeat { $0["messages_processed"] == 3 }.payload
        #expect(heartbeat["last_topic"] == "market.BTC.kline")
        #expect(heartbeat["last_sequence"] == 44)
        #expect(heartbeat["messages_repeated"] == 1)
        #expect(heartbeat["messages_unrequested"] == 1)
        #expect(heartbeat["messages_missed"] == 0)
        #expect(heartbeat["handled_total"] == 44)
        #expect(try #require(heartbeat["cpu_seconds"]?.doubleValue) > 0)
        let privateBytes = try #require(heartbeat["private_bytes"]?.integerValue)
        #expect(privateBytes > 0)
        #expect(try #require(heartbeat["rss_bytes"]?.integerValue) > privateBytes)
        #expect(try manager.procFile("comm") == "qc:w\n")
        #expect(try manager.procFile("status").contains("NoNewPrivs:\t1\n"))

        #expect(try manager.ask(.stop, ["reason": "a test"])["result"] == "done")
        #expect(try manager.nextOnStatus().payload["name"] == "goodbye")
        #expect(manager.exitCode() == 0)
        let log = try String(contentsOfFile: manager.logPath, encoding: .utf8)
        #expect(log.hasPrefix("printed by the strategy\n"))
        #expect(log.contains(" INFO  w: stopping: a test\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: manager.logPath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func sigtermStopsAndSigintDoesNot() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get())
        kill(manager.process.processIdentifier, SIGINT)
        #expect(try manager.ask(.pause)["result"] == "done")
        #expect(try manager.nextOnStatus().payload["name"] == "pause")
        kill(manager.process.processIdentifier, SIGTERM)
        #expect(try manager.nextOnStatus().payload["name"] == "goodbye")
        #expect(manager.exitCode() == 0)
    }

    @Test func signalsThatNobodyTakesAreWaitedForUntilSigterm() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get())
        // More than the outbox holds; nothing of it gets to the disk.
        manager.acknowledges = false
        for sequence in 1...11_000 { try manager.publishBar(UInt64(sequence)) }
        try manager.awaitLogLine("the manager takes no messages; waiting for it")
        kill(manager.process.processIdentifier, SIGTERM)
        #expect(manager.exitCode() == 0)
        let log = try String(contentsOfFile: manager.logPath, encoding: .utf8)
        #expect(log.contains("told to stop, dropped a message that nobody takes: "))
    }

    @Test func aSpareStops() throws {
        let manager = try ManagerEnd()
        let hello = try manager.nextOnControl()
        // What a manager says to a hello that does not match, without a welcome.
        try manager.send(Message(.stop, payload: ["reason": "wrong token"], messageID: "no", replyTo: hello.messageID))
        #expect(try manager.answer(to: "no")["result"] == "done")
        #expect(manager.exitCode() == 0)
    }

    private static let badStarts: [(params: JSONValue, dataTypes: JSONValue, reason: String)] = [
        (["lvel": 1], ["kline"], "did you mean 'level'?"),
        (["level": "high"], ["kline"], "parameter 'level' must be a number"),
        (["mode": "refuse"], ["kline"], "onStart threw: not today"),
        ([:], ["funding"], "'funding'"),
        ([:], ["kline", 1], "'data_types' must be a list of names"),
    ]

    @Test(arguments: badStarts)
    func aBadStartIsRefused(_ params: JSONValue, _ dataTypes: JSONValue, _ reason: String) throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(CompiledStrategy.probe.get(), params: params, dataTypes: dataTypes)
        try expectRefusal(manager, id, reason)
    }

    @Test func whatIsNoStrategyIsRefused() throws {
        for (path, reason) in [
            ("/nonexistent.so", "cannot load the strategy: /nonexistent.so"),
            (try CompiledStrategy.noStrategy.get(), "holds no strategy"),
        ] {
            let manager = try ManagerEnd()
            _ = try manager.welcome()
            try expectRefusal(manager, try manager.start(path), reason)
        }
    }

    private func expectRefusal(_ manager: ManagerEnd, _ id: String, _ reason: String) throws {
        var answer = try manager.answer(to: id)
        if answer["result"] == "accepted" { answer = try manager.answer(to: id) }
        #expect(answer["result"] == "refused")
        #expect(answer["reason"]?.stringValue?.contains(reason) == true, "\(answer)")
        #expect(manager.exitCode() == 78)
    }

    @Test func aHeartBeatsOnWhileACallbackDoesNotReturn() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "stuck"], heartbeatInterval: 0.02)
        try manager.publishBar(1)
        let first =
            try manager.nextHeartbeat { $0["callback"] == "onBar" }.payload["callback_seconds"]?.doubleValue ?? -1
        let later = try manager.nextHeartbeat { ($0["callback_seconds"]?.doubleValue ?? 0) > first + 0.1 }
        #expect(later.payload["status"] == "running")
        #expect(later.payload["last_sequence"] == 1)
    }

    @Test func aSpentErrorBudgetIsReportedAndTheWorkerWaits() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "throw"])
        for sequence in 1...4 { try manager.publishBar(UInt64(sequence)) }
        var errors: [JSONValue] = []
        while errors.last?["fatal"] != true {
            let message = try manager.nextOnStatus()
            if message.type == .error { errors.append(message.payload) }
        }
        #expect(errors.map { $0["fatal"] } == [false, false, true])
        #expect(errors.last?["message"]?.stringValue?.hasSuffix("onBar threw: bar 3 is bad") == true)
        #expect(try manager.nextHeartbeat { $0["status"] == "error" }.generation == 3)
        let refusal = try manager.ask(.pause)
        #expect(refusal["result"] == "refused")
        #expect(refusal["reason"] == "cannot pause: the error budget is spent")
        #expect(try manager.ask(.stop)["result"] == "done")
        #expect(manager.exitCode() == 0)
    }

    @Test func parametersChangeWhileRunning() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get())
        let done = try manager.ask(.updateParams, ["params": ["level": 9]])
        #expect(done["params"] == ["mode": "normal", "level": 9.0])
        #expect(try manager.nextOnStatus().payload["data"] == ["from": 1.5, "to": 9.0])
        #expect(try manager.ask(.updateParams, ["params": ["nothing": 9]])["result"] == "refused")
        #expect(try manager.ask(.stop)["result"] == "done")
    }

    @Test func aTimerRunsAndItsSignalSaysSo() throws {
        let manager = try ManagerEnd()
        try manager.run(CompiledStrategy.probe.get(), params: ["mode": "timer"])
        let signal = try manager.nextOnStatus().payload
        #expect(signal["signal_id"] == "w:onTimer:3:1")
        #expect(signal["name"] == "tick-tock")
        #expect(signal["sequence"] == .null)
    }

    @Test func garbageOnControlChangesNothing() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        try manager.send([0xFF, 0x00, 0x7B])
        try manager.send([])
        try manager.send(Array(#"{"msg_type": 5}"#.utf8))
        try manager.send(Array(#"{"msg_type": "dance", "msg_id": "d"}"#.utf8))
        #expect(try manager.answer(to: "d")["result"] == "refused")
        #expect(try manager.ask(.list)["reason"] == "a worker cannot 'list'")
        #expect(try manager.ask(.pause)["reason"] == "cannot pause: no strategy has been started")
        #expect(try manager.ask(.start, id: "s")["reason"] == "'start' needs a strategy_path")
        #expect(manager.exitCode() == 78)
    }

    @Test func aStopWhileJoiningAnswersTheStartToo() throws {
        let manager = try ManagerEnd()
        _ = try manager.welcome()
        let id = try manager.start(CompiledStrategy.probe.get())
        #expect(try manager.answer(to: id)["result"] == "accepted")
        #expect(try manager.nextOnControl().type == .sync)
        try manager.send(Message(.stop, messageID: "stop"))
        #expect(try manager.answer(to: id)["reason"] == "stopped before it was running: asked for")
        #expect(try manager.answer(to: "stop")["result"] == "done")
        #expect(manager.exitCode() == 0)
    }

    @Test func withoutItsEnvironmentItSaysWhatIsMissing() throws {
        let process = Process()
        process.executableURL = CompiledStrategy.products.appending(path: "quantcell-worker")
        process.environment = [:]
        let pipe = Pipe()
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(text.hasPrefix("quantcell-worker: QUANTCELL_WORKER_ID is not set;"))
        #expect(text.split(separator: "\n").count == 1)
    }
}
