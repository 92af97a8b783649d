import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A worker speaks for itself only; whoever may not connect does not.
@Suite(.needsPython) struct ImpostorTests {
    /// A worker that says what another one would, over all that it can reach; then it signals that it is done.
    private static let impostor = """
        #!/usr/bin/env python3
        import json, os, time, uuid, zmq

        env = os.environ
        me, identity, generation = env["QUANTCELL_WORKER_ID"], env["QUANTCELL_IDENTITY"], int(env["QUANTCELL_GENERATION"])
        victim = json.loads(env["QUANTCELL_PARAMS"])
        context = zmq.Context()

        def socket(kind, address, name=None):
            made = context.socket(kind)
            if name: made.setsockopt_string(zmq.IDENTITY, name)
            if address.startswith("tcp://") and "QUANTCELL_SERVER_KEY" in env:
                made.curve_serverkey = env["QUANTCELL_SERVER_KEY"].encode()
                made.curve_publickey = env["QUANTCELL_PUBLIC_KEY"].encode()
                made.curve_secretkey = env["QUANTCELL_SECRET_KEY"].encode()
            made.connect(address)
            return made

        def envelope(kind, payload, worker=me, generation=generation):
            return json.dumps({"msg_type": kind, "worker_id": worker, "generation": generation, "payload": payload,
                               "timestamp": time.time(), "msg_id": uuid.uuid4().hex}).encode()

        status = socket(zmq.PUSH, env["QUANTCELL_STATUS"])
        status.send(envelope("heartbeat", {"status": "running"}))
        for number in (1, None):
            forged = {"worker": victim["id"], "generation": number}
            status.send(envelope("signal", {"signal_id": "forged", "name": "buy-everything"}, **forged))
            status.send(envelope("error", {"message": "give up", "fatal": True}, **forged))
            status.send(envelope("status_update", {"status": "paused"}, **forged))
            status.send(envelope("checkpoint", {"state": {}, "number": 1}, **forged))
            status.send(envelope("heartbeat", {"status": "paused", "callback": "onBar", "callback_seconds": 1e6}, **forged))
        # In the name of the victim's process, from a socket of its own.
        false = socket(zmq.DEALER, env["QUANTCELL_CONTROL"], victim["identity"])
        false.send(envelope("hello", {"token": "guessed"}, victim["id"], 1))
        false.send(envelope("sync", {"topics": ["market.X.kline"]}, victim["id"], 1))
        true = socket(zmq.DEALER, env["QUANTCELL_CONTROL"], identity)
        true.send(envelope("hello", {"token": env["QUANTCELL_TOKEN"], "identity": identity}))
        true.recv_multipart()
        status.send(envelope("signal", {"signal_id": "done", "name": "done"}))
        while True:
            status.send(envelope("heartbeat", {"status": "running"}))
            time.sleep(0.5)
        """

    private func attack(_ manager: TestManager) throws {
        try manager.start(manager.actor, name: "a")
        try manager.publish([1])
        _ = try manager.untilSignals(of: "a", 1)
        let before = try manager.status("a")
        let pid = try #require(before["pid"]?.integerValue)
        let environment = try String(contentsOfFile: "/proc/\(pid)/environ", encoding: .utf8).split(separator: "\0")
        let identity = try #require(environment.first { $0.hasPrefix("QUANTCELL_IDENTITY=") }).dropFirst(19)
        let path = "\(manager.folder)/impostor"
        try Self.impostor.write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o700)
        try manager.ask(
            .start,
            nil,
            ["path": .string(path), "name": "b", "params": ["id": "a", "identity": .string(String(identity))]]
        )
        _ = try manager.untilSignals(of: "b", 1)
        // Ten over status; over control both, unless the victim has taken its place back first.
        try manager.asking("the impostor's messages") {
            try manager.ask(.ping)["impostor_messages"]?.integerValue ?? 0 >= 11
        }
        try manager.publish([2])
        let signals = try manager.untilSignals(of: "a", 2)
        #expect(signals.map { $0["sequence"] } == [1, 2])
        #expect(try manager.signals().allSatisfy { $0["name"] != "buy-everything" })
        let after = try manager.status("a")
        for field in ["state", "pid", "generation", "restarts", "last_error", "errors_count"] {
            #expect(after[field] == before[field], "\(field)")
        }
        let refusals = try manager.entries(kind: "refused").compactMap { $0["cause"]?.stringValue }
        #expect(refusals.contains { $0.contains("in the name of 'a' from") }, "\(refusals)")
    }

    @Test func overIPC() async throws {
        try await withManager { try attack($0) }
    }

    @Test func overCurve() async throws {
        try await withFolder { folder in
            let network = try NetworkConfig(folder)
            let made = try Program(
                Build.program("quantcell"),
                ["keys", "new"],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            try #require(made.code == 0, "\(made.errors)")
            let manager = try TestManager(try network.text(), in: folder)
            try attack(manager)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Asks for the list of workers as another user, and prints what came.
    private static let otherUser = """
        import json, os, sys, time, uuid, zmq
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        socket = zmq.Context().socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(sys.argv[1])
        socket.send(json.dumps({"msg_type": "list", "payload": {}, "timestamp": time.time(), "msg_id": uuid.uuid4().hex}).encode())
        print(json.loads(socket.recv()) ["msg_type"] if socket.poll(int(sys.argv[2])) else "silence")
        """

    @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
    func anotherUserIsLetInOnlyWhereTheListSaysSo() async throws {
        for (users, waits, answer) in [
            ("[]", "1000", "silence"), ("[nobody]", "60000", "ack"), ("[65534]", "60000", "ack"),
        ] {
            try await withFolder { folder in
                chmod(folder.path, 0o755)
                let address = "\(folder.path)/open.sock"
                let config = """
                    manager: {endpoints: {admin: ['ipc://\(folder.path)/run/admin.sock', 'ipc://\(address)']}}
                    security: {allowed_users: \(users)}
                    """
                let manager = try TestManager(config, in: folder)
                // Everybody may open the file: what is left is the kernel's word on who does.
                chmod(address, 0o777)
                let python = try #require(Pages.python)
                let asked = try manager.program(python, ["-c", Self.otherUser, "ipc://\(address)", waits]).finish()
                #expect(asked.output == answer + "\n", "\(users): \(asked.errors)")
                let refused = try manager.ask(.ping)["refused_connections"]?.integerValue ?? 0
                #expect((refused > 0) == (answer == "silence"))
                #expect(try manager.stop() == .exited(code: 0))
            }
        }
    }
}
