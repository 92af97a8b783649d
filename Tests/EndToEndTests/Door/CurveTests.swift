import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// TCP endpoints demand keys, and what a key is for is all that it opens.
@Suite struct CurveTests {
    /// Runs a test with a manager whose endpoints demand keys.
    private func withKeys(
        arguments: [String] = [],
        _ body: @Sendable (TestManager, NetworkConfig, TestFolder) throws -> Void
    ) async throws {
        try await withFolder { folder in
            let network = try NetworkConfig(folder)
            let made = try quantcell(folder, "keys", "new").finish()
            try #require(made.code == 0, "\(made.errors)")
            let manager = try TestManager(try network.text(), in: folder, arguments)
            try body(manager, network, folder)
            #expect(try manager.stop() == .exited(code: 0))
            #expect(!FileManager.default.fileExists(atPath: "\(manager.runtime)/local.key_secret"))
        }
    }

    private func quantcell(_ folder: TestFolder, _ arguments: String..., environment: [String: String] = [:]) throws
        -> Program
    {
        try Program(
            Build.program("quantcell"),
            arguments,
            environment: folder.environment.merging(environment) { $1 },
            folder: "\(folder.path)/work"
        )
    }

    /// Makes a client's keys and returns their file.
    private func key(_ folder: TestFolder, _ name: String, _ role: String) throws -> String {
        let made = try quantcell(folder, "keys", "new", "--role", role, "--name", name).finish()
        try #require(made.code == 0, "\(made.errors)")
        return "\(folder.path)/data/keys/issued/\(name).key_secret"
    }

    /// Asks the manager over TCP, and returns what became of it.
    private func ask(_ folder: TestFolder, _ network: NetworkConfig, key: String, _ arguments: String...) throws
        -> Finished
    {
        let command = arguments + ["--connect", "tcp://127.0.0.1:\(network.port)", "--key-file", key]
        return try Program(
            Build.program("quantcell"),
            command,
            environment: folder.environment,
            folder: "\(folder.path)/work"
        ).finish()
    }

