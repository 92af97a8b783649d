import Foundation
import Glibc
import Testing
import WireProtocol

/// `quantcell reload`: what it says, and what it leaves alone where new code is no good.
@Suite struct ReloadCommandTests {
    private static let config = """
        supervisor:
          checkpoint: {messages: 1000000, interval: 1h}
          health: {heartbeat_interval: 50ms}
          reload: {trial_messages: 3, trial_time: 300ms}
        """

    /// A strategy with a state, and a body of `onBar` of its own.
    private static func source(_ body: String, state: String = "var count = 0", start: String = "") -> String {
        """
        import Glibc
        import StrategyKit

        @main
        final class Reloaded: Strategy {
            struct State: Codable { \(state) }
            var state = State()
            func onStart(_ context: Context<NoParams>) throws { \(start) }
            func onPause(_ context: Context<NoParams>) throws { print("onPause") }
            func onResume(_ context: Context<NoParams>) throws { print("onResume") }
            func onStop(_ context: Context<NoParams>) throws { context.signal("stopped") }
            func onBar(_ bar: Bar, _ context: Context<NoParams>) throws { \(body) }
        }
        """
    }

    private static let counting = #"state.count += 1; context.signal("old", data: ["count": state.count])"#
    private static let new = #"state.count += 1; context.signal("new", data: ["count": state.count])"#

    private static func start(_ manager: TestManager) throws -> String {
        let path = "\(manager.folder)/reloaded.swift"
        try source(counting).write(toFile: path, atomically: true, encoding: .utf8)
        try manager.start(path, name: "r")
        try manager.publish([1, 2, 3])
        _ = try manager.untilSignals(of: "r", 3)
        return path
    }

    private static func signals(_ manager: TestManager) throws -> [String] {
        try manager.signals(of: "r").map { "\($0["name"]?.stringValue ?? "?")\($0["data"]?["count"]?.text ?? "")" }
    }

