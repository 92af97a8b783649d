import Foundation
import Glibc
import Testing
import WireProtocol

/// What a foreign worker learns from `welcome`: above all the state that the process before it has left.
@Suite(.needsPython) struct WelcomeTests {
    /// Prints each `welcome`, runs, saves one state for each process, and greets once more behind that.
    private static let program = """
        #!/usr/bin/env python3
        import json, os, uuid, zmq

        context = zmq.Context()
        control = context.socket(zmq.DEALER)
        control.setsockopt(zmq.ROUTING_ID, os.environ["QUANTCELL_IDENTITY"].encode())
        control.connect(os.environ["QUANTCELL_CONTROL"])
        status = context.socket(zmq.PUSH)
        status.connect(os.environ["QUANTCELL_STATUS"])

        def send(socket, kind, payload, **fields):
            socket.send_json({
                "msg_type": kind, "worker_id": os.environ["QUANTCELL_WORKER_ID"], "timestamp": 0, "msg_id": uuid.uuid4().hex,
                "generation": int(os.environ["QUANTCELL_GENERATION"]), "payload": payload, **fields,
            })

        def hello():
            send(control, "hello", {"identity": os.environ["QUANTCELL_IDENTITY"], "token": os.environ["QUANTCELL_TOKEN"]})

        hello()
        saved = None
        while True:
            message = json.loads(control.recv_multipart()[-1])
            if message["msg_type"] == "welcome":
                print("welcome", json.dumps(message["payload"]), flush=True)
                if saved is None:
                    before = message["payload"].get("checkpoint") or {"ordinal": 0, "state": {"processes": 0}}
                    saved = before["ordinal"] + 1
                    send(status, "status_update", {"status": "running"})
                    send(status, "checkpoint", {
                        "ordinal": saved, "positions": {"market.X.kline": 10 + saved}, "strategy": "counts", "reason": "start",
                        "state": {"processes": before["state"]["processes"] + 1},
                    })
            elif message["msg_type"] == "recorded":
                hello()
            elif message["msg_type"] == "stop":
                send(control, "ack", {"result": "done"}, reply_to=message["msg_id"])
                break
        context.destroy(linger=1000)
        """

    /// All that have been printed so far, once there are `count` of them.
    private static func welcomes(_ manager: TestManager, _ count: Int) throws -> [JSONValue] {
        var found: [JSONValue] = []
        try manager.asking("\(count) times welcome") {
            let lines = try manager.cli("logs", "w", "--lines", "1000").output.split(separator: "\n")
            found = try lines.filter { $0.hasPrefix("welcome ") }.map {
                try JSONValue(parsing: String($0.dropFirst(8)))
            }
            return found.count >= count
        }
        return found
    }

    @Test func theNextProcessFindsWhatTheLastOneHasSaved() async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 700ms}, orphan_lease: 30s}") { manager in
            let path = "\(manager.folder)/work/w.py"
            try Self.program.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            try manager.start(path, name: "w")
            let first = try Self.welcomes(manager, 2)
            #expect(first[0]["heartbeat_interval"] == 0.7)
            #expect(first[0]["orphan_lease"]?.doubleValue == 30)
            #expect(first[0]["protocol"] == 1)
            #expect(first[0]["manager"]?.stringValue?.isEmpty == false)
            #expect(first[0]["manager"] == first[1]["manager"])
            // There was none; and who runs has no use for its own.
            #expect(first.map { $0["checkpoint"] ?? .null } == [.null, .null])

            try manager.killProcess(of: "w")
            try manager.until("w", runsAs: 2)
            let second = try Self.welcomes(manager, 4)[2...].map { $0["checkpoint"] ?? .null }
            let saved: JSONValue = [
                "ordinal": 1, "positions": ["market.X.kline": 11], "state": ["processes": 1], "strategy": "counts",
                "generation": 1,
            ]
            #expect(second == [saved, .null])

            try manager.ask(.stop, "w")
            try manager.start(path, name: "w")
            let third = try Self.welcomes(manager, 6)[4]["checkpoint"]
            #expect(third?["ordinal"] == 2)
            #expect(third?["state"] == ["processes": 2])

            // Who begins anew finds none.
            try manager.ask(.stop, "w")
            try manager.ask(.start, nil, ["path": .string(path), "name": "w", "symbols": ["X"], "fresh": true])
            #expect(try Self.welcomes(manager, 8).suffix(2).map { $0["checkpoint"] ?? .null } == [.null, .null])
        }
    }
}
