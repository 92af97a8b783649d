import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The commands about strategies, as scripts and people use them.
@Suite struct WorkerCommandTests {
    private static let statusFields: Set = [
        "worker_id", "kind", "state", "strategy_name", "strategy_path", "symbols", "data_types", "pid", "generation",
        "created_at",
        "started_at", "stopped_at", "last_heartbeat", "messages_processed", "signals_emitted", "errors_count",
        "restarts",
        "last_error", "last_error_time", "metadata",
    ]

    @Test func startStatusAndList() async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 50ms}}") { manager in
            #expect(try manager.cli("list").errors.contains("no strategies"))
            #expect(try manager.cli("list", "--json").output == "[]\n")

            let start = try manager.cli(
                "start-strategy",
                Build.strategy("sma_cross"),
                "--name",
                "sma-x",
                "--symbols",
                "X,Y",
                "--data-types",
                "kline",
                "--param",
                "fast=2",
                "--param",
                "slow=4"
            )
            #expect(start.code == 0)
            #expect(start.output == "sma-x\n")
            try manager.asking("sma-x", until: "has a heartbeat") { $0["last_heartbeat"] != .null }

            let status = try JSONValue(parsing: manager.cli("status", "sma-x", "--json").output)
            #expect(keys(status) == Self.statusFields)
            #expect(status["state"] == "running")
            #expect(status["strategy_name"] == "SMACross")
            #expect(status["strategy_path"] == .string(Build.strategy("sma_cross")))
            #expect(status["symbols"] == ["X", "Y"])
            #expect(status["data_types"] == ["kline"])
            #expect(status["generation"] == 1)
            #expect(status["metadata"]?["params"] == ["fast": 2, "slow": 4])
            for time in ["created_at", "started_at", "last_heartbeat"] { #expect(isTime(status[time]), "\(time)") }
            for nothing in ["stopped_at", "last_error", "last_error_time"] {
                #expect(status[nothing] == .null, "\(nothing)")
            }

            let list = try #require(try JSONValue(parsing: manager.cli("list", "--json").output).arrayValue)
            #expect(list.map(keys) == [Self.statusFields])
            let table = try manager.cli("list")
            #expect(table.lines.count == 2)
            #expect(table.lines.last?.hasPrefix("sma-x") == true)
            #expect(!table.output.contains("\u{1B}"), "colour without a terminal")
            #expect(try manager.cli("status", "sma-x").output.contains("running"))

            let taken = try manager.cli("start-strategy", Build.strategy("sma_cross"), "--name", "sma-x")
            #expect(taken.code == 1)
            #expect(taken.errors.contains("is there already"))
        }
    }

    @Test func startWithAFileAndWithoutWaiting() async throws {
        try await withManager { manager in
            try #"{"name":"from-file","symbols":["X"],"params":{"mode":"refuse","report":"1h"}}"#
                .write(toFile: "\(manager.folder)/work/start.json", atomically: false, encoding: .utf8)
            // A flag beats the file.
            let start = try manager.cli(
                "start-strategy",
                manager.actor,
                "--config",
                "start.json",
                "--param",
                "mode=echo",
                "--no-wait",
                "--json"
            )
            #expect(start.code == 0, "\(start.errors)")
            #expect(try JSONValue(parsing: start.output)["worker_id"] == "from-file")
            let status = try manager.until("from-file", "runs") { $0["state"] == "running" }
            #expect(status["metadata"]?["params"] == ["mode": "echo", "report": "1h"])
            #expect(try manager.cli("start-strategy", manager.actor).output == "actor\n")
            #expect(try manager.cli("start-strategy", manager.actor).output == "actor-2\n")

            let stopped = try JSONValue(parsing: manager.cli("stop", "--all", "--json").output)
            let names = stopped["workers"]?.arrayValue?.compactMap { $0["worker_id"]?.stringValue }
            #expect(names == ["actor", "actor-2", "from-file"])
            #expect(try manager.cli("stop", "--all").errors.contains("no strategies"))
        }
    }

    @Test func pauseHoldsBarsBackAndResumeDeliversThem() async throws {
        try await withManager("supervisor: {health: {heartbeat_interval: 50ms}}") { manager in
            try manager.start(manager.actor, name: "a")
            try manager.start(manager.actor, name: "witness")
            try manager.publish([1, 2])
            _ = try manager.untilSignals(of: "a", 2)
            #expect(try manager.cli("pause", "a").output == "a paused\n")
            #expect(try manager.cli("pause", "a").output == "a paused\n")

            try manager.publish([3, 4, 5])
            _ = try manager.untilSignals(of: "witness", 5)
            let paused = try manager.status("a")
            let beat = paused["last_heartbeat"]?.stringValue ?? ""
            for _ in 0..<2 {
                let last = try manager.status("a")["last_heartbeat"]
                try manager.asking("a", until: "heartbeats go on") { $0["last_heartbeat"] != last }
            }
            let later = try manager.status("a")
            #expect(later["state"] == "paused")
            #expect(later["last_heartbeat"]?.stringValue ?? "" > beat)
            #expect(later["messages_processed"] == 2)
            #expect(try manager.signals(of: "a").count == 2)

            #expect(try manager.cli("resume", "a").output == "a running\n")
            let signals = try manager.untilSignals(of: "a", 5)
            #expect(signals.map { $0["sequence"] } == [1, 2, 3, 4, 5])
            #expect(signals.map { $0["data"]?["close"]?.doubleValue } == [1, 2, 3, 4, 5])
            #expect(try manager.status("a")["metadata"]?["messages_missed"] == 0)
        }
    }

    @Test func restartAndStop() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let before = try manager.status("a")
            #expect(try manager.cli("restart", "a").output == "a running\n")
            let after = try manager.status("a")
            #expect(after["generation"] == 2)
            #expect(after["pid"] != before["pid"])
            #expect(try manager.cli("stop", "a").output == "a stopped\n")
            let stopped = try manager.status("a")
            #expect(stopped["state"] == "stopped")
            #expect(stopped["pid"] == .null)
            #expect(isTime(stopped["stopped_at"]))
            #expect(try manager.cli("stop", "a").output == "a stopped\n")
            for command in ["pause", "resume"] {
                let refused = try manager.cli(command, "a")
                #expect(refused.code == 1)
                #expect(refused.errors.contains("'a' is stopped"))
            }
            #expect(try manager.cli("restart", "a").output == "a running\n")
            try manager.publish([1])
            #expect(try manager.untilSignals(of: "a", 1).first?["generation"] == 3)
        }
    }

    @Test func aNewStrategyRunsAsItIs() async throws { try await Self.tryOut("breakout", "breakout.swift") }

    @Test(.needsPython) func soDoesOneInPython() async throws {
        try await Self.tryOut("breakout.py", "breakout.py")
    }

    private static func tryOut(_ name: String, _ file: String) async throws {
        try await withManager { manager in
            let new = try manager.cli("new-strategy", name)
            #expect(new.code == 0)
            #expect(new.output.contains("quantcell start-strategy \(file)"))
            #expect(try manager.cli("new-strategy", name).code == 73)
            let start = try manager.cli("start-strategy", file, "--symbols", "X", "--param", "lookback=3")
            #expect(start.output == "breakout\n", "\(start.errors)")
            try manager.publish([5, 6, 5, 7, 1])
            #expect(try manager.untilSignals(of: "breakout", 2).map { $0["sequence"] } == [4, 5])
        }
    }

    @Test func aRestartRunsWhatTheFileSaysNow() async throws {
        try await withManager { manager in
            let file = "\(manager.folder)/work/mine.swift"
            func write(_ signal: String) throws {
                let source = """
                    import StrategyKit

                    @main final class Mine: Strategy {
                        func onBar(_ bar: Bar, _ context: Context<NoParams>) throws { context.signal("\(signal)") }
                    }
                    """
                try source.write(toFile: file, atomically: true, encoding: .utf8)
            }
            try write("first")
            #expect(try manager.cli("start-strategy", "mine.swift", "--symbols", "X").output == "mine\n")
            try manager.publish([1])
            _ = try manager.untilSignals(of: "mine", 1)
            try write("second")
            #expect(try manager.cli("restart", "mine").output == "mine running\n")
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "mine", 2).map { $0["name"] } == ["first", "second"])

            // What does not compile leaves running what runs.
            try "no Swift".write(toFile: file, atomically: true, encoding: .utf8)
            let broken = try manager.cli("restart", "mine")
            #expect(broken.code == 1)
            #expect(broken.errors.contains("mine.swift:1:"), "\(broken.errors)")
            #expect(try manager.status("mine")["state"] == "running")
            try manager.publish([3])
            #expect(try manager.untilSignals(of: "mine", 3).map { $0["generation"] } == [1, 2, 2])
        }
    }

    @Test func aCompiledStrategyRuns() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "source")
            let compiled = "\(manager.data)/compiled"
            let key = try #require(try FileManager.default.contentsOfDirectory(atPath: compiled).first)
            let library = "\(manager.folder)/work/actor.so"
            try FileManager.default.copyItem(atPath: "\(compiled)/\(key)/strategy.so", toPath: library)
            #expect(try manager.cli("start-strategy", library, "--symbols", "X").output == "actor\n")
            try manager.publish([1])
            #expect(try manager.untilSignals(of: "actor", 1).count == 1)

            let noLibrary = "\(manager.folder)/work/no.so"
            try "no library".write(toFile: noLibrary, atomically: false, encoding: .utf8)
            let refused = try manager.cli("start-strategy", noLibrary)
            #expect(refused.code == 1)
            #expect(refused.errors.contains("no.so"), "\(refused.errors)")
        }
    }

    @Test func thereAreNoMoreWorkersThanAllowed() async throws {
        try await withManager("manager: {max_workers: 1}") { manager in
            try manager.start(manager.actor, name: "only")
            let second = try manager.cli("start-strategy", manager.actor, "--name", "second")
            #expect(second.code == 1)
            #expect(second.errors.contains("'manager.max_workers' allows no more"), "\(second.errors)")
            try manager.ask(.stop, "only")
            #expect(try manager.cli("start-strategy", manager.actor, "--name", "second").output == "second\n")
        }
    }
}
