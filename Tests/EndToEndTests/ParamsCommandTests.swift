import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// `quantcell params`.
@Suite struct ParamsCommandTests {
    private static let source = """
        import StrategyKit

        @main
        final class Tuned: Strategy {
            struct Risk: Codable { var max = 10; var min = 1 }
            struct Params: StrategyParams { var every = 1; var name = "bar"; var risk = Risk() }
            struct State: Codable { var count = 0 }
            var state = State()
            func onParams(_ previous: Params, _ context: Context<Params>) throws {
                guard context.params.every > 0 else { throw StrategyError("every must be positive") }
            }
            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                state.count += 1
                if state.count % context.params.every == 0 { context.signal(context.params.name) }
            }
        }
        """
    private static let config = """
        supervisor:
          restart_policy: {backoff_base: 1ms, jitter: 0}
          checkpoint: {messages: 1000000, interval: 1h}
        """

    private static func start(_ manager: TestManager) throws {
        let path = "\(manager.folder)/tuned.swift"
        try source.write(toFile: path, atomically: false, encoding: .utf8)
        try manager.start(path, name: "t", params: ["every": 2])
    }

    private static func params(_ manager: TestManager) throws -> JSONValue? {
        try JSONValue(parsing: manager.cli("params", "t", "--json").output)["params"]
    }

    @Test func theyAreShownAndChanged() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager)
            let shown = try manager.cli("params", "t")
            #expect(
                shown.lines == [
                    "PARAMETER  TYPE          VALUE               DEFAULT",
                    "every      whole number  2                   1",
                    #"name       text          "bar"               "bar""#,
                    #"risk       object        {"max":10,"min":1}  {"max":10,"min":1}"#,
                ],
                "\(shown.output)"
            )
            try manager.publish([1, 2])
            _ = try manager.untilSignals(of: "t", 1)
            let changed = try manager.cli("params", "t", "every=1", "name=tick", #"risk={"max":5}"#)
            #expect(changed.code == 0, "\(changed.errors)")
            try manager.publish([3, 4])
            let signals = try manager.untilSignals(of: "t", 3)
            #expect(signals.map { $0["name"] } == ["bar", "tick", "tick"])
            #expect(try Self.params(manager) == ["every": 1, "name": "tick", "risk": ["max": 5, "min": 1]])
            let told = try manager.entries(of: "t", kind: "worker").compactMap { $0["cause"]?.stringValue }
            #expect(told.contains { $0.contains("every 2 → 1") })
        }
    }

    @Test func whatIsWrongIsRefusedAndNothingChanges() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager)
            let before = try Self.params(manager)
            for (change, reason) in [
                ("evry=3", "did you mean 'every'?"), ("every=many", "parameter 'every'"),
                ("every=0", "every must be positive"),
                (#"risk={"maxx":5}"#, "did you mean 'max'?"),
            ] {
                let refused = try manager.cli("params", "t", change, "name=other")
                #expect(refused.code == 1, "\(change)")
                #expect(refused.errors.contains(reason), "\(refused.errors)")
                #expect(try Self.params(manager) == before)
            }
            #expect(try manager.cli("params", "t", "every").code == 64)
            try manager.ask(.pause, "t")
            #expect(try manager.cli("params", "t", "every=3").code == 0)
            try manager.ask(.stop, "t")
            #expect(try manager.cli("params", "t", "every=4").errors.contains("'t' is stopped"))
        }
    }

    @Test func theyOutliveTheWorkerAndTheManager() async throws {
        try await withFolder { folder in
            // One of the command line, and one of the file, whose parameters the file has changed by then, or not.
            let path = "\(folder.path)/tuned.swift"
            try Self.source.write(toFile: path, atomically: false, encoding: .utf8)
            func config(_ every: Int) -> String {
                Self.config
                    + "\nstrategies: [{name: f, path: \(path), symbols: [X], params: {every: \(every), name: file}}]"
            }
            let manager = try TestManager(config(2), in: folder)
            try manager.until("f", isIn: "running")
            try manager.start(path, name: "t", params: ["every": 2])
            for worker in ["f", "t"] { #expect(try manager.cli("params", worker, "every=7").code == 0) }
            func every(_ worker: String) throws -> JSONValue? {
                try manager.until(worker, isIn: "running")
                return try manager.ask(.params, worker)["params"]?["every"]
            }
            let pid = try #require(try manager.status("t")["pid"]?.integerValue)
            kill(Int32(pid), SIGKILL)
            try manager.until("t", "has another process") { $0["generation"] == 2 && $0["state"] == "running" }
            #expect(try every("t") == 7)

            #expect(try manager.stop() == .exited(code: 0))
            try manager.startAgain(folder)
            #expect(try every("t") == 7)
            #expect(try every("f") == 7)
            #expect(try manager.stop() == .exited(code: 0))

            // The file has the last word where it says something else than it did.
            try config(3).write(toFile: "\(folder.path)/config.yaml", atomically: false, encoding: .utf8)
            try manager.startAgain(folder)
            #expect(try every("f") == 3)
            #expect(try every("t") == 7)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }
}
