import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// Which deaths are followed by a restart, and how many at once.
@Suite struct SupervisionRestartTests {
    /// Runs a manager with strategies of the configuration, once each of them has come to run.
    private func withStrategies(
        _ names: [String],
        _ settings: String = "",
        _ strategies: [String: String] = [:],
        _ body: @Sendable (TestManager) throws -> Void
    ) async throws {
        let entries = names.map { "  - {name: \($0), path: supervised.swift, symbols: [X]\(strategies[$0] ?? "")}\n" }
        let config = "\(settings)\nstrategies:\n\(entries.joined())"
        try await withFolder { folder in
            try supervisedStrategy.write(toFile: "\(folder.path)/supervised.swift", atomically: false, encoding: .utf8)
            let manager = try TestManager(config, in: folder)
            for name in names { try manager.until(name, isIn: "running") }
            try body(manager)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func exitCodesAndModes() async throws {
        let strategies = [
            "asks-for-none": ", params: {mode: exit, number: 125}",
            "on-failure-0": ", params: {mode: exit, number: 0}, restart_policy: {mode: on-failure}",
            "on-failure-3": ", params: {mode: exit, number: 3}, restart_policy: {mode: on-failure}",
            "never-3": ", params: {mode: exit, number: 3}, restart_policy: {mode: never}",
            "always-0": ", params: {mode: exit, number: 0}, restart_policy: {mode: always}",
        ]
        try await withStrategies(strategies.keys.sorted(), "", strategies) { manager in
            try manager.publish([1])
            try manager.until("on-failure-3", runsAs: 2)
            try manager.until("always-0", runsAs: 2)
            try manager.until("on-failure-0", "is stopped") { $0["state"] == "stopped" }
            let reasons = [
                "asks-for-none": "no restart: exit code 125 asks for none",
                "never-3": "no restart: the restart policy is 'never'",
            ]
            for (name, reason) in reasons {
                _ = try manager.untilEvent("worker.\(name)", reason) { $0["cause"]?.stringValue == reason }
                let status = try manager.status(name)
                #expect(status["state"] == "error")
                #expect(status["generation"] == 1)
                #expect(status["pid"] == .null)
                #expect(status["last_error"]?.stringValue?.contains(reason) == true, "\(status.text)")
                #expect(try manager.ask(.why, name)["next"] == "nothing: it stays in error until somebody restarts it")
            }
            // A person may have another opinion.
            try manager.ask(.restart, "asks-for-none")
            #expect(try manager.status("asks-for-none")["state"] == "running")
        }
    }

    /// It is done, or refused because the next process is on its way: never left open.
    @Test func aRestartThatMeetsADeathIsAnswered() async throws {
        let policy = "{max_restarts: 1000, restart_window: 1s, backoff_base: 1ms, backoff_max: 2ms}"
        try await withStrategies(["a"], "supervisor: {restart_policy: \(policy)}") { manager in
            for _ in 0..<30 {
                try manager.until("a", isIn: "running")
                kill(try manager.status("a").pid, SIGKILL)
                do {
                    try manager.ask(.restart, "a")
                } catch let refused as Refused {
                    #expect(refused.code == "CONFLICT", "\(refused)")
                }
            }
            try manager.until("a", isIn: "running")
        }
    }

    @Test func eachCauseHasABudgetOfItsOwn() async throws {
        let settings = """
            supervisor:
              restart_policy: {max_restarts: 2, budgets: {signal: 1}, backoff_base: 10ms, backoff_max: 20ms}
            """
        try await withStrategies(["a"], settings, ["a": ", params: {mode: exit, number: 3}"]) { manager in
            try manager.publish([1])
            try manager.until("a", runsAs: 2)
            try manager.killProcess(of: "a")
            try manager.until("a", runsAs: 3)
            try manager.publish([2])
            try manager.until("a", runsAs: 4)
            try manager.killProcess(of: "a")
            let reason =
                "no restart: the budget for 'signal' is spent, 1 within 300 s; 'quantcell restart a' starts it again"
            _ = try manager.untilEvent("worker.a", "the end of the budget") { $0["cause"]?.stringValue == reason }
            #expect(try manager.status("a")["state"] == "error")
            #expect(try manager.status("a")["generation"] == 4)

            try manager.ask(.restart, "a")
            try manager.killProcess(of: "a")
            try manager.until("a", runsAs: 6)
        }
    }

    @Test func fiftyKilledAtOnceAllComeBack() async throws {
        let names = (10..<60).map { "w\($0)" }
        let settings = "manager: {max_workers: 60}\nsupervisor: {storm: {pause: 1s}}"
        try await withStrategies(names, settings) { manager in
            let pids = try names.map { try manager.status($0).pid }
            // All stand still until the last is reached: no death comes long before another.
            for pid in pids { kill(pid, SIGSTOP) }
            for pid in pids { kill(pid, SIGKILL) }
            for name in names { try manager.until(name, runsAs: 2) }
            let storms = try manager.entries(kind: "manager").filter {
                $0["cause"]?.stringValue?.contains("failed of 'signal' within 5 s; all restarts wait") == true
            }
            #expect(storms.count == 1)
            #expect(storms.first?["detail"]?["workers"]?.arrayValue?.count == 5)
            // One fell before there was a second; all others wait for the pause to pass, and come as the bucket lets them.
            let said = try #require(storms.first?["seq"]?.integerValue)
            let replaced = try manager.entries(kind: "transition").filter {
                $0["from_state"] == "recovering" && $0["seq"]?.integerValue ?? 0 < said
            }
            #expect(replaced.count <= 1, "\(replaced.map(\.text))")
            #expect(pids.allSatisfy { !Processes.isAlive($0) })
            try manager.publish([1])
            let signals = try manager.until("a signal of each") { () -> [JSONValue]? in
                let signals = try manager.signals()
                return signals.count >= 50 ? signals : nil
            }
            #expect(Set(signals.map { $0["worker_id"]?.stringValue ?? "" }) == Set(names))
            #expect(signals.allSatisfy { $0["generation"] == 2 })
        }
    }

    @Test func allAreRestartedOneAfterTheOther() async throws {
        let names = ["a", "b", "c", "d"]
        try await withStrategies(names) { manager in
            try manager.ask(.stop, "d")
            let answer = try manager.ask(.restart, nil, ["all": true, "max_unavailable": 1])
            let done = answer["workers"]?.arrayValue?.compactMap { $0["worker_id"]?.stringValue } ?? []
            #expect(done.sorted() == ["a", "b", "c"])
            for name in ["a", "b", "c"] { #expect(try manager.status(name)["generation"] == 2) }
            #expect(try manager.status("d")["state"] == "stopped")
            // Never was more than one of them away.
            var away: Set<String> = []
            for entry in try manager.entries(kind: "transition") where entry["worker_id"] != "d" {
                let id = try #require(entry["worker_id"]?.stringValue)
                if entry["to_state"] == "restarting" { away.insert(id) }
                if entry["to_state"] == "running" { away.remove(id) }
                #expect(away.count <= 1, "\(entry.text)")
            }
        }
    }

    @Test func aRollingRestartStopsAtTheFirstThatDoesNotComeBack() async throws {
        let settings = "supervisor: {restart_policy: {max_restarts: 1, backoff_base: 10ms, backoff_max: 20ms}}"
        let gate = "/tmp/qce-gate-\(UUID().uuidString.prefix(8))"
        defer { unlink(gate) }
        try await withStrategies(["a", "b", "c"], settings, ["b": ", params: {gate: \(gate)}"]) { manager in
            close(creat(gate, 0o600))
            let before = try manager.status("c")
            let refusal = try #require(throws: Refused.self) {
                try manager.ask(.restart, nil, ["all": true, "max_unavailable": 1])
            }
            #expect(refusal.message.contains("stopped at 'b', which did not come back"), "\(refusal)")
            #expect(refusal.message.contains("the gate is shut"), "\(refusal)")
            #expect(refusal.message.contains("restarted before it: a; not touched: c"), "\(refusal)")
            #expect(try manager.status("a")["generation"] == 2)
            #expect(try manager.status("b")["state"] == "error")
            #expect(try manager.status("c")["pid"] == before["pid"])

            // The next one finds nobody in its way; what is in error waits for a person.
            unlink(gate)
            try manager.ask(.restart, nil, ["all": true])
            #expect(try manager.status("b")["state"] == "error")
            try manager.ask(.restart, "b")
            for name in ["a", "b", "c"] { #expect(try manager.status(name)["state"] == "running") }
            #expect(try manager.status("c")["generation"] == 2)
        }
    }
}
