import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Workers that live and do not get on, and what is known of a death.
@Suite struct SupervisionVerdictTests {
    private func config(_ health: String) -> String { "supervisor: {health: {heartbeat_interval: 100ms, \(health)}}" }

    /// What `why` says of the last death.
    private func lastDeath(_ manager: TestManager, _ worker: String) throws -> JSONValue {
        try #require(try manager.ask(.why, worker)["deaths"]?.arrayValue?.first, "no death of \(worker)")
    }

    @Test func anEndlessLoopIsFoundWithItsPlace() async throws {
        try await withManager(config("stuck_timeout: 1s")) { manager in
            try manager.start(manager.supervised, name: "a", params: ["mode": "spin"])
            try manager.start(manager.supervised, name: "bystander")
            let pid = try manager.status("a").pid
            try manager.publish([1])
            try manager.until("a", runsAs: 2)
            #expect(!Processes.isAlive(pid))

            let verdict = try manager.transitions(of: "a").first { $0["to_state"] == "error" }
            #expect(verdict?["cause"] == "stuck: onBar has run for more than 1 s")
            let death = try lastDeath(manager, "a")
            #expect(death["generation"] == 1)
            #expect(death["cause"] == "stuck")
            #expect(death["exit"] == "SIGKILL")
            #expect(death["callback"] == "onBar")
            #expect((death["callback_seconds"]?.doubleValue ?? 0) >= 1)
            #expect(death["backtrace"]?.stringValue?.contains("spinsForEver") == true, "\(death.text)")
            #expect((death["cpu_user_seconds"]?.doubleValue ?? 0) + (death["cpu_system_seconds"]?.doubleValue ?? 0) > 0)
            #expect((death["peak_resident_bytes"]?.integerValue ?? 0) > 1 << 20)
            let status = try manager.status("bystander")
            #expect(status["generation"] == 1)
            #expect(try manager.untilSignals(of: "bystander", 1).count == 1)
        }
    }

    @Test func aStuckStrategyMayBeLeftAlone() async throws {
        try await withManager(config("stuck_timeout: 1s, stuck_action: log")) { manager in
            try manager.start(manager.supervised, name: "a", params: ["mode": "slow", "number": 2])
            try manager.publish([1])
            _ = try manager.untilEvent("worker.a", "the verdict") {
                $0["cause"] == "stuck: onBar has run for more than 1 s"
            }
            #expect(try manager.status("a")["metadata"]?["verdicts"] == ["stuck"])
            _ = try manager.untilEvent("worker.a", "its withdrawal") {
                $0["cause"]?.stringValue?.hasPrefix("no longer stuck") == true
            }
            let status = try manager.status("a")
            #expect(status["state"] == "running")
            #expect(status["generation"] == 1)
            #expect(status["metadata"]?["verdicts"] == nil)
            #expect(try manager.untilSignals(of: "a", 1).count == 1)
        }
    }

