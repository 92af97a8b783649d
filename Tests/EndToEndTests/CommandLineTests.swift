import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The `quantcell` program as scripts and people use it.
@Suite struct CommandLineTests {
    private static let statusFields: Set = [
        "worker_id", "state", "strategy_name", "strategy_path", "symbols", "data_types", "pid", "generation",
        "created_at",
        "started_at", "stopped_at", "last_heartbeat", "messages_processed", "signals_emitted", "errors_count",
        "restarts",
        "last_error", "last_error_time", "metadata",
    ]
    private static let journalFields: Set = [
        "seq", "time", "kind", "worker_id", "generation", "from_state", "to_state", "cause", "actor", "detail",
    ]
    private static let signalFields: Set = [
        "signal_id", "worker_id", "generation", "name", "side", "symbol", "data_type", "sequence", "event_time",
        "price",
        "quantity", "data", "emitted_at",
    ]

    private func keys(_ value: JSONValue?) -> Set<String> {
        Set((value?.objectValue ?? [:]).keys)
    }

    private func isTime(_ value: JSONValue?) -> Bool {
        value?.stringValue?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil
    }

    // MARK: Workers

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

    @Test func aNewStrategyRunsAsItIs() async throws {
        try await withManager { manager in
            let new = try manager.cli("new-strategy", "breakout")
            #expect(new.code == 0)
            #expect(new.output.contains("quantcell start-strategy breakout.swift"))
            #expect(try manager.cli("new-strategy", "breakout").code == 73)
            let start = try manager.cli("start-strategy", "breakout.swift", "--symbols", "X", "--param", "lookback=3")
            #expect(start.output == "breakout\n", "\(start.errors)")
            try manager.publish([5, 6, 5, 7, 1])
            #expect(try manager.untilSignals(of: "breakout", 2).map { $0["sequence"] } == [4, 5])
        }
    }

    // MARK: History

    private func journal(_ manager: TestManager, _ arguments: String...) throws -> [JSONValue] {
        let done = try manager.program(Build.program("quantcell"), ["journal", "--json"] + arguments).finish()
        #expect(done.code == 0, "\(done.errors)")
        return try #require(try JSONValue(parsing: done.output).arrayValue)
    }

