import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Secrets that a strategy is given are nobody's to read: planted, and looked for wherever something is written down.
@Suite struct SecretTests {
    private let key = "qc-planted-api-key-0001"
    private let password = "qc-planted-password-0002"
    private let environment = "qc-planted-environment-0003"

    private func strategy(_ manager: TestManager) throws -> String {
        let path = "\(manager.folder)/work/keyed.swift"
        try """
        import StrategyKit

        @main
        final class Keyed: Strategy {
            struct Account: Codable, Sendable, Equatable {
                var user = "me"
                var password = ""
            }
            struct Params: StrategyParams {
                var apiKey = ""
                var account = Account()
            }
            func onStart(_ context: Context<Params>) throws {
                context.log.warning("the key is \\(context.params.apiKey)")
            }
            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                if bar.close == 1 { throw StrategyError("no login with \\(context.params.apiKey)") }
                if bar.close == 2 { context.signal("key", data: ["is_right": context.params.apiKey == "\(key)"]) }
                if bar.close == 3 { fatalError("died with \\(context.params.account.password)") }
            }
        }
        """.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    @Test(arguments: ["text", "json"]) func aSecretIsNeverWrittenDown(_ format: String) async throws {
        try await withFolder { folder in
            var folder = folder
            folder.environment["EXCHANGE_SECRET"] = environment
            let manager = try TestManager("manager: {log_level: debug, log_format: \(format)}", in: folder)
            let path = try strategy(manager)
            let params: JSONValue = ["apiKey": .string(key), "account": ["password": .string(password)]]
            try manager.start(path, name: "keyed", params: params)
            // A parameter of the wrong type, and a name that does not exist.
            for wrong in [["apiKey": [.string(key)]], ["secret_of": .string(password)]] as [JSONValue] {
                #expect(throws: Refused.self) { try manager.start(path, name: "wrong", params: wrong) }
            }
            #expect(throws: Refused.self) { try manager.start("/nowhere/\(environment).swift", name: "nowhere") }
            try manager.publish([1])
            try manager.asking("keyed", until: "an error") { $0["errors_count"] == 1 }
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "keyed", 1)[0]["data"]?["is_right"] == true)
            try manager.publish([3])
            try manager.until("keyed", "restarted") { $0["restarts"] == 1 && $0["state"] == "running" }
            try check(manager, format)

            // The next manager knows it all the same.
            let spares = try manager.crash()
            try manager.startAgain(folder)
            try manager.until("keyed", "running") { $0["state"] == "running" }
            try manager.ask(.stop, "keyed")
            try manager.ask(.restart, "keyed")
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "keyed", 2)[1]["data"]?["is_right"] == true)
            try check(manager, format)
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func whatAProgramIsStartedWithIsNobodysToRead() async throws {
        try await withFolder { folder in
            let filed =
                "{name: filed, kind: process, path: /bin/sleep, arguments: ['1000'], environment: {A_SECRET: \(environment)}}"
            let manager = try TestManager("strategies: [\(filed)]\nmanager: {log_level: debug}", in: folder)
            let path = "\(folder.path)/work/gateway.sh"
            try "#!/bin/sh\necho up with $2\nexec sleep 1000\n".write(toFile: path, atomically: false, encoding: .utf8)
            try #require(chmod(path, 0o755) == 0)
            let started = try manager.cli(
                "start-strategy",
                "--kind",
                "process",
                path,
                "--name",
                "gateway",
                "--env",
                "DB_PASSWORD=\(password)",
                "--",
                "--api-key",
                key,
                "--port",
                "4002"
            )
            #expect(started.code == 0, "\(started.errors)")
            #expect(
                try manager.status("gateway")["metadata"]?["arguments"]
                    == ["--api-key", "[redacted]", "--port", "4002"]
            )
            // It has them all the same.
            let own = "\(manager.data)/logs/gateway.log"
            try manager.asking("its words are there") {
                try String(contentsOfFile: own, encoding: .utf8).contains("up with \(key)")
            }
            // The reason of a failure quotes what it was about.
            #expect(throws: Refused.self) { try manager.start("/nowhere/\(key)/\(password)/\(environment)", name: "x") }
            let dump = try Program(
                "/usr/bin/env",
                ["sqlite3", manager.journal, ".dump events", ".dump deaths"],
                environment: manager.environment,
                folder: "\(manager.folder)/work"
            ).finish()
            try #require(dump.code == 0 && dump.output.contains("--port"), "\(dump.errors)")
            let told = try [
                dump.output, manager.log, manager.ask(.list).text, manager.status("gateway").text,
                manager.ask(.why, "gateway").text, manager.entries().map(\.text).joined(),
                manager.cli("status", "gateway").output, manager.cli("list", "--json").output,
            ]
            for (index, text) in told.enumerated() {
                for secret in [key, password, environment] {
                    #expect(!text.contains(secret), "\(secret) is in answer \(index)")
                }
            }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Looks at everything that is written down or told.
    private func check(_ manager: TestManager, _ format: String) throws {
        let dump = try Program(
            "/usr/bin/env",
            ["sqlite3", manager.journal, ".dump events", ".dump deaths", ".dump emitted_signals"],
            environment: manager.environment,
            folder: "\(manager.folder)/work"
        ).finish()
        try #require(dump.code == 0, "\(dump.errors)")
        try #require(dump.output.contains("no login with [redacted]"))
        try #require(dump.output.contains("died with [redacted]"))
        let log = manager.log
        try #require(log.contains("no login with [redacted]"))
        let own = try String(contentsOfFile: "\(manager.data)/logs/keyed.log", encoding: .utf8)
        try #require(own.contains("the key is [redacted]"))
        // What the Swift runtime prints of a crash is beyond anybody's reach but the log's own.
        let ownLines = own.split(separator: "\n").filter { !$0.contains("Fatal error") && !$0.contains("died with") }
        let told = try [
            manager.status("keyed").text, manager.ask(.list).text, manager.ask(.why, "keyed").text,
            manager.entries().map(\.text).joined(),
        ]
        for (place, text) in [("journal", dump.output), ("log", log), ("its log", ownLines.joined())]
            + told.map({ ("an answer", $0) })
        {
            for secret in [key, password, environment] {
                #expect(!text.contains(secret), "\(secret) is in \(place) (\(format))")
            }
        }
    }

    @Test func checkConfigShowsNoSecret() async throws {
        try await withFolder { folder in
            let path = "\(folder.path)/config.yaml"
            let strategies =
                "{name: a, path: a.swift, symbols: [X], params: {api_key: \(key), fast: 5}}, "
                + "{name: b, kind: process, path: /bin/sleep, arguments: [--token, \(password)]}"
            try "strategies: [\(strategies)]".write(toFile: path, atomically: false, encoding: .utf8)
            let shown = try Program(
                Build.program("quantcell-manager"),
                ["check-config", path],
                environment: folder.environment,
                folder: folder.path
            ).finish()
            #expect(shown.code == 0)
            #expect(shown.output.contains("[redacted]") && shown.output.contains("fast: 5"))
            #expect(!shown.output.contains(key) && !shown.output.contains(password))
        }
    }
}
