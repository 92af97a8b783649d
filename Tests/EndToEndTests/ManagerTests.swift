import CLinux
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// The `quantcell-manager` program: how it starts, what it does not accept, how it ends and comes back.
@Suite struct ManagerTests {
    private func run(_ arguments: [String] = ["run"], in folder: TestFolder, _ environment: [String: String] = [:])
        throws -> Finished
    {
        try Program(
            Build.program("quantcell-manager"),
            arguments,
            environment: folder.environment.merging(environment) { $1 },
            folder: "\(folder.path)/work"
        ).finish()
    }

    /// Runs a manager that must not start, and returns what it says about it: one line.
    private func refusal(
        _ config: String,
        in folder: TestFolder,
        _ environment: [String: String] = [:],
        code: Int32 = 69
    ) throws -> String {
        try config.write(toFile: "\(folder.path)/bad.yaml", atomically: false, encoding: .utf8)
        let done = try run(["run", "--config", "\(folder.path)/bad.yaml"], in: folder, environment)
        #expect(done.code == code, "\(done.output) \(done.errors)")
        #expect(done.errors.split(separator: "\n").count == 1, "\(done.errors)")
        return done.errors
    }

    // MARK: Starting

    @Test func onlyOneRunsOnAFolder() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            let same = try refusal("", in: folder)
            #expect(
                same.contains("another manager (process \(manager.process.pid)) runs on \(manager.runtime)"),
                "\(same)"
            )
            let sameData = try refusal("", in: folder, ["QUANTCELL_RUNTIME_DIR": "\(folder.path)/other"])
            #expect(
                sameData.contains("another manager (process \(manager.process.pid)) runs on \(manager.data)"),
                "\(sameData)"
            )
            #expect(try manager.cli("ping").code == 0)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func addressesThatCannotBeBound() async throws {
        try await withFolder { folder in
            let elsewhere = try refusal(
                "{manager: {endpoints: {feed: ['tcp://203.0.113.1:5998']}}, security: {insecure_tcp: true}}",
                in: folder
            )
            #expect(elsewhere.contains("tcp://203.0.113.1:5998"), "\(elsewhere)")
            let taken = try Socket(Context(), .pull)
            try taken.bind("tcp://127.0.0.1:*")
            let address = try taken.lastEndpoint()
            for endpoint in ["feed", "data", "control", "status", "admin", "events", "history", "publish"] {
                let inUse = try refusal(
                    "{manager: {endpoints: {\(endpoint): ['\(address)']}}, security: {insecure_tcp: true}}",
                    in: folder
                )
                #expect(inUse.contains(address), "\(inUse)")
            }
            let long = "\(folder.path)/\(String(repeating: "long", count: 30))"
            #expect(try refusal("", in: folder, ["QUANTCELL_RUNTIME_DIR": long], code: 78).contains("long"))
        }
    }

    @Test func foldersAndFilesThatCannotBeUsed() async throws {
        try await withFolder { folder in
            let file = "\(folder.path)/file"
            try String(repeating: "neither a folder nor a database\n", count: 100).write(
                toFile: file,
                atomically: false,
                encoding: .utf8
            )
            #expect(try refusal("", in: folder, ["QUANTCELL_DATA_DIR": file]).contains(file))
            #expect(try refusal("", in: folder, ["QUANTCELL_DATA_DIR": "\(file)/below"]).contains(file))
            #expect(try refusal("", in: folder, ["QUANTCELL_RUNTIME_DIR": file]).contains(file))
            #expect(try refusal("", in: folder, ["QUANTCELL_RUNTIME_DIR": "/proc/nowhere"]).contains("/proc/nowhere"))
            #expect(try refusal("journal: {path: \(file)}", in: folder).contains(file))
            #expect(try refusal("journal: {path: \(file)/journal.db}", in: folder).contains(file))
            #expect(try refusal("journal: {path: /proc/journal.db}", in: folder).contains("/proc/journal.db"))
            try FileManager.default.createDirectory(atPath: "\(folder.path)/data2", withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: file, toPath: "\(folder.path)/data2/sequences")
            let ledger = try refusal("", in: folder, ["QUANTCELL_DATA_DIR": "\(folder.path)/data2"])
            #expect(ledger.contains("data2/sequences is not a sequence ledger"), "\(ledger)")
            let worker = try refusal("", in: folder, ["QUANTCELL_WORKER": file])
            #expect(worker.contains("quantcell-worker was not found"), "\(worker)")
            let feed = try refusal("feeds: [{type: csv, path: nowhere.csv, symbol: X}]", in: folder)
            #expect(feed.contains("nowhere.csv"), "\(feed)")
        }
    }

    /// Opens a journal with SQLite's own program and keeps it locked; `finish()` ends that.
    private func lock(_ path: String, in folder: TestFolder, _ lock: String) throws -> (
        program: Program, release: () throws -> Void
    ) {
        let gate = "\(folder.path)/work/unlock"
        if !FileManager.default.fileExists(atPath: gate) { try #require(mkfifo(gate, 0o600) == 0) }
        let program = try Program(
            "/usr/bin/env",
            ["sqlite3", path],
            environment: folder.environment,
            folder: "\(folder.path)/work",
            input: ".timeout 60000\n\(lock)\nselect 'locked';\n.shell read line <\(gate)\nrollback;\n"
        )
        try program.line("that it is locked") { $0 == "locked" }
        return (program, { try "go\n".write(toFile: gate, atomically: false, encoding: .utf8) })
    }

    @Test func aLockedJournal() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder.path)/data", withIntermediateDirectories: false)
            let path = "\(folder.path)/data/journal.db"
            let holder = try lock(path, in: folder, "pragma locking_mode=exclusive; begin exclusive;")
            let locked = try refusal("", in: folder)
            #expect(locked.contains(path), "\(locked)")
            #expect(locked.contains("lock"), "\(locked)")
            try holder.release()
            _ = try holder.program.finish()
        }
    }

    @Test func aJournalThatIsLockedMeanwhileStopsNoStrategy() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.actor, name: "a")
            let holder = try lock(manager.journal, in: folder, "begin immediate;")
            try manager.publish([1])
            try manager.asking("a complaint") { manager.log.contains("the journal cannot be written") }
            let refused = #expect(throws: Refused.self) { try manager.ask(.pause, "a") }
            #expect(refused?.code == "SERVICE_UNAVAILABLE")
            #expect(try manager.status("a")["state"] == "running")
            try holder.release()
            _ = try holder.program.finish()

            // The next attempt finds out that it can be written again, and what was lost is counted.
            try manager.asking("a command that is taken again") { (try? manager.ask(.pause, "a")) != nil }
            #expect(try manager.status("a")["state"] == "paused")
            // Nobody was told of the signal while it was not on disk, and it is not lost.
            _ = try manager.untilEvent("signal.a", "the signal") { $0["sequence"] == 1 }
            #expect(try manager.untilSignals(of: "a", 1).count == 1)
            let lost = try #require(try manager.entries(kind: "journal").first)
            #expect(lost["cause"] == "entries lost")
            #expect(manager.log.contains("the journal can be written again"))
            try manager.stop()
        }
    }

    @Test func configurationIsChecked() async throws {
        try await withFolder { folder in
            let shipped = try run(
                ["check-config", Build.repository.appending(path: "config/quantcell.yaml").path],
                in: folder
            )
            #expect(shipped.code == 0, "\(shipped.errors)")
            #expect(shipped.output.contains("max_workers: 10"))
            let file = "\(folder.path)/bad.yaml"
            try "pool:\n  min_sise: 3\nmanager:\n  max_workers: -1\n".write(
                toFile: file,
                atomically: false,
                encoding: .utf8
            )
            for arguments in [["check-config", file], ["run", "--config", file]] {
                let bad = try run(arguments, in: folder)
                #expect(bad.code == 78)
                #expect(bad.output == "")
                #expect(bad.errors.contains("\(file):2:3"), "\(bad.errors)")
                #expect(bad.errors.contains("min_size"), "\(bad.errors)")
                #expect(bad.errors.contains("\(file):4:"), "\(bad.errors)")
            }
            #expect(try run(["run", "--config", "/nowhere.yaml"], in: folder).code == 78)
            #expect(try run(["run", "--log-format", "xml"], in: folder).code == 78)
            #expect(try run(["run", "--no-such-flag"], in: folder).code == 64)
        }
    }

    @Test func strategiesAndFeedsOfTheConfiguration() async throws {
        let config = """
            manager: {log_format: json}
            strategies:
              - {name: good, path: actor.swift, symbols: [X]}
              - {name: bad, path: nowhere.swift, symbols: [X]}
              - {name: refused, path: actor.swift, symbols: [X], params: {mode: refuse}}
              - {name: asleep, path: actor.swift, enabled: false}
            feeds: [{type: random_walk, symbol: X, interval: 1ms, count: 50}]
            """
        try await withManager(config) { manager in
            // The feed starts when every strategy runs or has failed: not one bar is missed.
            #expect(try manager.untilSignals(of: "good", 50).map { $0["sequence"] } == (1...50).map { .integer($0) })
            #expect(try manager.status("refused")["state"] == "error")
            #expect(throws: Refused.self) { try manager.status("bad") }
            #expect(throws: Refused.self) { try manager.status("asleep") }
            let lines = try manager.log.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            #expect(
                lines.contains {
                    $0["level"] == "error" && $0["message"]?.stringValue?.contains("nowhere.swift") == true
                }
            )
            #expect(lines.allSatisfy { $0["timestamp"] != nil && $0["message"] != nil })
        }
    }

    @Test func aMissingCompilerIsSaidInOneLine() async throws {
        try await withFolder { folder in
            var bare = folder
            bare.environment["PATH"] = "/nowhere"
            let manager = try TestManager("", in: bare)
            let start = try manager.cli("start-strategy", manager.actor)
            #expect(start.code == 1)
            #expect(start.errors.split(separator: "\n").count == 1)
            #expect(
                start.errors.contains(
                    "swiftc was not found in PATH; install a Swift 6 toolchain, or set 'manager.swiftc' to its path"
                )
            )
            try manager.stop()
        }
    }

    // MARK: Ending

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalStopsEverything(number: Int32) async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.actor, name: "a")
            try manager.start(manager.actor, name: "b")
            try manager.publish([1])
            _ = try manager.untilSignals(of: "b", 1)
            #expect(try manager.stop(ProcessControl.Signal(rawValue: number)) == .exited(code: 0))
            // Told to stop and gone by themselves, every one, before the manager was.
            #expect(Leftovers.processes(with: folder.path).isEmpty)
            let summary = try #require(manager.log.split(separator: "\n").last)
            #expect(
                summary.contains("1 messages published, 0 refused; 2 workers, 0 restarts; 0 journal entries lost"),
                "\(summary)"
            )
            #expect(!FileManager.default.fileExists(atPath: "\(manager.runtime)/endpoints.json"))

            try manager.startAgain(folder)
            let entries = try manager.entries(kind: "transition")
            // What comes after are the same strategies, started again.
            let stops = entries.filter { $0["to_state"] == "stopped" }
            #expect(stops.map { $0["cause"] } == ["exit code 0", "exit code 0"])
            // It answers before its own start is on disk.
            let causes = try manager.until("four entries") { () -> [JSONValue?]? in
                let causes = try manager.entries(kind: "manager").map { $0["cause"] }
                return causes.count == 4 ? causes : nil
            }
            #expect(causes == ["manager started", "manager stopping", "manager stopped", "manager started"])
            try manager.stop()
        }
    }

    @Test func itEndsWhileACompilerRuns() async throws {
        try await withFolder { folder in
            let compiler = "\(folder.path)/work/swiftc"
            try "#!/bin/sh\nexec sleep 1000\n".write(toFile: compiler, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: compiler)
            let manager = try TestManager("manager: {swiftc: \(compiler)}", in: folder)
            let start = try manager.program(Build.program("quantcell"), ["start-strategy", manager.actor])
            try manager.asking("the compiler's start") {
                try manager.ask(.list)["workers"]?.arrayValue?.isEmpty == false
            }
            #expect(try manager.stop() == .exited(code: 0))
            #expect(try start.finish().code != 0)
        }
    }

    @Test func itEndsWhileItsOwnStrategiesAreCompiled() async throws {
        try await withFolder { folder in
            let compiler = "\(folder.path)/work/swiftc"
            try "#!/bin/sh\nexec sleep 1000\n".write(toFile: compiler, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: compiler)
            let config = "{manager: {swiftc: \(compiler)}, strategies: [{name: a, path: actor.swift}]}"
            let manager = try TestManager(config, in: folder)
            try manager.asking("the compiler's start") {
                try manager.ask(.list)["workers"]?.arrayValue?.isEmpty == false
            }
            #expect(try manager.stop(.int) == .exited(code: 0))
            #expect(manager.log.contains("stopped after"))
        }
    }

    @Test func itEndsAStuckStrategyAndOneThatWaitsForItsRestart() async throws {
        let config = """
            manager: {stop_grace: 100ms, terminate_grace: 100ms}
            supervisor: {restart_policy: {backoff_base: 1h, backoff_max: 1h}}
            """
        try await withFolder { folder in
            let manager = try TestManager(config, in: folder)
            try manager.start(manager.actor, name: "stuck", params: ["mode": "stuck"])
            try manager.publish([1])
            try manager.asking("stuck", until: "is in its callback") { $0["metadata"]?["callback"] == "onBar" }
            try manager.ask(
                .start,
                nil,
                ["path": .string(manager.actor), "name": "doomed", "params": ["mode": "crash"], "wait": false]
            )
            try manager.until("doomed", "waits for an hour") { $0["state"] == "recovering" && $0["restarts"] == 1 }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    // MARK: Coming back

    @Test func aKilledManagerComesBackAndSequencesGoOn() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.actor, name: "a")
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "a", 3)
            let orphans = Leftovers.processes(with: folder.path).map(\.pid).filter { $0 != manager.process.pid }
            #expect(orphans.count == 3)
            try manager.process.send(.kill)
            #expect(try manager.ended() == .signaled(.kill, coreDumped: false))

            try manager.startAgain(folder)
            let adopted = try #require(try manager.status("a")["pid"]?.integerValue)
            #expect(orphans.contains(Int32(adopted)))
            try manager.untilSubscribed(1)
            try manager.publish([4, 5])
            let signals = try manager.untilSignals(of: "a", 5)
            #expect(signals.map { $0["sequence"] } == [1, 2, 3, 4, 5])
            #expect(signals.map { $0["generation"] } == [1, 1, 1, 1, 1])
            #expect(signals.map { $0["data"]?["close"]?.doubleValue } == [1, 2, 3, 4, 5])

            // Spares of the one that was killed find out that they are nobody's, and end.
            for orphan in orphans where orphan != Int32(adopted) {
                let pidfd = qc_pidfd_open(orphan)
                if pidfd < 0 { continue }
                defer { close(pidfd) }
                #expect(Deadline().wait(for: pidfd), "process \(orphan) of the old manager goes on")
            }
            try manager.stop()
        }
    }

    // MARK: Inside another program

    @Test func theEmbeddingExample() async throws {
        try await withFolder { folder in
            let example = try Program(
                Build.program("EmbeddingExample"),
                [Build.strategy("sma_cross")],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            #expect(example.code == 0, "\(example.errors)")
            #expect(example.output.contains("worker sma_cross runs\n"), "\(example.output)")
            #expect(example.output.contains("market.DEMO.kline is at sequence 60\n"))
            #expect(!example.output.contains("failed"))
            let again = try Program(
                Build.program("EmbeddingExample"),
                ["/nowhere.swift"],
                environment: folder.environment,
                folder: "\(folder.path)/work"
            ).finish()
            #expect(again.output.contains("failed: cannot read /nowhere.swift"))
        }
    }
}
