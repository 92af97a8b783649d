import Foundation
import Testing
import WireProtocol

/// `quantcell checkpoint`, and what becomes of a state that no longer fits.
@Suite struct CheckpointCommandTests {
    private static let config = "supervisor: {checkpoint: {messages: 1000000, interval: 1h}}"

    /// Starts the counting strategy, or one with another state under the same name.
    private static func start(_ manager: TestManager, state: String? = nil, _ more: String...) throws -> Finished {
        let path = "\(manager.folder)/counting.swift"
        let text = state.map { countingStrategy(state: $0) } ?? countingStrategy()
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return try manager.program(
            Build.program("quantcell"),
            ["start-strategy", path, "--name", "c", "--symbols", "X"] + more
        ).finish()
    }

    private static func count(_ manager: TestManager) throws -> JSONValue? {
        try JSONValue(parsing: manager.cli("checkpoint", "c", "show", "--json").output)["state"]?["count"]
    }

    private static func publish(_ manager: TestManager, _ closes: [Double], handled: Int64) throws {
        try manager.publish(closes)
        try manager.asking("c", until: "has handled them") { $0["messages_processed"]?.integerValue == handled }
    }

    @Test func aStateIsSavedShownExportedImportedAndThrownAway() async throws {
        try await withManager(Self.config) { manager in
            #expect(try Self.start(manager).code == 0)
            // The first one is taken before it runs.
            #expect(try Self.count(manager) == 0)
            try Self.publish(manager, [1, 2, 3], handled: 3)
            #expect(try Self.count(manager) == 0)
            #expect(try manager.cli("checkpoint", "c", "save").code == 0)
            #expect(try Self.count(manager) == 3)
            let shown = try manager.cli("checkpoint", "c").output
            #expect(
                shown.contains(#"positions   {"market.X.kline":3}"#) && shown.contains("reason      command"),
                "\(shown)"
            )

            // What runs would save its own state over another one.
            for action in ["reset", "import"] {
                let refused = try manager.cli("checkpoint", "c", action, input: #"{"state": {}}"#)
                #expect(refused.code == 1)
                #expect(refused.errors.contains("'quantcell stop c' first"), "\(refused.errors)")
            }
            try manager.ask(.stop, "c")
            let file = "\(manager.folder)/work/state.json"
            #expect(try manager.cli("checkpoint", "c", "export", "--file", file).code == 0)
            let exported = try String(contentsOfFile: file, encoding: .utf8)
            #expect(try JSONValue(parsing: exported)["positions"] == ["market.X.kline": 3])

            // Another state at the same place: the next process goes on from it.
            let changed = exported.replacing(#""count":3"#, with: #""count":100"#)
            try changed.write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try manager.cli("checkpoint", "c", "import", "--file", file).code == 0)
            try manager.publish([4, 5])
            #expect(try Self.start(manager).code == 0)
            try manager.asking("c", until: "has handled what it missed") { $0["messages_processed"] == 2 }
            #expect(try manager.cli("checkpoint", "c", "save").code == 0)
            #expect(try Self.count(manager) == 102)

            try manager.ask(.stop, "c")
            #expect(try manager.cli("checkpoint", "c", "reset").code == 0)
            let none = try manager.cli("checkpoint", "c")
            #expect(none.code == 1)
            #expect(none.errors.contains("there is no checkpoint of 'c'"), "\(none.errors)")
            #expect(try manager.cli("checkpoint", "c", "reset").code == 1)
            let bad = try manager.cli("checkpoint", "c", "import", input: #"{"positions": {}}"#)
            #expect(bad.code == 1)
            #expect(bad.errors.contains("'state' is missing"), "\(bad.errors)")
        }
    }

    @Test func aFreshStartForgets() async throws {
        try await withManager(Self.config) { manager in
            #expect(try Self.start(manager).code == 0)
            try Self.publish(manager, [1, 2, 3], handled: 3)
            try manager.ask(.stop, "c")
            try manager.publish([4])
            #expect(try Self.start(manager, "--fresh").code == 0)
            try Self.publish(manager, [5], handled: 1)
            #expect(try manager.cli("checkpoint", "c", "save").code == 0)
            // It joined live, behind the fourth.
            let checkpoint = try manager.ask(.checkpoint, "c")["checkpoint"]
            #expect(checkpoint?["state"]?["count"] == 1)
            #expect(checkpoint?["state"]?["sum"] == 5)
        }
    }

    @Test func aStateThatDoesNotFitIsKeptAndTheStartRefused() async throws {
        try await withManager(Self.config) { manager in
            #expect(try Self.start(manager).code == 0)
            try Self.publish(manager, [1, 2, 3], handled: 3)
            try manager.ask(.stop, "c")
            let before = try manager.ask(.checkpoint, "c")["checkpoint"]

            let other = "var count = \"none\"; var sum = 0; var last = 0; var disorder = 0"
            let refused = try Self.start(
                manager,
                state: other.replacing("count", with: "name") + "; var count = 0; var more = [0]"
            )
            #expect(refused.code == 1)
            #expect(refused.errors.contains("does not fit the strategy"), "\(refused.errors)")
            #expect(refused.errors.contains("quantcell checkpoint c export"), "\(refused.errors)")
            #expect(try manager.ask(.checkpoint, "c")["checkpoint"] == before)
            let status = try manager.until("c", isIn: "error")
            #expect(status["restarts"] == 0)

            // A restart meets it again, and is not repeated either.
            #expect(throws: Refused.self) { try manager.ask(.restart, "c") }
            try manager.until("c", isIn: "error")
            #expect(try manager.transitions(of: "c").filter { $0["to_state"] == "recovering" }.isEmpty)

            // With the state thrown away it begins anew.
            #expect(try manager.cli("checkpoint", "c", "reset").code == 0)
            try manager.ask(.restart, "c")
            try manager.until("c", isIn: "running")
            #expect(try Self.count(manager) == 0)
        }
    }
}
