import Glibc
import Testing
import WireProtocol

@testable import ManagerCore

/// Requests over the admin endpoint of a manager in this process.
@Suite struct CommandTests {
    private func start(_ path: String, _ payload: JSONValue = [:], id: String = MessageID.make()) -> Message {
        var payload = payload.objectValue ?? [:]
        payload["path"] = .string(path)
        return Message(.start, payload: .object(payload), messageID: id)
    }

    @Test func aCommandThatComesAgainIsCarriedOutOnce() async throws {
        try await ManagerRig.run { rig in
            let (first, second) = (try AdminClient(rig), try AdminClient(rig))
            let request = start(try rig.echo(), id: "once")
            // Twice from one client and once from another, before it can be done.
            try first.send(request)
            try first.send(request)
            try second.send(request)
            let answers = [try first.answer(to: "once"), try first.answer(to: "once"), try second.answer(to: "once")]
            #expect(answers.map { $0.payload["result"] } == ["done", "done", "done"])
            #expect(answers.map { $0.payload["worker_id"] } == ["echo", "echo", "echo"])
            // And when it has been done: the same answer, though the worker has another state by now.
            #expect(try first.ask(Message(.stop, workerID: "echo")).payload["result"] == "done")
            #expect(try second.ask(request).payload == answers[0].payload)
            #expect(await rig.manager.workerIDs == ["echo"])
            #expect(await rig.manager.state(of: "echo") == .stopped)
            let journaled = try rig.column(
                "SELECT coalesce(json_extract(detail, '$.result'), 'asked') FROM events WHERE kind = 'command' "
                    + "AND json_extract(detail, '$.msg_id') = 'once' ORDER BY seq"
            )
            #expect(journaled == ["asked", "done"])
        }
    }