    @Test func newCodeGoesOnWithTheStateOfTheOld() async throws {
        try await withManager(Self.config) { manager in
            let path = try Self.start(manager)
            let before = try manager.status("r")
            try Self.source(Self.new).write(toFile: path, atomically: true, encoding: .utf8)
            let done = try manager.cli("reload", "r")
            #expect(done.code == 0, "\(done.errors)")
            #expect(done.output == "r reloaded after 3 messages on trial, running\n")
            try manager.publish([4, 5])
            _ = try manager.untilSignals(of: "r", 5)
            // Neither is the old one told that it stops, nor does anything come twice.
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "new4", "new5"])
            let after = try manager.status("r")
            #expect(after["pid"] != before["pid"])
            #expect(after["generation"] == 2)
            #expect(after["restarts"] == 0)
            let states = try manager.entries(of: "r", kind: "transition").suffix(2).map { $0["to_state"] }
            #expect(states == ["reloading", "running"])
            let told = try manager.entries(of: "r", kind: "worker").compactMap { $0["cause"]?.stringValue }
            #expect(told.contains { $0.hasPrefix("reloaded in ") })
        }
    }

    @Test(arguments: [
        ("struct", "error:"), (#"throw StrategyError("bar \(bar.sequence) is bad")"#, "bar 1 is bad"),
        ("exit(3)", "its process ended: exit code 3"), ("while true { pause() }", "it took too long; it is in onBar"),
    ])
    func badCodeLeavesTheOldRunning(_ body: String, _ reason: String) async throws {
        try await withManager(Self.config + "\nmanager: {start_timeout: 3s, stop_grace: 1s}\n") { manager in
            let path = try Self.start(manager)
            let before = try manager.status("r")
            try Self.source(body).write(toFile: path, atomically: true, encoding: .utf8)
            let refused = try manager.cli("reload", "r")
            #expect(refused.code == 1)
            #expect(refused.output == "")
            #expect(refused.errors.contains(reason), "\(refused.errors)")
            try manager.publish([4])
            _ = try manager.untilSignals(of: "r", 4)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "old4"])
            let after = try manager.status("r")
            #expect(after["pid"] == before["pid"])
            // It has never been anything but running.
            #expect(try manager.entries(of: "r", kind: "transition").last?["to_state"] == "running")
            let told = try manager.entries(of: "r", kind: "worker").compactMap { $0["cause"]?.stringValue }
            #expect(told.contains { $0.hasPrefix("not reloaded: ") })
        }
    }

    /// The end of a trial is known from what its process says, not from silence, of which there is none here.
    @Test func howeverMuchOthersTalk() async throws {
        try await withManager(Self.config.replacing("50ms", with: "10ms")) { manager in
            let path = try Self.start(manager)
            for name in ["a", "b", "c"] { try manager.start(manager.actor, name: name) }
            try Self.source(Self.new).write(toFile: path, atomically: true, encoding: .utf8)
            let done = try manager.cli("reload", "r", "--timeout", "20s")
            #expect(done.code == 0, "\(done.errors)")
            #expect(try manager.status("r")["generation"] == 2)
        }
    }

    @Test func aStateThatDoesNotFitLeavesTheOldRunning() async throws {
        try await withManager(Self.config) { manager in
            let path = try Self.start(manager)
            try Self.source("", state: #"var count = """#).write(toFile: path, atomically: true, encoding: .utf8)
            let refused = try manager.cli("reload", "r")
            #expect(refused.code == 1)
            #expect(refused.errors.contains("does not fit the strategy"), "\(refused.errors)")
            #expect(try manager.status("r")["generation"] == 1)
        }
    }

    @Test func whatIsPausedStaysPaused() async throws {
        try await withManager(Self.config) { manager in
            let path = try Self.start(manager)
            try manager.ask(.pause, "r")
            try manager.publish([4])
            try Self.source(Self.new).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try manager.cli("reload", "r").output.hasSuffix(", paused\n"))
            #expect(try manager.status("r")["state"] == "paused")
            #expect(try Self.signals(manager).count == 3)
            try manager.ask(.resume, "r")
            _ = try manager.untilSignals(of: "r", 4)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "new4"])
        }
    }

    @Test func bothVersionsAreComparedSideBySide() async throws {
        try await withManager(Self.config) { manager in
            let path = try Self.start(manager)
            let other = "\(manager.folder)/other.swift"
            let body = #"state.count += 1; if bar.close > 2 { context.signal("old", data: ["count": state.count]) }"#
            try Self.source(body).write(toFile: other, atomically: true, encoding: .utf8)
            let kept = try manager.cli("reload", "r", other, "--compare", "2", "--keep")
            #expect(kept.code == 0, "\(kept.errors)")
            let lines = kept.output.split(separator: "\n")
            #expect(lines.count == 5)
            #expect(lines.dropFirst().first?.hasPrefix("-  market.X.kline         2  old") == true, "\(kept.output)")
            #expect(lines.dropFirst(2).first?.hasPrefix("=  market.X.kline         3  old") == true, "\(kept.output)")
            #expect(
                lines.dropFirst(3).first
                    == "2 messages compared; signals: 2 old, 1 new; messages with signals: 1 same, 1 different"
            )
            #expect(lines.last == "r keeps its code, running")
            #expect(try manager.status("r")["strategy_path"] == .string(path))
            let swapped = try JSONValue(parsing: manager.cli("reload", "r", other, "--compare", "2", "--json").output)
            #expect(swapped["reloaded"] == true)
            #expect(swapped["comparison"]?["different"] == 1)
            #expect(swapped["worker"]?["strategy_path"] == .string(other))
        }
    }

    @Test func aChangedFileIsReloadedByItself() async throws {
        try await withManager(Self.config) { manager in
            let path = "\(manager.folder)/reloaded.swift"
            try Self.source(Self.counting).write(toFile: path, atomically: true, encoding: .utf8)
            let started = try manager.cli("start-strategy", path, "--name", "r", "--symbols", "X", "--watch")
            #expect(started.code == 0, "\(started.errors)")
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "r", 3)

            // As editors do it: a new file, renamed over the old one.
            try Self.source("struct").write(toFile: path, atomically: true, encoding: .utf8)
            _ = try manager.until("the journal says why not") { () -> Bool? in
                let told = try manager.entries(of: "r", kind: "worker").compactMap { $0["cause"]?.stringValue }
                return told.contains { $0.hasPrefix("not reloaded: ") && $0.contains("error:") } ? true : nil
            }
            #expect(try manager.status("r")["generation"] == 1)

            try Self.source(Self.new).write(toFile: path, atomically: false, encoding: .utf8)
            try manager.until("r", "is reloaded") { $0["generation"] == 2 && $0["state"] == "running" }
            try manager.publish([4])
            _ = try manager.untilSignals(of: "r", 4)
            #expect(try Self.signals(manager) == ["old1", "old2", "old3", "new4"])
            let reload = try manager.entries(of: "r", kind: "transition").suffix(2).map { $0["actor"] }
            #expect(reload == ["reload", "reload"])
        }
    }

    @Test func whatCannotBeReloaded() async throws {
        try await withManager(Self.config) { manager in
            let path = try Self.start(manager)
            let missing = try manager.cli("reload", "r", "/nowhere.swift")
            #expect(missing.code == 66)
            #expect(try manager.cli("reload", "nobody").errors.contains("there is no worker 'nobody'"))
            #expect(try manager.cli("reload", "r", "--keep").code == 64)
            try manager.ask(.stop, "r")
            let stopped = try manager.cli("reload", "r", path)
            #expect(stopped.code == 1)
            #expect(stopped.errors.contains("only what runs or is paused can be reloaded"), "\(stopped.errors)")
        }
    }
}
