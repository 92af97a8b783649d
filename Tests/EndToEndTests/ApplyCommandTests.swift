import Foundation
import ProcessControl
import Testing
import WireProtocol

/// `quantcell plan`, `quantcell apply` and SIGHUP.
@Suite struct ApplyCommandTests {
    private static func config(_ strategies: [String], _ more: String = "") -> String {
        """
        supervisor: {health: {heartbeat_interval: 50ms}}
        \(more)
        strategies:
        \(strategies.joined(separator: "\n"))
        """
    }

    private static func strategy(_ manager: String, _ name: String, _ more: String = "") -> String {
        "  - {name: \(name), path: \(manager)/actor.swift, symbols: [X]\(more)}"
    }

    private static func write(_ config: String, _ folder: String) throws {
        try config.write(toFile: "\(folder)/config.yaml", atomically: true, encoding: .utf8)
    }

    private static func pids(_ manager: TestManager) throws -> [String: JSONValue] {
        let workers = try manager.ask(.list)["workers"]?.arrayValue ?? []
        return Dictionary(
            workers.compactMap { worker in
                guard worker["state"] == "running", let pid = worker["pid"] else { return nil }
                return worker["worker_id"]?.stringValue.map { ($0, pid) }
            }
        ) { $1 }
    }

    @Test func whatDiffersIsPlannedAndAppliedAndNobodyElseNotices() async throws {
        try await withFolder { folder in
            func strategy(_ name: String, _ more: String = "") -> String { Self.strategy(folder.path, name, more) }
            let names = ["same", "gone", "moved", "tuned"]
            let manager = try TestManager(Self.config(names.map { strategy($0) }), in: folder)
            for name in names { try manager.until(name, isIn: "running") }
            let before = try Self.pids(manager)
            #expect(before.count == 4)
            #expect(try manager.cli("plan").output == "nothing changes\n")

            try Self.write(
                Self.config(
                    [
                        strategy("same"), strategy("moved", ", data_types: [tick]"),
                        strategy("tuned", ", params: {mode: quiet}"), strategy("added"),
                    ],
                    "pool: {min_size: 3}\nbroker: {max_topics: 5}"
                ),
                folder.path
            )
            let plan = try JSONValue(parsing: manager.cli("plan", "--json").output)
            let changes = (plan["changes"]?.arrayValue ?? []).map { change in
                "\(change["key"]?.stringValue ?? "") \(change["effect"]?.stringValue ?? "") "
                    + (change["workers"]?.stringArrayValue ?? []).joined(separator: ",")
            }
            #expect(
                changes == [
                    "broker.max_topics refused ", "pool.min_size live ", "strategies.added start added",
                    "strategies.gone stop gone", "strategies.moved.data_types restart moved",
                    "strategies.tuned.params.mode params tuned",
                ]
            )
            // Nothing has been done.
            #expect(try Self.pids(manager) == before)

            let applied = try manager.cli("apply")
            #expect(applied.code == 0, "\(applied.errors)")
            #expect(applied.output.contains("refused: needs a restart of the manager"))
            let after = try Self.pids(manager)
            #expect(Set(after.keys) == ["same", "moved", "tuned", "added"])
            #expect(after["same"] == before["same"])
            #expect(after["tuned"] == before["tuned"])
            #expect(after["moved"] != before["moved"])
            #expect(try manager.status("gone")["state"] == "stopped")
            #expect(try manager.ask(.params, "tuned")["params"]?["mode"] == "quiet")
            #expect(try manager.status("moved")["data_types"] == ["tick"])
            #expect(
                try manager.cli("plan").lines.dropFirst().map { $0.split(separator: " ").first } == [
                    "broker.max_topics"
                ]
            )
            let told = try manager.entries(kind: "manager").compactMap { $0["cause"]?.stringValue }
            #expect(told.contains("configuration applied: 5 keys; 1 need a restart of the manager"))

            // What a later manager finds is what was applied.
            #expect(try manager.stop() == .exited(code: 0))
            try manager.startAgain(folder)
            for name in after.keys { try manager.until(name, isIn: "running") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func aBadFileChangesNothingAndSaysWhere() async throws {
        try await withFolder { folder in
            let manager = try TestManager(Self.config([Self.strategy(folder.path, "a")]), in: folder)
            try manager.until("a", isIn: "running")
            let before = try Self.pids(manager)
            try Self.write("pool:\n  min_sise: 3\nstrategies: []\n", folder.path)
            for command in ["plan", "apply"] {
                let refused = try manager.cli(command)
                #expect(refused.code == 1)
                #expect(refused.errors.contains("config.yaml:2:3: "), "\(refused.errors)")
                #expect(refused.errors.contains("did you mean 'min_size'?"), "\(refused.errors)")
            }
            try manager.process.send(.hup)
            _ = try manager.until("the journal says why not") { () -> Bool? in
                let told = try manager.entries(kind: "manager").compactMap { $0["cause"]?.stringValue }
                return told.contains { $0.hasPrefix("configuration not applied: ") && $0.contains(":2:3: ") }
                    ? true : nil
            }
            #expect(try Self.pids(manager) == before)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func aHangupReadsTheFileAgain() async throws {
        try await withFolder { folder in
            let manager = try TestManager(Self.config([Self.strategy(folder.path, "a")]), in: folder)
            try manager.until("a", isIn: "running")
            try Self.write(
                Self.config([Self.strategy(folder.path, "a"), Self.strategy(folder.path, "b")]),
                folder.path
            )
            try manager.process.send(.hup)
            try manager.until("b", isIn: "running")
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func aStrategyThatCannotBeStartedIsTold() async throws {
        try await withFolder { folder in
            let manager = try TestManager(Self.config([Self.strategy(folder.path, "a")]), in: folder)
            try manager.until("a", isIn: "running")
            try Self.write(
                Self.config([Self.strategy(folder.path, "a"), Self.strategy(folder.path, "b", ", params: {mod: x}")]),
                folder.path
            )
            let applied = try manager.cli("apply")
            #expect(applied.code == 1)
            #expect(
                applied.errors.contains("b: ") && applied.errors.contains("did you mean 'mode'?"),
                "\(applied.errors)"
            )
            #expect(try manager.status("a")["generation"] == 1)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }
}