    @Test func theJournalSaysWhoGaveACommandAndFromWhere() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            // What the sender claims counts for nothing.
            let lie: JSONValue = ["who": "uid:4711", "from": "nowhere"]
            _ = try AdminClient(rig).ask(Message(.stop, workerID: "nobody", payload: lie))
            let rows = try rig.column("SELECT who || ' ' || \"from\" FROM commands")
            let caller = "uid:\(getuid()) ipc pid:\(getpid())"
            #expect(rows == [caller, caller])
            let request = Message(.stop, workerID: "nobody")
            let (answers, continuation) = AsyncStream.makeStream(of: Message.self)
            try await rig.manager.handle(request, from: CommandOrigin(who: "token:ci", from: "http:127.0.0.1")) {
                continuation.yield($0)
            }
            let answer = await answers.first { _ in true }
            #expect(answer?.payload["code"] == "WORKER_NOT_FOUND")
            #expect(try rig.column("SELECT who || ' ' || \"from\" FROM commands").last == "token:ci http:127.0.0.1")
            let entries = try AdminClient(rig).ask(Message(.journal, payload: ["kind": "command"])).payload["entries"]
            #expect(entries?.arrayValue?.last?["who"] == "token:ci")
            #expect(entries?.arrayValue?.last?["from"] == "http:127.0.0.1")
        }
    }

    @Test func aRefusalIsRememberedToo() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let client = try AdminClient(rig)
            let request = Message(.stop, workerID: "echo", messageID: "refused")
            let refusal = try client.ask(request)
            #expect(refusal.type == .error)
            #expect(refusal.payload["result"] == "refused")
            #expect(refusal.payload["code"] == "WORKER_NOT_FOUND")
            #expect(try client.ask(request).payload == refusal.payload)
            #expect(try rig.column("SELECT seq FROM events WHERE kind = 'command'").count == 2)
        }
    }

    @Test func aCommandIsJournaledBeforeItsAnswer() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let client = try AdminClient(rig)
            for number in 1...20 {
                _ = try client.ask(Message(.pause, workerID: "nobody\(number)"))
                #expect(try rig.column("SELECT seq FROM events WHERE kind = 'command'").count == number * 2)
            }
        }
    }

    @Test(
        arguments: [
            (["path": 1], "INVALID_PARAMETERS", "'path' must be the strategy's absolute path"),
            ([:], "INVALID_PARAMETERS", "'path' must be the strategy's absolute path"),
            (["path": "/x", "name": 1], "INVALID_PARAMETERS", "'name' must be text"),
            (["path": "/x", "symbols": "A"], "INVALID_PARAMETERS", "'symbols' must be a list of text"),
            (["path": "/x", "data_types": [1]], "INVALID_PARAMETERS", "'data_types' must be a list of text"),
            (["path": "/x", "params": []], "INVALID_PARAMETERS", "'params' must be an object"),
            (
                ["path": "/x", "delivery": "some"], "INVALID_PARAMETERS",
                "'delivery' must be one of lossless, conflate, drop"
            ),
            (["path": "/x", "warmup": -1], "INVALID_PARAMETERS", "'warmup' must be a whole number from 0"),
            (["path": "x.swift"], "INVALID_WORKER_CONFIG", "the strategy's path must be absolute, not 'x.swift'"),
        ] as [(JSONValue, String, String)]
    )
    func aBadStartIsRefused(_ payload: JSONValue, _ code: String, _ message: String) async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let answer = try AdminClient(rig).ask(Message(.start, payload: payload))
            #expect(answer.type == .error)
            #expect(answer.payload["code"]?.stringValue == code)
            #expect(answer.payload["message"]?.stringValue == message)
        }
    }

    @Test func whatIsNoRequestIsRefusedAndNotJournaled() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let client = try AdminClient(rig)
            let answer = try client.ask(Message(.heartbeat))
            #expect(answer.payload["code"] == "INVALID_PARAMETERS")
            #expect(answer.payload["message"] == "'heartbeat' is not a request to the manager")
            #expect(try rig.column("SELECT seq FROM events WHERE kind = 'command'") == [])
        }
    }

    @Test func aJournalThatCannotBeWrittenRefusesCommandsUntilItCan() async throws {
        try await ManagerRig.run { rig in
            let client = try AdminClient(rig)
            let path = try rig.echo()
            #expect(try client.ask(start(path, ["symbols": ["A"]])).payload["result"] == "done")
            try rig.execute("CREATE TRIGGER block BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'blocked'); END")
            // The first one finds out.
            _ = try client.ask(Message(.pause, workerID: "nobody"))
            let stop = Message(.stop, workerID: "echo")
            let refusal = try client.ask(stop)
            #expect(refusal.payload["code"] == "SERVICE_UNAVAILABLE")
            #expect(refusal.payload["message"]?.stringValue?.hasPrefix("the journal cannot be written: ") == true)
            // Questions are answered, and strategies go on.
            let status = try client.ask(Message(.status, workerID: "echo"))
            #expect(status.payload["worker"]?["state"] == "running")
            try await rig.publish(1...5)
            try await wait(for: "the data to be handled") {
                try client.ask(Message(.status, workerID: "echo")).payload["worker"]?["messages_processed"] == 5
            }

            try rig.execute("DROP TRIGGER block")
            // An attempt finds out that it can be written again; what was refused was not remembered.
            try await wait(for: "commands to be taken again") { try client.ask(stop).payload["result"] == "done" }
            #expect(await rig.manager.state(of: "echo") == .stopped)
            #expect(try rig.column("SELECT cause FROM events WHERE kind = 'journal'") == ["entries lost"])
        }
    }

    @Test(
        arguments: [
            (.checkpoint, nil, [:], "'worker_id' is missing, or is no worker's name"),
            (.checkpoint, "../x", [:], "'worker_id' is missing, or is no worker's name"),
            (.checkpoint, "x", ["op": "eat"], "'op' must be show, save, reset or import, not 'eat'"),
            (.checkpoint, "x", ["op": "import"], "'checkpoint' must be an object with 'state'"),
            (
                .checkpoint, "x", ["op": "import", "checkpoint": ["state": 1, "positions": ["X": 1]]],
                "'positions' of a checkpoint must be at most 100000 topics with sequences"
            ),
            (.history, nil, ["op": "eat"], "'op' must be list, gaps, range, rows or prune, not 'eat'"),
            (.history, nil, ["op": "range"], "'topic' is missing"),
            (
                .history, nil, ["op": "gaps", "topic": "X"],
                "'topic' must be a topic such as market.BTC/USDT.kline, not 'X'"
            ),
            (.history, nil, ["op": "prune", "topic": "market.X.tick"], "either 'through' or 'before_ns' is needed"),
            (
                .history, nil, ["op": "prune", "topic": "market.X.tick", "through": 1, "before_ns": 1],
                "either 'through' or 'before_ns' is needed"
            ),
            (.replay, "x", [:], "'since_ns' is missing"),
            (.replay, "x", ["since_ns": "now"], "'since_ns' must be a whole number"),
        ] as [(MessageType, String?, JSONValue, String)]
    )
    func whatIsNotUnderstoodIsRefused(
        _ type: MessageType,
        _ worker: String?,
        _ payload: JSONValue,
        _ message: String
    ) async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let answer = try AdminClient(rig).ask(Message(type, workerID: worker, payload: payload))
            #expect(answer.payload["code"] == "INVALID_PARAMETERS")
            #expect(answer.payload["message"]?.stringValue?.hasPrefix(message) == true, "\(answer.payload.text)")
        }
    }

    @Test func anImportedCheckpointIsShownAsItIsAndJournaledWithoutItsState() async throws {
        try await ManagerRig.run(ManagerRig.settings(spares: 0)) { rig in
            let client = try AdminClient(rig)
            #expect(try client.ask(Message(.checkpoint, workerID: "x")).payload["code"] == "WORKER_NOT_FOUND")
            let state: JSONValue = ["text": .string(String(repeating: "x", count: 100_000))]
            let imported = try client.ask(
                Message(
                    .checkpoint,
                    workerID: "x",
                    payload: ["op": "import", "checkpoint": ["state": state, "positions": ["market.X.tick": 7]]]
                )
            )
            #expect(imported.payload["result"] == "done")
            let shown = try client.ask(Message(.checkpoint, workerID: "x")).payload["checkpoint"]
            #expect(shown?["state"] == state)
            #expect(shown?["positions"] == ["market.X.tick": 7])
            #expect(shown?["reason"] == "import")
            let details = try rig.column("SELECT detail FROM events WHERE kind = 'command' ORDER BY seq")
            // Showing is a question.
            #expect(details.count == 2)
            #expect(details.allSatisfy { $0.utf8.count < 1000 })
        }
    }
}
