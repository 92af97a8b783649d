import Foundation
import ProcessControl
import Testing
import WireProtocol

/// The commands about what happened: `journal`, `signals`, `logs`.
@Suite struct HistoryCommandTests {
    private static let journalFields: Set = [
        "seq", "time", "kind", "worker_id", "generation", "from_state", "to_state", "cause", "actor", "detail",
        "who", "from",
    ]
    private static let signalFields: Set = [
        "signal_id", "worker_id", "generation", "name", "side", "symbol", "data_type", "sequence", "event_time",
        "price",
        "quantity", "data", "emitted_at",
    ]

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
            #expect(
                csv.lines.first == "seq,time,kind,worker_id,generation,from_state,to_state,cause,actor,detail,who,from"
            )
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

    @Test func followingEndsWithTheManager() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            let journal = try manager.program(Build.program("quantcell"), ["journal", "-f", "--json"])
            try journal.line("the manager's start") { $0.contains("manager started") }
            try manager.process.send(.kill)
            try manager.ended()
            let end = try journal.finish()
            #expect(end.code == 69)
            #expect(end.errors.contains("no manager is running on \(manager.runtime)"), "\(end.errors)")
            // The spares know nothing of its death.
            _ = folder.sweep()
        }
    }
}
