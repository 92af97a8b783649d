import Glibc
import Testing
import WireProtocol
import ZeroMQ

/// Garbage on any endpoint is counted, answered where there is somebody to answer, and changes nothing else.
@Suite struct BadInputTests {
    /// Runs a test beside a strategy that must not notice anything.
    private func withBystander(_ body: @Sendable (TestManager) throws -> Void) async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            try manager.publish([1])
            _ = try manager.untilSignals(of: "a", 1)
            let before = try manager.status("a")
            try body(manager)

            try manager.publish([2])
            _ = try manager.untilSignals(of: "a", 2)
            let after = try manager.status("a")
            for field in ["state", "pid", "generation", "restarts", "last_error"] {
                #expect(after[field] == before[field], "\(field)")
            }
            #expect(try manager.signals(of: "a").map { $0["sequence"] } == [1, 2])
            let states = try manager.entries(of: "a", kind: "transition").map { $0["to_state"] }
            #expect(states == ["initializing", "initialized", "starting", "running"])
        }
    }

    private func socket(_ type: SocketType, _ endpoint: String, _ manager: TestManager, identity: String? = nil) throws
        -> Socket
    {
        let socket = try Socket(Context(), type)
        if let identity { try socket.set(.routingID, identity) }
        try socket.set(.reconnectInterval, 10)
        try socket.set(.sendTimeout, 60_000)
        try socket.set(.receiveTimeout, 60_000)
        try socket.connect("ipc://\(manager.runtime)/\(endpoint).sock")
        return socket
    }

    /// The next message over a socket, as JSON.
    private func next(_ socket: borrowing Socket, _ what: String) throws -> JSONValue {
        let body = try #require(try socket.receive(wait: true)?.last, "\(what) did not come")
        return try JSONValue(parsing: String(decoding: body, as: UTF8.self))
    }

    private func refused(_ manager: TestManager) throws -> Int64 {
        try #require(try manager.ask(.ping)["refused_messages"]?.integerValue)
    }

    private func stale(_ manager: TestManager) throws -> Int64 {
        try #require(try manager.ask(.ping)["stale_messages"]?.integerValue)
    }

    // MARK: Admin

    @Test func adminAnswersEveryMessage() async throws {
        try await withBystander { manager in
            let before = try refused(manager)
            let client = try socket(.dealer, "admin", manager)
            let messages = Garbage.bodies.map { [$0] } + Garbage.frames
            for message in messages {
                try client.send(message, wait: true)
                let envelope = try next(
                    client,
                    "the answer to \(String(decoding: (message.first ?? []).prefix(100), as: UTF8.self))"
                )
                #expect(envelope["msg_type"] == "error")
                #expect(envelope["payload"]?["code"] == "INVALID_PARAMETERS")
                #expect(envelope["payload"]?["result"] == "refused")
                #expect(envelope["payload"]?["message"]?.stringValue?.isEmpty == false)
            }
            #expect(try refused(manager) == before + Int64(messages.count))
            let entries = try manager.until("a refusal in the journal") { () -> [JSONValue]? in
                let entries = try manager.entries(kind: "refused")
                return entries.isEmpty ? nil : entries
            }
            #expect(entries.allSatisfy { $0["cause"]?.stringValue?.hasPrefix("admin: ") == true })
        }
    }

    /// The code with which the manager refuses a request; `nil` where it does not.
    private func refusal(
        _ manager: TestManager,
        _ type: MessageType,
        _ worker: String? = nil,
        _ payload: JSONValue = [:]
    ) throws -> String? {
        do {
            let answer = try manager.ask(type, worker, payload)
            Issue.record("'\(type)' \(payload.text) was answered with \(answer.text)")
            return nil
        } catch let error as Refused {
            return error.code
        }
    }

    @Test func aRefusalNamesTheRequestWhereItCanBeRead() async throws {
        try await withBystander { manager in
            let client = try socket(.dealer, "admin", manager)
            for request in [#"{"msg_type":"dance","msg_id":"17"}"#, #"{"msg_id":"17","msg_type":"list","payload":[]}"#]
            {
                try client.send([Garbage.text(request)], wait: true)
                let answer = try next(client, "the answer to \(request)")
                #expect(answer["reply_to"] == "17")
            }
        }
    }

    @Test func adminRefusesWhatMakesNoSense() async throws {
        try await withBystander { manager in
            for type in [MessageType.status, .stop, .pause, .resume, .restart, .logs] {
                #expect(try refusal(manager, type, "nobody") == "WORKER_NOT_FOUND")
                #expect(try refusal(manager, type, String(repeating: "x", count: 100_000)) == "WORKER_NOT_FOUND")
                #expect(try refusal(manager, type) == "INVALID_PARAMETERS")
            }
            for type in [MessageType.hello, .heartbeat, .signal, .marketData, .ack] {
                #expect(try refusal(manager, type, "a") == "INVALID_PARAMETERS")
            }
            #expect(try refusal(manager, .stop, nil, ["all": "yes"]) == "INVALID_PARAMETERS")
            let path = JSONValue.string(manager.actor)
            #expect(try refusal(manager, .start) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .start, nil, ["path": 7]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .start, nil, ["path": path, "name": 7]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .start, nil, ["path": path, "symbols": "X"]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .start, nil, ["path": path, "symbols": [7]]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .start, nil, ["path": path, "params": []]) == "INVALID_PARAMETERS")
            for name in ["../up", "a b", ".hidden", String(repeating: "n", count: 65), "ä"] {
                #expect(
                    try refusal(manager, .start, nil, ["path": path, "name": .string(name)]) == "INVALID_WORKER_CONFIG",
                    "\(name)"
                )
            }
            for wrong in ["actor.swift", "/nowhere.swift", "/tmp", "/dev/null", "", "/tmp/\u{0}.swift"] {
                #expect(
                    try refusal(manager, .start, nil, ["path": .string(wrong)]) == "INVALID_WORKER_CONFIG",
                    "\(wrong)"
                )
            }
            for symbol in ["", "a b", "tab\t", String(repeating: "S", count: 65)] {
                #expect(
                    try refusal(manager, .start, nil, ["path": path, "symbols": [.string(symbol)]])
                        == "INVALID_WORKER_CONFIG",
                    "\(symbol)"
                )
            }
            #expect(try refusal(manager, .journal, nil, ["limit": "many"]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .journal, nil, ["after_seq": [1]]) == "INVALID_PARAMETERS")
            #expect(try refusal(manager, .signals, nil, ["limit": 0]) == "INVALID_PARAMETERS")
            let workers = try manager.ask(.list)["workers"]?.arrayValue
            #expect(workers?.map { $0["worker_id"] } == ["a"])
        }
    }

    @Test func aCommandThatComesTwiceIsCarriedOutOnce() async throws {
        try await withBystander { manager in
            let client = try socket(.dealer, "admin", manager)
            let request = Message(.start, payload: ["path": .string(manager.actor), "symbols": ["Y"]])
            try client.send([request.bytes], wait: true)
            try client.send([request.bytes], wait: true)
            var workers: [JSONValue?] = []
            while workers.count < 2 {
                let answer = try next(client, "an answer")
                #expect(answer["reply_to"] == .string(request.messageID))
                if answer["payload"]?["result"] == "done" { workers.append(answer["payload"]?["worker_id"]) }
            }
            #expect(workers == ["actor", "actor"])
            #expect(try manager.ask(.list)["workers"]?.arrayValue?.count == 2)
        }
    }

    // MARK: Workers' sockets

    @Test func controlAnswersAndNobodyCanPassForAWorker() async throws {
        try await withBystander { manager in
            let before = try refused(manager)
            let stranger = try socket(.dealer, "control", manager, identity: "stranger")
            let messages = Garbage.bodies.map { [$0] } + Garbage.frames
            for message in messages {
                try stranger.send(message, wait: true)
                let envelope = try next(
                    stranger,
                    "the answer to \(String(decoding: (message.first ?? []).prefix(100), as: UTF8.self))"
                )
                #expect(envelope["msg_type"] == "error")
            }
            #expect(try refused(manager) == before + Int64(messages.count))

            // A hello, a marker's request of somebody that was never started: only told to end. An answer gets none.
            let staleBefore = try stale(manager)
            let hello = Message(
                .hello,
                workerID: "a",
                payload: ["identity": "stranger", "token": "guessed", "pid": 1, "protocol": 1],
                generation: 1
            )
            try stranger.send([Message(.ack, workerID: "a", replyTo: "x").bytes], wait: true)
            for message in [hello, Message(.sync, workerID: "a", payload: ["topics": []])] {
                try stranger.send([message.bytes], wait: true)
                let answer = try next(stranger, "an answer")
                #expect(answer["msg_type"] == "stop")
            }
            #expect(try stale(manager) == staleBefore + 3)
        }
    }

    @Test func statusOfNobodyAndOfTheDeadIsDropped() async throws {
        try await withBystander { manager in
            let before = try refused(manager)
            let staleBefore = try stale(manager)
            let worker = try socket(.push, "status", manager)
            let garbage = Garbage.bodies.map { [$0] } + Garbage.frames
            for message in garbage { try worker.send(message, wait: true) }
            let wrong = [
                Message(.heartbeat), Message(.start, workerID: "a", generation: 1),
                Message(.hello, workerID: "a", generation: 1),
                Message(.signal, workerID: "a", generation: 1),
                Message(.signal, workerID: "a", payload: ["signal_id": 1, "name": "x"], generation: 1),
                Message(
                    .signal,
                    workerID: "a",
                    payload: ["signal_id": "s", "name": "x", "price": "dear"],
                    generation: 1
                ),
            ]
            for message in wrong { try worker.send([message.bytes], wait: true) }

            let fatal: JSONValue = ["message": "give up", "fatal": true]
            let signal: JSONValue = ["signal_id": "forged", "name": "buy-everything"]
            var dead: [Message] = []
            for (id, generation) in [("a", 0), ("a", 2), ("a", 1 << 62), ("nobody", 1)] as [(String, UInt64)] {
                dead.append(Message(.error, workerID: id, payload: fatal, generation: generation))
                dead.append(Message(.signal, workerID: id, payload: signal, generation: generation))
                dead.append(
                    Message(
                        .heartbeat,
                        workerID: id,
                        payload: ["status": "running", "identity": "nobody"],
                        generation: generation
                    )
                )
                dead.append(Message(.statusUpdate, workerID: id, payload: ["status": "paused"], generation: generation))
            }
            for message in dead { try worker.send([message.bytes], wait: true) }

            let expected = before + Int64(garbage.count + wrong.count)
            try manager.asking("\(expected) refused messages") { try refused(manager) >= expected }
            try manager.asking("the stale ones") { try stale(manager) >= staleBefore + Int64(dead.count) }
            #expect(try refused(manager) == expected)
            #expect(try stale(manager) == staleBefore + Int64(dead.count))
        }
    }

    @Test func aFloodIsCountedAndOnlySampled() async throws {
        try await withBystander { manager in
            let start = ContinuousClock.now
            let before = try refused(manager)
            let worker = try socket(.push, "status", manager)
            for number in 0..<20_000 { try worker.send([Garbage.noise(20, seed: UInt64(number))], wait: true) }
            try manager.asking("20,000 refusals") { try refused(manager) >= before + 20_000 }
            #expect(try refused(manager) == before + 20_000)
            // Ten a second, and the seconds at both ends are not whole.
            let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 2
            #expect(try manager.entries(kind: "refused").count <= 10 * seconds)
            #expect(manager.log.split(separator: "\n").count { $0.contains("status: not JSON") } <= 10 * seconds)
        }
    }

    // MARK: Market data

    @Test func theFeedPassesNothingOnThatIsNotMarketData() async throws {
        try await withBystander { manager in
            let feed = try socket(.push, "feed", manager)
            let topic = Garbage.text("market.X.kline")
            func json(_ data: String, symbol: String = "X") -> [UInt8] {
                Garbage.text(
                    #"{"msg_type":"market_data","payload":{"symbol":"\#(symbol)","data_type":"kline","data":\#(data)}}"#
                )
            }
            let good = #"{"open":1,"high":1,"low":1,"close":1,"volume":1}"#
            let bodies = [
                json("{}"), json("[]"), json("null"), json(#"{"open":"1","high":1,"low":1,"close":1,"volume":1}"#),
                json(#"{"open":NaN,"high":1,"low":1,"close":1,"volume":1}"#),
                json(#"{"open":1e999,"high":1,"low":1,"close":1,"volume":1}"#),
                json(#"{"open":Infinity,"high":1,"low":1,"close":1,"volume":1}"#), json(good, symbol: "Y"),
                [UInt8](json(good).dropLast()), Garbage.text("Q"), [0x51, 1, 1, 0] + Garbage.noise(100),
                [0x51] + Garbage.noise(103),
                Garbage.text("{") + [UInt8](repeating: 0x20, count: 2 << 20) + Garbage.text("}"),
            ]
            var messages = (bodies + Garbage.bodies).map { [topic, $0] } + Garbage.bodies.map { [$0] }
            messages += Garbage.frames.filter { $0.count > 2 } + [[topic, json(good), json(good)]]
            for wrong in [
                "", "market", "market.", "market.X", "market..kline", "market.X.", "market.a b.kline", "Market.X.kline",
                "sync.x",
            ] {
                messages.append([Garbage.text(wrong), json(good)])
            }
            messages.append([[0xFF, 0xFE], json(good)])
            messages.append([Garbage.text("market.\(String(repeating: "S", count: 65)).kline"), json(good)])
            for message in messages { try feed.send(message, wait: true) }
            try manager.asking("\(messages.count) refused messages") {
                try manager.ask(.topics)["refused"]?.integerValue ?? 0 >= Int64(messages.count)
            }
            let topics = try manager.ask(.topics)
            #expect(topics["refused"]?.integerValue == Int64(messages.count))
            #expect(topics["published"] == 1)
        }
    }

    @Test(arguments: [17, 100]) func hugeMessagesAreCutOff(megabytes: Int) async throws {
        try await withBystander { manager in
            let huge = [UInt8](repeating: UInt8(ascii: "{"), count: megabytes << 20)
            let kinds: [(SocketType, String)] = [
                (.push, "feed"), (.push, "status"), (.dealer, "control"), (.dealer, "admin"),
            ]
            for (type, endpoint) in kinds {
                let sender = try socket(type, endpoint, manager)
                try sender.send([huge], wait: true)
                if type == .dealer {
                    // The connection is made anew behind it, and serves.
                    let isAnswered = try { () throws in
                        try sender.send([Garbage.text("{}")], wait: true)
                        return try sender.receive(wait: true) != nil
                    }()
                    #expect(isAnswered, "\(endpoint)")
                } else if endpoint == "feed" {
                    try sender.send(
                        [
                            Garbage.text("market.H.tick"),
                            Message.marketData(symbol: "H", dataType: "tick", data: ["price": 1]).bytes,
                        ],
                        wait: true
                    )
                    try manager.asking("the tick behind the huge message") {
                        try manager.ask(.topics)["topics"]?.arrayValue?.contains { $0["topic"] == "market.H.tick" }
                            == true
                    }
                } else {
                    let before = try refused(manager)
                    try sender.send([Garbage.text("{}")], wait: true)
                    try manager.asking("the message behind the huge one") { try refused(manager) > before }
                }
            }
        }
    }

    @Test func strangersThatDoNotSpeakZeroMQAreHungUpOn() async throws {
        try await withBystander { manager in
            let greeting: [UInt8] = [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0]
            let openings = [
                Garbage.noise(1000), Garbage.text("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), [], Array(greeting[..<4]),
                greeting + Garbage.noise(200), [UInt8](repeating: 0xFF, count: 64), [UInt8](repeating: 0, count: 64),
            ]
            var open: [Int32] = []
            defer { for descriptor in open { close(descriptor) } }
            for endpoint in ["feed", "data", "control", "status", "admin", "events", "history", "publish"] {
                for opening in openings {
                    // Some hang up at once, the others stay.
                    let descriptor = try Garbage.knock("\(manager.runtime)/\(endpoint).sock", opening)
                    if opening.count.isMultiple(of: 8) { open.append(descriptor) } else { close(descriptor) }
                }
            }
        }
    }
}