    @Test func journalAndSignals() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            try manager.start(manager.actor, name: "b", symbols: ["Y"])
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "a", 3)
            let all = try journal(manager, "--limit", "1000")
            #expect(all.allSatisfy { keys($0) == Self.journalFields && isTime($0["time"]) })
            #expect(all.map { $0["seq"] } == (1...all.count).map { .integer(Int64($0)) })
            let kinds = Set(all.compactMap { $0["kind"]?.stringValue })
            #expect(kinds.isSuperset(of: ["manager", "command", "transition", "signal"]))
            #expect(try journal(manager, "--limit", "2") == all.suffix(2))
            #expect(
                try journal(manager, "--worker", "b", "--kind", "transition").map { $0["to_state"] } == [
                    "initializing", "initialized", "starting", "running",
                ]
            )
            #expect(try journal(manager, "--kind", "signal").map { $0["worker_id"] } == ["a", "a", "a"])
            #expect(try journal(manager, "--kind", "no-such-kind") == [])
            let middle = try #require(all[all.count / 2]["time"]?.stringValue)
            #expect(try journal(manager, "--since", middle).first?["time"]?.stringValue == middle)
            #expect(try journal(manager, "--since", "1h") == all)

            let csv = try manager.cli("journal", "--csv", "--worker", "b", "--kind", "transition")
            #expect(csv.lines.first == "seq,time,kind,worker_id,generation,from_state,to_state,cause,actor,detail")
            #expect(csv.lines.count == 5)
            #expect(try manager.cli("journal").lines.first?.contains("TIME (UTC)") == true)

            let signals = try #require(try JSONValue(parsing: manager.cli("signals", "--json").output).arrayValue)
            #expect(signals.map { $0["signal_id"] } == (1...3).map { .string("a:X.kline:\($0):1") })
            #expect(
                signals.allSatisfy {
                    keys($0) == Self.signalFields && isTime($0["event_time"]) && isTime($0["emitted_at"])
                }
            )
            #expect(signals.first?["data"] == ["close": 1.0] || signals.first?["data"] == ["close": 1])
            #expect(try manager.cli("signals", "--worker", "b", "--json").output == "[]\n")
            #expect(try manager.cli("signals").lines.count == 4)
        }
    }

    @Test func theJournalIsPlainSQLite() async throws {
        let sqlite = try #require(
            ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3"].first(where: FileManager.default.isExecutableFile)
        )
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let rows = try manager.program(sqlite, ["-readonly", manager.journal, "select * from transitions"]).finish()
            #expect(rows.code == 0, "\(rows.errors)")
            #expect(rows.lines.count == 4)
            #expect(rows.lines.last?.contains("running") == true)
        }
    }

    @Test func followingShowsWhatComes() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let quantcell = Build.program("quantcell")
            let signals = try manager.program(quantcell, ["signals", "-f", "--json"])
            let journal = try manager.program(quantcell, ["journal", "-f", "--json", "--kind", "transition"])
            let logs = try manager.program(quantcell, ["logs", "a", "-f"])
            try logs.line("what is there") { $0 == "printed by the strategy" }
            for entry in 1...4 { try journal.line("transition \(entry)") { $0.contains("to_state") } }
            try manager.publish([1, 2, 3])
            for sequence in 1...3 as ClosedRange<Int64> {
                let signal = try JSONValue(parsing: signals.line("signal \(sequence)"))
                #expect(signal["sequence"] == .integer(sequence))
            }
            try manager.ask(.stop, "a")
            try journal.line("the stop") { $0.contains(#""to_state":"stopping""#) }
            try journal.line("the end") { $0.contains(#""to_state":"stopped""#) }
            try logs.line("the stop") { $0.contains("stopping: asked for") }
            for program in [signals, journal, logs] {
                try program.send(.int)
                #expect(try program.finish().code == 0)
            }
        }
    }

    @Test func logs() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            #expect(try manager.cli("logs", "a").output.contains("printed by the strategy\n"))
            #expect(try manager.cli("logs", "a", "--lines", "1").lines.count == 1)
            let path = try JSONValue(parsing: manager.cli("logs", "a", "--json").output)["path"]?.stringValue
            #expect(path == "\(manager.data)/logs/a.log")
            #expect(try manager.cli("logs", "nobody").code == 1)
        }
    }

    // MARK: Market data

    @Test func publish() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let bar = #"{"open":1,"high":3,"low":1,"close":2,"volume":9}"#
            #expect(try manager.cli("publish", "X", "kline", bar).output == "published 1 message\n")
            let lines = "\(bar)\n\nno json\n{\"open\":1}\n\(bar)\n"
            let mixed = try manager.cli("publish", "X", "kline", "--json", input: lines)
            #expect(mixed.code == 1)
            #expect(try JSONValue(parsing: mixed.output) == ["published": 2, "bad": 2])
            #expect(mixed.errors.contains("line 3: "))
            #expect(mixed.errors.contains("line 4: "))
            let envelope = #"{"msg_type":"market_data","payload":{"symbol":"X","data_type":"kline","data":\#(bar)}}"#
            #expect(try manager.cli("publish", "-", input: envelope + "\n").code == 0)
            #expect(try manager.cli("publish", "X", "kline", #"{"open":1e999}"#).code == 1)
            #expect(try manager.untilSignals(of: "a", 4).map { $0["sequence"] } == [1, 2, 3, 4])
            #expect(try manager.ask(.topics)["refused"] == 0)
        }
    }

    @Test func replay() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "a")
            let file = "\(manager.folder)/work/bars.csv"
            try """
            Open time,open,high,low,close,volume
            1640991660,1,2,1,2,10
            1640991720,2,3,2,3,oops
            1640991780,3,4,3,4,10
            1640991840,4,5,9,5,10
            1640991900,5,6,5,6,10

            """.replacing("Open time", with: "timestamp").write(toFile: file, atomically: false, encoding: .utf8)
            let done = try manager.cli("replay", "bars.csv", "--symbol", "X", "--data-type", "kline", "--json")
            #expect(done.code == 0)
            #expect(done.errors.contains("bars.csv:3: "), "\(done.errors)")
            #expect(done.errors.contains("bars.csv:5: "), "\(done.errors)")
            let summary = try JSONValue(parsing: done.output)
            #expect(summary["sent"] == 3)
            #expect(summary["bad"] == 2)
            #expect(try manager.untilSignals(of: "a", 3).map { $0["price"]?.doubleValue } == [2, 4, 6])

            let part = try manager.cli(
                "replay",
                file,
                "--symbol",
                "X",
                "--from",
                "2021-12-31T23:03:00Z",
                "--to",
                "1640991900",
                "--speed",
                "6000x",
                "--json"
            )
            #expect(try JSONValue(parsing: part.output)["sent"] == 1)
            #expect(try manager.untilSignals(of: "a", 4).last?["event_time"] == "2021-12-31T23:03:00.000000Z")

            #expect(try manager.cli("replay", "nowhere.csv", "--symbol", "X").code == 66)
        }
    }

    @Test func pingAndTopics() async throws {
        try await withManager { manager in
            let ping = try JSONValue(parsing: manager.cli("ping", "--json").output)
            #expect(ping["pid"]?.integerValue == Int64(manager.process.pid))
            #expect(ping["runtime_dir"] == .string(manager.runtime))
            #expect(ping["data_dir"] == .string(manager.data))
            #expect(ping["endpoints"]?["feed"] == [.string("ipc://\(manager.runtime)/feed.sock")])
            #expect(try manager.cli("ping").output.contains("\(manager.process.pid)"))
            #expect(try manager.cli("topics").errors.contains("no market data yet"))
            try manager.publish([1, 2])
            try manager.asking("two messages") { try manager.ask(.topics)["published"] == 2 }
            let topics = try JSONValue(parsing: manager.cli("topics", "--json").output)["topics"]
            #expect(topics?.arrayValue?.map { $0["sequence"] } == [2])
            #expect(try manager.cli("topics").lines.last?.hasPrefix("market.X.kline") == true)
        }
    }

    // MARK: What goes wrong

    @Test func withoutAManager() async throws {
        try await withFolder { folder in
            let commands = [
                ["list"], ["status", "a"], ["stop", "--all"], ["pause", "a"], ["resume", "a"], ["restart", "a"],
                ["logs", "a"],
                ["signals"], ["journal", "-f"], ["ping"], ["topics"], ["publish", "X", "tick", #"{"price":1}"#],
                ["start-strategy", folder.actor],
            ]
            for command in commands {
                let program = try Program(
                    Build.program("quantcell"),
                    command,
                    environment: folder.environment,
                    folder: "\(folder.path)/work"
                )
                let done = try program.finish()
                #expect(done.code == 69, "\(command)")
                #expect(done.output == "")
                let hint =
                    "no manager is running on \(folder.path)/run; start one with: quantcell-manager run --runtime-dir \(folder.path)/run"
                #expect(done.errors == "quantcell: \(hint)\n", "\(command)")
            }
        }
    }

    @Test func badUsage() async throws {
        try await withManager { manager in
            let commands = [
                ["no-such-command"], ["status"], ["stop"], ["stop", "a", "--all"], ["list", "--no-such-flag"],
                ["journal", "--limit", "0"], ["journal", "--json", "--csv"], ["replay", "x.csv"], ["publish", "X"],
                ["replay", "x.csv", "--symbol", "X", "--speed", "fast"],
                ["start-strategy", "x.swift", "--param", "novalue"],
                ["new-strategy", "7up"], ["logs", "a", "--lines", "-1"],
            ]
            for command in commands {
                let done = try manager.program(Build.program("quantcell"), command).finish()
                #expect(done.code == 64, "\(command)")
                #expect(done.output == "")
                #expect(!done.errors.isEmpty)
            }
            for command in ["status", "stop", "pause", "resume", "restart", "logs"] {
                let refused = try manager.cli(command, "nobody")
                #expect(refused.code == 1, "\(command)")
                #expect(refused.errors.contains("there is no worker 'nobody'"), "\(command)")
            }
            for command in ["list", "journal", "start-strategy", "replay", "publish"] {
                let help = try manager.cli(command, "--help")
                #expect(help.code == 0)
                #expect(help.output.contains("EXAMPLE"))
            }
        }
    }
}
