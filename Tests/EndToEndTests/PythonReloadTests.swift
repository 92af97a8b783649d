import Foundation
import Testing
import WireProtocol

/// New code and new parameters for strategies in Python, while they run.
@Suite(.needsPython) struct PythonReloadTests {
    private static let config = """
        supervisor:
          checkpoint: {messages: 1000000, interval: 1h}
          health: {heartbeat_interval: 50ms}
          reload: {trial_messages: 3, trial_time: 300ms}
        """

    /// A strategy with a state, which emits a signal of this name for each bar.
    private static func source(_ name: String, before: String = "pass") -> String {
        """
        from quantcell import Strategy, StrategyError

        class Reloaded(Strategy):
            params = {"every": 1, "name": "\(name)"}
            state = {"count": 0}

            def on_params(self, previous, context):
                if self.params.every < 1:
                    raise StrategyError("every must be positive")

            def on_stop(self, context):
                context.signal("stopped")

            def on_bar(self, bar, context):
                \(before)
                self.state["count"] += 1
                if self.state["count"] % self.params.every == 0:
                    context.signal(self.params.name, data={"count": self.state["count"]})
        """
    }

    /// Writes the file as of one and the same second, whatever is in it.
    private static func write(_ source: String, _ manager: TestManager) throws -> String {
        let path = "\(manager.folder)/work/reloaded.py"
        try source.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
            ofItemAtPath: path
        )
        return path
    }

    private static func start(_ manager: TestManager, _ arguments: String...) throws {
        let path = try write(source("old"), manager)
        let start = try manager.program(
            Build.program("quantcell"),
            ["start-strategy", path, "--name", "r", "--symbols", "X"] + arguments
        )
        .finish()
        #expect(start.code == 0, "\(start.errors)")
        try manager.publish([1, 2, 3])
        _ = try manager.untilSignals(of: "r", 3)
    }

    private static func signals(_ manager: TestManager) throws -> [String] {
        try manager.signals(of: "r").map { "\($0["name"]?.stringValue ?? "?")\($0["data"]?["count"]?.text ?? "")" }
    }

    @Test func newCodeGoesOnWithTheStateOfTheOld() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager)
            let before = try manager.status("r")
            _ = try Self.write(Self.source("new"), manager)
            let done = try manager.cli("reload", "r")
            #expect(done.output == "r reloaded after 3 messages on trial, running\n", "\(done.errors)")
            try manager.publish([4, 5])
            _ = try manager.untilSignals(of: "r", 5)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "new4", "new5"])
            let after = try manager.status("r")
            #expect(after["pid"] != before["pid"])
            #expect(after["generation"] == 2)
            #expect(after["restarts"] == 0)
        }
    }

    @Test(arguments: [
        ("if:", "SyntaxError"), ("raise StrategyError(f'bar {bar.sequence} is bad')", "bar 1 is bad"),
        ("import os; os._exit(3)", "its process ended: exit code 3"),
        ("while True: pass", "it took too long; it is in on_bar"),
    ])
    func badCodeLeavesTheOldRunning(_ line: String, _ reason: String) async throws {
        try await withManager(Self.config + "\nmanager: {start_timeout: 5s, stop_grace: 1s}\n") { manager in
            try Self.start(manager)
            let before = try manager.status("r")
            _ = try Self.write(Self.source("new", before: line), manager)
            let refused = try manager.cli("reload", "r")
            #expect(refused.code == 1)
            #expect(refused.errors.contains(reason), "\(refused.errors)")
            try manager.publish([4])
            _ = try manager.untilSignals(of: "r", 4)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "old4"])
            #expect(try manager.status("r")["pid"] == before["pid"])
            #expect(try manager.entries(of: "r", kind: "transition").last?["to_state"] == "running")
        }
    }

    @Test func aChangedFileIsReloadedByItself() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager, "--watch")
            _ = try Self.write(Self.source("new"), manager)
            try manager.until("r", "is reloaded") { $0["generation"] == 2 && $0["state"] == "running" }
            try manager.publish([4])
            _ = try manager.untilSignals(of: "r", 4)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "new4"])
        }
    }

    @Test func bothVersionsAreComparedSideBySide() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager)
            let other = "\(manager.folder)/work/other.py"
            let later = Self.source("old").replacing("% self.params.every == 0", with: "> 2")
            try later.write(toFile: other, atomically: true, encoding: .utf8)
            let kept = try manager.cli("reload", "r", other, "--compare", "3", "--keep")
            #expect(kept.code == 0, "\(kept.errors)")
            #expect(
                kept.lines.suffix(2) == [
                    "3 messages compared; signals: 3 old, 1 new; messages with signals: 1 same, 2 different",
                    "r keeps its code, running",
                ],
                "\(kept.output)"
            )
            #expect(try manager.status("r")["generation"] == 1)
        }
    }

    @Test func parametersAreCheckedOfferedAndChanged() async throws {
        try await withManager(Self.config) { manager in
            try Self.start(manager)
            #expect(
                try manager.cli("params", "r").lines == [
                    "PARAMETER  TYPE          VALUE  DEFAULT", "every      whole number  1      1",
                    #"name       text          "old"  "old""#,
                ]
            )
            for (change, reason) in [
                ("evry=3", "did you mean 'every'?"), ("every=many", "parameter 'every' must be a whole number"),
                ("every=0", "every must be positive"),
            ] {
                let refused = try manager.cli("params", "r", change, "name=other")
                #expect(refused.code == 1, "\(change)")
                #expect(refused.errors.contains(reason), "\(refused.errors)")
            }
            #expect(try manager.cli("params", "r", "name=tuned").code == 0)
            try manager.publish([4])
            _ = try manager.untilSignals(of: "r", 4)
            // What was saved with them is there after a crash, and so are they.
            try manager.killProcess(of: "r")
            try manager.until("r", runsAs: 2)
            try manager.publish([5])
            _ = try manager.untilSignals(of: "r", 5)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "tuned4", "tuned5"])
        }
    }
}
