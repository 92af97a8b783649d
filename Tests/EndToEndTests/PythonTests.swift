import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The programs of the wire protocol's pages do what the pages say, as they are written there.
@Suite(.needsPython) struct PythonTests {
    /// Runs one of the programs to its end.
    private func run(_ program: String, _ page: String, _ manager: TestManager, _ arguments: String...) throws
        -> Finished
    {
        let path = try Pages.write(program, from: page, to: "\(manager.folder)/work")
        return try manager.program(try #require(Pages.python), [path] + arguments).finish()
    }

    @Test func thePublisher() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a", symbols: ["BTC/USDT"])
            let published = try run(
                "publisher.py",
                "Publishing",
                manager,
                "ipc://\(manager.runtime)/feed.sock",
                "BTC/USDT",
                "kline",
                "25"
            )
            #expect(published.output == "published 25 bars on market.BTC/USDT.kline\n")
            #expect(published.code == 0)
            let signals = try manager.untilSignals(of: "a", 25)
            #expect(signals.map { $0["sequence"] } == (1...25).map { .integer($0) })
        }
    }

    @Test func thePublisherWithKeys() async throws {
        try await withFolder { folder in
            let network = try NetworkConfig(folder)
            let made = try Program(
                Build.program("quantcell"),
                ["keys", "new", "--role", "publisher", "--name", "feed-1"],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            try #require(made.code == 0, "\(made.errors)")
            let manager = try TestManager(try network.text(), in: folder)
            let key = "\(manager.data)/keys/issued/feed-1.key_secret"
            let address = try network.address("feed")
            let published = try run("curve_publisher.py", "Security", manager, address, key, "BTC/USDT", "25")
            #expect(published.output == "published 25 bars\n", "\(published.errors)")
            try manager.asking("25 bars") { try manager.ask(.topics)["published"] == 25 }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func theAcknowledgedPublisher() async throws {
        try await withManager { manager in
            let address = "ipc://\(manager.runtime)/publish.sock"
            let first = try run("acknowledged_publisher.py", "Publishing", manager, address, "my-feed", "25")
            #expect(first.output == "25 ticks published, all 25 on disk\n", "\(first.errors)")
            let second = try run("acknowledged_publisher.py", "Publishing", manager, address, "my-feed", "40")
            #expect(second.output == "15 ticks published, all 40 on disk\n", "\(second.errors)")
            let topics = try #require(try manager.ask(.topics)["topics"]?.arrayValue)
            #expect(topics.compactMap { $0["recorded"] } == [40])
        }
    }

    @Test func theBinaryPublisher() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a", symbols: ["BTC/USDT"])
            let feed = "ipc://\(manager.runtime)/feed.sock"
            let published = try run("binary_publisher.py", "Publishing", manager, feed, "BTC/USDT", "25")
            #expect(published.code == 0, "\(published.errors)")
            let signals = try manager.untilSignals(of: "a", 25)
            #expect(signals.map { $0["sequence"] } == (1...25).map { .integer($0) })
            // One message of each other kind, over the same socket, behind the bars.
            try manager.asking("a message on every topic") {
                try manager.ask(.topics)["topics"]?.arrayValue?.count { ($0["published"]?.integerValue ?? 0) > 0 } == 5
            }
            let topics = try #require(try manager.ask(.topics)["topics"]?.arrayValue)
            #expect(topics.compactMap { $0["published"]?.integerValue }.sorted() == [1, 1, 1, 1, 25])
            #expect(topics.allSatisfy { $0["refused"] == 0 })
        }
    }

    @Test func theWorker() async throws {
        try await withManager { manager in
            let worker = try Pages.write(
                "worker.py",
                from: "WorkerProtocol",
                to: "\(manager.folder)/work",
                above: "#!/usr/bin/env python3\n"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
            let start = try manager.cli(
                "start-strategy",
                "./worker.py",
                "--symbols",
                "BTC/USDT",
                "--data-types",
                "kline",
                "--param",
                "fast=3",
                "--param",
                "slow=8"
            )
            #expect(start.output == "worker\n", "\(start.errors)")
            try manager.start(manager.actor, name: "a", symbols: ["BTC/USDT"])

            let feed = "ipc://\(manager.runtime)/feed.sock"
            #expect(try run("publisher.py", "Publishing", manager, feed, "BTC/USDT", "kline", "200").code == 0)
            let closes = try manager.untilSignals(of: "a", 200).map { try #require($0["data"]?["close"]?.doubleValue) }
            let expected = Crossing.all(of: closes, fast: 3, slow: 8)
            try #require(expected.count > 10)
            let signals = try manager.untilSignals(of: "worker", expected.count)
            #expect(signals.map { $0["sequence"] } == expected.map { .integer(Int64($0.sequence)) })
            #expect(signals.map { $0["side"] } == expected.map { .string($0.side) })
            #expect(signals.map { $0["price"] } == expected.map { .number($0.price) })

            #expect(try manager.cli("pause", "worker").output == "worker paused\n")
            #expect(try manager.cli("resume", "worker").output == "worker running\n")
            #expect(try manager.cli("stop", "worker").output == "worker stopped\n")
            let last = try #require(try manager.entries(of: "worker", kind: "transition").last)
            #expect(last["cause"] == "exit code 0")
        }
    }

    /// Nobody is left behind for ever; and a manager that comes back in time finds it as it was.
    @Test func theWorkerOutlivesItsManagerForAsLongAsItMay() async throws {
        try await withFolder { folder in
            let manager = try TestManager("pool: {min_size: 0}\nsupervisor: {orphan_lease: 6s}", in: folder)
            let worker = try Pages.write(
                "worker.py",
                from: "WorkerProtocol",
                to: "\(folder.path)/work",
                above: "#!/usr/bin/env python3\n"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
            try manager.start(worker, name: "w", params: ["fast": 1, "slow": 2])
            try manager.publish([1, 2])
            try manager.asking("w", until: "has handled both") { $0["messages_processed"] == 2 }
            let before = try manager.status("w")
            try manager.crash()
            try manager.startAgain(folder)
            let after = try manager.until("w", isIn: "running")
            #expect(after["pid"] == before["pid"])
            #expect(after["generation"] == 1)
            try manager.untilSubscribed(1)
            try manager.publish([1, 2])
            #expect(try manager.untilSignals(of: "w", 2).map { $0["sequence"] } == [3, 4])
            try manager.crash()
            try Processes.end(of: after.pid, "whose manager has gone for good,")
        }
    }

    @Test func theWorkerRefusesWrongParameters() async throws {
        try await withManager { manager in
            let worker = try Pages.write(
                "worker.py",
                from: "WorkerProtocol",
                to: "\(manager.folder)/work",
                above: "#!/usr/bin/env python3\n"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
            let start = try manager.cli(
                "start-strategy",
                worker,
                "--symbols",
                "X",
                "--param",
                "fast=9",
                "--param",
                "slow=8"
            )
            #expect(start.code == 1)
            #expect(start.errors.contains("fast (9) must be positive and less than slow (8)"), "\(start.errors)")
            #expect(try manager.status("worker")["state"] == "error")
        }
    }

    /// Two sockets keep no order between them: what a worker refuses may be known before its hello.
    @Test func aRefusalThatOvertakesTheHelloIsHeard() async throws {
        try await withManager { manager in
            let path = "\(manager.folder)/work/refuses.py"
            let program = """
                #!/usr/bin/env python3
                import json, os, sys, zmq
                push = zmq.Context.instance().socket(zmq.PUSH)
                push.connect(os.environ["QUANTCELL_STATUS"])
                push.send(json.dumps({
                    "msg_type": "error", "worker_id": os.environ["QUANTCELL_WORKER_ID"],
                    "generation": int(os.environ["QUANTCELL_GENERATION"]), "timestamp": 0, "msg_id": "1",
                    "payload": {"message": "no licence", "fatal": True},
                }).encode())
                push.close(1000)
                zmq.Context.instance().term()
                sys.exit(78)
                """
            try program.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            let start = try manager.cli("start-strategy", path, "--symbols", "X")
            #expect(start.code == 1)
            #expect(start.errors.contains("no licence"), "\(start.errors)")
        }
    }

    @Test func theAdminClient() async throws {
        try await withManager { manager in
            let address = "ipc://\(manager.runtime)/admin.sock"
            func admin(_ arguments: String...) throws -> Finished {
                let path = try Pages.write("admin.py", from: "Admin", to: "\(manager.folder)/work")
                return try manager.program(try #require(Pages.python), [path, address] + arguments).finish()
            }
            let ping = try JSONValue(parsing: admin("ping").output)
            #expect(ping["pid"]?.integerValue == Int64(manager.process.pid))

            let start = try admin(
                "start",
                #"{"path":"\#(manager.actor)","name":"a","symbols":["X"],"data_types":["kline"]}"#
            )
            #expect(start.code == 0)
            #expect(start.errors == "accepted\n")
            #expect(try JSONValue(parsing: start.output)["worker"]?["state"] == "running")
            #expect(try JSONValue(parsing: admin("status", "a").output)["worker"]?["worker_id"] == "a")

            let unknown = try admin("status", "nobody")
            #expect(unknown.code == 1)
            #expect(unknown.errors.hasPrefix("WORKER_NOT_FOUND: "))

            let stop = try JSONValue(parsing: admin("stop", #"{"all":true}"#).output)
            #expect(stop["workers"] == [["worker_id": "a", "state": "stopped"]])
            let journal = try JSONValue(
                parsing: admin("journal", #"{"worker_id":"a","kind":"transition","limit":20}"#).output
            )
            let states = try #require(journal["entries"]?.arrayValue).compactMap { $0["to_state"]?.stringValue }
            #expect(states == ["initializing", "initialized", "starting", "running", "stopping", "stopped"])
        }
    }
}