    @Test func tcpWithoutKeysIsRefusedUnlessSomebodySaysSo() async throws {
        try await withFolder { folder in
            let network = try NetworkConfig(folder)
            let config = "\(folder.path)/config.yaml"
            try network.text(only: ["feed"]).write(toFile: config, atomically: false, encoding: .utf8)
            let refused = try Program(
                Build.program("quantcell-manager"),
                ["run", "--config", config],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            #expect(refused.code == 78)
            #expect(refused.errors.contains("manager.endpoints.feed is a TCP address"), "\(refused.errors)")
            #expect(refused.errors.contains("quantcell keys new"), "\(refused.errors)")

            let open = try network.text("security: {insecure_tcp: true}", only: ["feed", "admin"])
            let manager = try TestManager(open, in: folder)
            let security = try manager.ask(.ping)["security"]
            #expect(security?["insecure_tcp"] == true)
            #expect(security?["open_endpoints"] == ["feed", "admin"])
            #expect(manager.log.contains("INSECURE: feed, admin may be used by anybody"))
            #expect(try manager.cli("ping").output.contains("INSECURE"))
            // Without keys, from anywhere: that is what it means.
            let stopped = try quantcell(folder, "stop", "nobody", "--connect", "tcp://127.0.0.1:\(network.port)")
                .finish()
            #expect(stopped.errors.contains("there is no worker 'nobody'"), "\(stopped.errors)")
            let command = try #require(try manager.entries(kind: "command").last)
            #expect(command["who"] == "anonymous")
            #expect(command["from"] == "tcp:127.0.0.1")
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func aStrategyRunsOverTCPAndIsTakenOverByALaterManager() async throws {
        // Left running on purpose, without spares: those of a manager that was killed are let in by no other, and end with their lease.
        try await withKeys(arguments: ["--leave-running"]) { manager, network, folder in
            try manager.start(manager.actor, name: "a")
            let pid = try manager.status("a")["pid"]
            let environment = try String(contentsOfFile: "/proc/\(pid?.integerValue ?? 0)/environ", encoding: .utf8)
            #expect(environment.contains("QUANTCELL_STATUS=\(try network.address("status"))"))
            try manager.publish([1, 2, 3])
            #expect(try manager.untilSignals(of: "a", 3).count == 3)
            // The keys of this machine's user, whom nobody has to allow.
            let local = try ask(folder, network, key: "\(manager.runtime)/local.key_secret", "list", "--json")
            #expect(local.output.contains(#""state":"running""#), "\(local.errors)")

            #expect(try manager.stop() == .exited(code: 0))
            try manager.startAgain(folder)
            try manager.until("a", "taken over") { $0["state"] == "running" && $0["pid"] == pid }
            try manager.publish([4, 5])
            let signals = try manager.untilSignals(of: "a", 5)
            #expect(signals.map { $0["sequence"] } == (1...5).map { .integer($0) })
            #expect(try manager.ask(.ping)["impostor_messages"] == 0)
        }
    }

    @Test func aKeyOpensWhatItsRoleIsFor() async throws {
        try await withKeys { manager, network, folder in
            let observer = try key(folder, "looker", "observer")
            let desk = try key(folder, "desk", "operator")
            let feed = try key(folder, "feed", "publisher")
            // While the manager runs: it notices what comes and goes.
            let list = try ask(folder, network, key: observer, "list", "--json")
            #expect(list.code == 0, "\(list.errors)")
            let forbidden = try ask(folder, network, key: observer, "stop", "a")
            #expect(forbidden.code == 1)
            #expect(forbidden.errors.contains("needs the key of an operator"), "\(forbidden.errors)")
            let stop = try ask(folder, network, key: desk, "stop", "nobody")
            #expect(stop.errors.contains("there is no worker 'nobody'"), "\(stop.errors)")
            let commands = try manager.entries(kind: "command").map { [$0["who"], $0["from"]] }
            #expect(commands.contains(["key:looker", "tcp:127.0.0.1"]))
            #expect(commands.contains(["key:desk", "tcp:127.0.0.1"]))

            let body = #"{"open":1,"high":1,"low":1,"close":1,"volume":1}"#
            let published = try ask(folder, network, key: feed, "publish", "X", "kline", body)
            #expect(published.code == 0, "\(published.errors)")
            #expect(try manager.ask(.topics)["published"] == 1)
            // Neither may a publisher ask, nor an observer publish: nothing answers.
            let asked = try ask(folder, network, key: feed, "list", "--timeout", "1")
            #expect(asked.code == 75)
            #expect(asked.errors.contains("key"), "\(asked.errors)")
            let smuggled = try ask(folder, network, key: observer, "publish", "X", "kline", body, "--timeout", "1")
            #expect(smuggled.code != 0)
            #expect(try manager.ask(.topics)["published"] == 1)
            let refusals = try manager.entries(kind: "refused").compactMap { $0["cause"]?.stringValue }
            #expect(
                refusals.contains { $0.hasPrefix("admin: a connection was refused: 'feed' is publisher") },
                "\(refusals)"
            )
            #expect(refusals.contains { $0.hasPrefix("publish: a connection was refused: 'looker'") }, "\(refusals)")

            #expect(try quantcell(folder, "keys", "revoke", "desk").finish().code == 0)
            #expect(try ask(folder, network, key: desk, "list", "--timeout", "1").code == 66)
            let listed = try quantcell(folder, "keys", "list").finish()
            #expect(listed.output.contains("looker") && !listed.output.contains("desk"))
        }
    }

    @Test func aRevokedOperatorCommandsNothingMoreOnTheConnectionThatItHas() async throws {
        try await withKeys { manager, network, folder in
            let desk = try key(folder, "desk", "operator")
            let client = try CurveAdmin(try network.address("admin"), keyFile: desk)
            #expect(try client.code(of: Message(.stop, workerID: "nobody")) == "WORKER_NOT_FOUND")
            #expect(try quantcell(folder, "keys", "revoke", "desk").finish().code == 0)
            // Whichever comes first: it is refused, or its connection is closed and nobody hears it.
            let code = try? client.code(of: Message(.stop, workerID: "nobody"), milliseconds: 2000)
            #expect(code == "FORBIDDEN" || code == nil)
            try manager.asking("the connection is closed") { try revoked(manager, "desk", "admin") }
            #expect(throws: Waited.self) {
                try client.code(of: Message(.stop, workerID: "nobody"), milliseconds: 500)
            }
            let commands = try manager.entries(kind: "command").filter { $0["who"] == "key:desk" }
            #expect(commands.count { $0["detail"]?["result"] == "refused" } <= 2)
        }
    }

    /// Whether the journal says that a client's connections were closed.
    private func revoked(_ manager: TestManager, _ name: String, _ endpoint: String) throws -> Bool {
        // With it go those of others on this machine: here of spares, which come back.
        let text = try Regex("^the key of '\(name)' was taken back: [1-9] connections to \(endpoint) were closed$")
        return try manager.entries(kind: "manager").contains { $0["cause"]?.stringValue?.contains(text) == true }
    }

    @Test func whoOnlyPublishesOrOnlyReceivesIsCutOffWhenItsKeyIsRevoked() async throws {
        try await withKeys { manager, network, folder in
            func socket(_ type: SocketType, _ endpoint: String, _ name: String, _ role: String) throws -> Socket {
                let socket = try Socket(Context(), type)
                if type == .sub { try socket.set(.subscribe, "market.X.") }
                try socket.set(.receiveTimeout, 60_000)
                try socket.connect(try network.address(endpoint), keyFile: try key(folder, name, role))
                return socket
            }
            func topic(_ name: String) throws -> JSONValue? {
                try manager.ask(.topics)["topics"]?.arrayValue?.first { $0["topic"] == .string(name) }
            }
            func push(_ socket: borrowing Socket) throws {
                let data: JSONValue = ["open": 1, "high": 1, "low": 1, "close": 1, "volume": 1]
                try socket.send([Message.marketData(symbol: "Y", dataType: "kline", data: data).bytes], wait: true)
            }
            let feed = try socket(.push, "feed", "feed", "publisher")
            try push(feed)
            try manager.asking("its message comes") { try topic("market.Y.kline")?["sequence"] == 1 }
            try manager.publish([1])
            let looker = try socket(.sub, "data", "looker", "observer")
            try manager.asking("it subscribes") { try topic("market.X.kline")?["subscribers"] == 1 }
            try manager.publish([2])
            #expect(try looker.receive(wait: true)?.count == 2)

            for name in ["looker", "feed"] {
                #expect(try quantcell(folder, "keys", "revoke", name).finish().code == 0)
            }
            try manager.asking("they are cut off") {
                try revoked(manager, "looker", "data") && revoked(manager, "feed", "feed")
            }
            // What they want to say or hear now is nobody's; what others do is as good as ever.
            try push(feed)
            try manager.asking("it is no subscriber") { try topic("market.X.kline")?["subscribers"] == 0 }
            let other = try socket(.sub, "data", "other", "observer")
            try manager.asking("another subscribes") { try topic("market.X.kline")?["subscribers"] == 1 }
            try manager.publish([3])
            #expect(try other.receive(wait: true)?.count == 2)
            let successor = try socket(.push, "feed", "feed-2", "publisher")
            try push(successor)
            try manager.asking("the other's message comes") { try topic("market.Y.kline")?["sequence"] == 2 }
            #expect(try looker.receive() == nil)
            let refusals = try manager.entries(kind: "refused").compactMap { $0["cause"]?.stringValue }
            #expect(refusals.contains { $0.hasPrefix("data: a connection was refused: the key") }, "\(refusals)")
            try push(successor)
            try manager.asking("its second message comes") { try topic("market.Y.kline")?["sequence"] == 3 }
        }
    }

    @Test func anUnknownKeyAndAWrongServerGetNowhere() async throws {
        try await withKeys { manager, network, folder in
            try manager.start(manager.actor, name: "a")
            // Keys of another manager's making: neither is known to this one, nor does it have the secret that they expect.
            var other = folder
            other.environment["QUANTCELL_DATA_DIR"] = "\(folder.path)/elsewhere"
            let stranger = try key(other, "stranger", "operator")
            let file = "\(folder.path)/elsewhere/keys/issued/stranger.key_secret"
            #expect(stranger != file)
            #expect(try ask(folder, network, key: file, "list", "--timeout", "1").code == 75)
            // It knows the right server, but nobody has allowed its key.
            let server = try #require(try manager.ask(.ping)["security"]?["server_key"]?.stringValue)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let lines =
                text.split(separator: "\n").filter { !$0.contains("server-key") } + ["    server-key = \"\(server)\""]
            try lines.joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try ask(folder, network, key: file, "list", "--timeout", "1").code == 75)
            let refusals = try manager.entries(kind: "refused").compactMap { $0["cause"]?.stringValue }
            #expect(refusals.contains { $0.contains("is not allowed") }, "\(refusals)")
            // And without any key.
            let keyless = try quantcell(
                folder,
                "list",
                "--timeout",
                "1",
                "--connect",
                "tcp://127.0.0.1:\(network.port)"
            ).finish()
            #expect(keyless.code == 75)
            #expect(try manager.status("a")["state"] == "running")
        }
    }
}