    @Test func aStuckStrategyMayBePausedOrStopped() async throws {
        let config = """
            supervisor: {health: {heartbeat_interval: 100ms, stuck_timeout: 1s}}
            strategies:
              - name: paused
                path: supervised.swift
                symbols: [X]
                params: {mode: slow, number: 2}
                health: {heartbeat_interval: 100ms, stuck_timeout: 1s, stuck_action: pause}
              - name: stopped
                path: supervised.swift
                symbols: [X]
                params: {mode: spin}
                health: {heartbeat_interval: 100ms, stuck_timeout: 1s, stuck_action: stop}
            """
        try await withFolder { folder in
            try supervisedStrategy.write(toFile: "\(folder.path)/supervised.swift", atomically: false, encoding: .utf8)
            let manager = try TestManager(config, in: folder)
            for name in ["paused", "stopped"] { try manager.until(name, isIn: "running") }
            try manager.publish([1])
            try manager.until("paused", "is paused") { $0["state"] == "paused" }
            try manager.until("stopped", "is stopped") { $0["state"] == "stopped" && $0["pid"] == .null }
            for name in ["paused", "stopped"] { #expect(try manager.status(name)["generation"] == 1) }
            let verdict = try manager.transitions(of: "stopped").first { $0["to_state"] == "stopping" }
            #expect(verdict?["cause"] == "stuck: onBar has run for more than 1 s")
            try manager.ask(.resume, "paused")
            #expect(try manager.untilSignals(of: "paused", 1).count == 1)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test(.needsPython) func aWorkerThatNoLongerReadsIsNoticed() async throws {
        try await withManager(config("starved_timeout: 1s")) { manager in
            let page = try Pages.write(
                "worker.py",
                from: "WorkerProtocol",
                to: "\(manager.folder)/work",
                above: "#!/usr/bin/env python3\n"
            )
            // As it would report itself if its data socket had gone deaf.
            let source = try String(contentsOfFile: page, encoding: .utf8)
            let deaf = source.replacing(#""identity": IDENTITY,"#, with: #""identity": IDENTITY, "handled_total": 0,"#)
            try #require(deaf != source)
            let worker = "\(manager.folder)/work/deaf.py"
            try deaf.write(toFile: worker, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker)
            try manager.start(worker, name: "deaf")
            try manager.start(manager.supervised, name: "hearing")

            func isNoticed(_ worker: String) throws -> Bool {
                try manager.entries(of: worker, kind: "worker").contains {
                    $0["cause"] == "starved: no data handled for 1 s while its topics moved on"
                }
            }
            try manager.asking("the verdict") {
                try manager.publish([1])
                return try isNoticed("deaf")
            }
            #expect(try !isNoticed("hearing"))
            let status = try manager.status("deaf")
            #expect(status["state"] == "running")
            #expect(status["generation"] == 1)
            #expect(status["metadata"]?["verdicts"] == ["starved"])
        }
    }

    @Test func whyTellsOfACrash() async throws {
        try await withManager { manager in
            try manager.start(manager.supervised, name: "a")
            try manager.publish([1, 2, 3])
            _ = try manager.untilSignals(of: "a", 3)
            try manager.asking("a", until: "has said so in a heartbeat") { $0["metadata"]?["last_sequence"] == 3 }
            try manager.killProcess(of: "a")
            try manager.until("a", runsAs: 2)

            let death = try lastDeath(manager, "a")
            #expect(death["generation"] == 1)
            #expect(death["cause"] == "signal")
            #expect(death["exit"] == "SIGKILL")
            #expect(death["core_dumped"] == false)
            #expect(death["out_of_memory"] == false)
            #expect(death["last_sequence"] == 3)
            #expect(death["last_topic"] == "market.X.kline")
            #expect(death["last_heartbeat"]?.stringValue != nil)
            let why = try manager.ask(.why, "a")
            #expect(why["next"] == "nothing: it runs, and is heard from")
            #expect(
                why["transitions"]?.arrayValue?.suffix(5).compactMap { $0["to_state"]?.stringValue } == [
                    "running", "error", "recovering", "starting", "running",
                ]
            )
        }
    }

    /// However deep a strategy was when it crashed, and whatever it had printed.
    @Test func whyHoldsTheReasonOfACrash() async throws {
        try await withManager { manager in
            try manager.start(manager.supervised, name: "a", params: ["mode": "trap", "number": 500])
            try manager.publish([1])
            try manager.until("a", runsAs: 2)
            let tail = try #require(lastDeath(manager, "a")["log_tail"]?.stringValue)
            let lines = tail.split(separator: "\n")
            #expect(lines.contains { $0.hasSuffix("Fatal error: the bottom is reached") }, "\(tail)")
            #expect(lines.contains { $0.contains("descends(_:)") }, "\(tail)")
            #expect(lines.count <= 50)
        }
    }
}
