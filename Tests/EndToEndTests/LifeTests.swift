import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// What the manager does when a strategy dies, freezes, or never gets going.
@Suite struct LifeTests {
    private func states(_ manager: TestManager, of worker: String, generation: Int64) throws -> [String] {
        try manager.entries(of: worker, kind: "transition").filter { $0["generation"]?.integerValue == generation }
            .compactMap { $0["to_state"]?.stringValue }
    }

    private func pid(_ status: JSONValue) throws -> Int32 {
        try Int32(#require(status["pid"]?.integerValue))
    }

    @Test func aCommandThatIsThereBeforeTheManagerIsCarriedOutOnce() async throws {
        try await withFolder { folder in
            let path = "\(folder.path)/work/early.sh"
            try "#!/bin/sh\nexec sleep 1000\n".write(toFile: path, atomically: false, encoding: .utf8)
            try #require(chmod(path, 0o755) == 0)
            // It waits at the door, and is in as soon as there is one: before the manager has looked what an earlier one has left.
            let client = try Socket(Context(), .dealer)
            try client.set(.reconnectInterval, 1)
            try client.set(.receiveTimeout, 60_000)
            try client.connect("ipc://\(folder.path)/run/admin.sock")
            let start = Message(.start, payload: ["path": .string(path), "kind": "process"])
            try client.send([start.bytes], wait: true)
            let manager = try TestManager("", in: folder)
            var result: JSONValue?
            repeat {
                let body = try #require(try client.receive(wait: true)?.last, "no answer came")
                result = try body.withUnsafeBytes { try JSONValue(parsing: $0) }["payload"]?["result"]
            } while result == "accepted"
            #expect(result == "done")
            #expect(try states(manager, of: "early", generation: 1).count == 4)
            #expect(try manager.status("early")["generation"] == 1)
            #expect(try manager.entries(of: "early", kind: "outcome").map { $0["cause"] } == ["done"])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func aKilledWorkerIsReplaced() async throws {
        try await withManager { manager in
            try manager.start(manager.actor, name: "victim")
            let bystander = try manager.start(manager.actor, name: "bystander")["worker"]
            try manager.publish([1])
            _ = try manager.untilSignals(of: "victim", 1)
            let before = try manager.status("victim")
            kill(try pid(before), SIGKILL)

            let after = try manager.until("victim", "runs again") { $0["state"] == "running" && $0["generation"] == 2 }
            #expect(after["pid"] != before["pid"])
            #expect(after["restarts"] == 1)
            #expect(after["last_error"]?.stringValue?.contains("SIGKILL") == true)
            let death = try manager.entries(of: "victim", kind: "transition").first { $0["to_state"] == "error" }
            #expect(death?["cause"] == "the process ended: SIGKILL")
            #expect(death?["from_state"] == "running")
            #expect(death?["generation"] == 1)
            #expect(
                try states(manager, of: "victim", generation: 1) == [
                    "initializing", "initialized", "starting", "running", "error", "recovering",
                ]
            )

            try manager.publish([2])
            let signals = try manager.untilSignals(of: "victim", 2)
            #expect(signals.map { $0["sequence"] } == [1, 2])
            #expect(signals.map { $0["generation"] } == [1, 2])
            #expect(try manager.untilSignals(of: "bystander", 2).map { $0["generation"] } == [1, 1])
            #expect(try manager.status("bystander")["pid"] == bystander?["pid"])
        }
    }

    @Test func aFrozenWorkerIsReplaced() async throws {
        let config = """
            strategies:
              - {name: frozen, path: actor.swift, symbols: [X], health: {heartbeat_interval: 100ms, heartbeat_timeout: 3s}}
            """
        try await withManager(config) { manager in
            let before = try manager.until("frozen", "runs") { $0["state"] == "running" }
            kill(try pid(before), SIGSTOP)
            let after = try manager.until("frozen", "runs again") { $0["state"] == "running" && $0["generation"] == 2 }
            #expect(after["pid"] != before["pid"])
            let entries = try manager.entries(of: "frozen")
            let verdict = entries.first { $0["to_state"] == "error" }
            #expect(
                verdict?["cause"]?.stringValue?.hasPrefix("frozen: no heartbeat for 3") == true,
                "\(verdict?.text ?? "-")"
            )
            #expect(entries.contains { $0["cause"]?.stringValue?.hasPrefix("SIGKILL sent to process") == true })
            #expect(Leftovers.processes(with: manager.folder).allSatisfy { $0.pid != (try? pid(before)) })

            try manager.publish([1])
            #expect(try manager.untilSignals(of: "frozen", 1).first?["generation"] == 2)
        }
    }

    @Test func aStrategyThatCrashesOnStartEndsInError() async throws {
        let config = "supervisor: {restart_policy: {max_restarts: 3, backoff_base: 10ms, backoff_max: 20ms}}"
        try await withManager(config) { manager in
            let bystander = try manager.start(manager.actor, name: "bystander")["worker"]
            let start = try manager.cli(
                "start-strategy",
                manager.actor,
                "--name",
                "doomed",
                "--symbols",
                "X",
                "--param",
                "mode=crash"
            )
            #expect(start.code == 1)
            #expect(start.output == "")
            #expect(start.errors.contains("exit code 1"), "\(start.errors)")

            let status = try JSONValue(parsing: manager.cli("status", "doomed", "--json").output)
            #expect(status["state"] == "error")
            #expect(status["generation"] == 4)
            #expect(status["restarts"] == 3)
            #expect(status["pid"] == .null)
            #expect(status["last_error"]?.stringValue?.contains("exit code 1") == true)
            #expect(status["last_error"]?.stringValue?.contains("3 within 300 s") == true)
            let ends = try manager.entries(of: "doomed", kind: "transition").filter { $0["to_state"] == "error" }
            #expect(ends.map { $0["generation"] } == [1, 2, 3, 4])

            try manager.publish([1])
            _ = try manager.untilSignals(of: "bystander", 1)
            let now = try manager.status("bystander")
            #expect(now["pid"] == bystander?["pid"])
            #expect(now["restarts"] == 0)

            // A person may try again, with a whole budget; it does not help here.
            let again = try manager.cli("restart", "doomed")
            #expect(again.code == 1)
            #expect(try manager.status("doomed")["generation"] == 8)
        }
    }

    @Test func theErrorBudgetEndsAStrategy() async throws {
        try await withManager("supervisor: {error_budget: {errors: 3, window: 1h}}") { manager in
            try manager.start(manager.actor, name: "clumsy", params: ["mode": "throw"])
            try manager.start(manager.actor, name: "bystander")
            try manager.publish([1, 2, 3])
            try manager.asking("clumsy", until: "3 errors") { $0["errors_count"] == 3 }
            #expect(try manager.status("clumsy")["state"] == "running")

            try manager.publish([4, 5])
            let status = try manager.until("clumsy", "is in error and gone") {
                $0["state"] == "error" && $0["pid"] == .null
            }
            #expect(status["last_error"]?.stringValue?.contains("onBar") == true, "\(status.text)")
            #expect(status["last_error"]?.stringValue?.contains("bar 4 is bad") == true, "\(status.text)")
            #expect(status["generation"] == 1)
            #expect(try manager.untilSignals(of: "bystander", 5).count == 5)

            #expect(try manager.cli("restart", "clumsy").output == "clumsy running\n")
        }
    }

    @Test func aStuckStrategyIsBroughtDown() async throws {
        try await withManager("manager: {stop_grace: 100ms, terminate_grace: 100ms}") { manager in
            try manager.start(manager.actor, name: "stuck", params: ["mode": "stuck"])
            try manager.publish([1])
            let busy = try manager.asking("stuck", until: "is in its callback") {
                $0["metadata"]?["callback"] == "onBar"
            }
            #expect(busy["state"] == "running")
            #expect(try manager.cli("stop", "stuck").output == "stuck stopped\n")
            #expect(try manager.entries(of: "stuck").last { $0["kind"] == "transition" }?["cause"] == "SIGKILL")
        }
    }

    /// Writes a shell script that is started as a worker.
    private func script(_ body: String, _ manager: TestManager) throws -> String {
        let path = "\(manager.folder)/work/script"
        try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    @Test func aProgramThatNeverSpeaksIsGivenUpWithItsDescendants() async throws {
        let config = "{manager: {start_timeout: 200ms}, supervisor: {restart_policy: {max_restarts: 1}}}"
        try await withManager(config) { manager in
            let start = try manager.cli("start-strategy", script("sleep 1000 &\nexec sleep 1000", manager))
            #expect(start.code == 1)
            #expect(start.errors.contains("did not start within 0.2"), "\(start.errors)")
            #expect(try manager.status("script")["generation"] == 2)
            // Neither of them, nor what they have started, is left.
            #expect(!Leftovers.processes(with: manager.folder).contains { $0.command.hasPrefix("sleep") })
        }
    }

    @Test func exitCode125AsksForNoRestart() async throws {
        try await withManager { manager in
            let start = try manager.cli("start-strategy", script("exit 125", manager))
            #expect(start.code == 1)
            #expect(start.errors.contains("exit code 125"), "\(start.errors)")
            #expect(try manager.status("script")["generation"] == 1)
        }
    }

    @Test func whatCannotRunIsRefusedWithAReason() async throws {
        try await withManager { manager in
            func refusal(_ arguments: String...) throws -> String {
                let done = try manager.program(Build.program("quantcell"), ["start-strategy"] + arguments).finish()
                #expect(done.code == 1)
                #expect(done.output == "")
                return done.errors
            }
            let unknown = try refusal(manager.actor, "--name", "a", "--param", "mod=echo")
            #expect(unknown.contains("mod"))
            #expect(unknown.contains("mode"))
            #expect(try refusal(manager.actor, "--name", "b", "--param", "mode=7").contains("mode"))
            #expect(try refusal(manager.actor, "--name", "c", "--param", "mode=refuse").contains("not today"))
            #expect(try manager.status("c")["state"] == "error")
            #expect(try manager.status("c")["last_error"]?.stringValue?.contains("not today") == true)

            let broken = "\(manager.folder)/work/broken.swift"
            try "import StrategyKit\n\n@main final class Broken: Strategy {\n    let price: Int = \"high\"\n}\n"
                .write(toFile: broken, atomically: false, encoding: .utf8)
            #expect(try refusal(broken).contains("\(broken):4:22: error: "))
            #expect(throws: Refused.self) { try manager.status("broken") }

            let missing = try manager.cli("start-strategy", "nowhere.swift")
            #expect(missing.code == 66)
            #expect(missing.errors.contains("nowhere.swift"))
            let text = "\(manager.folder)/work/notes.txt"
            try "no program".write(toFile: text, atomically: false, encoding: .utf8)
            #expect(try refusal(text).contains("neither a .swift file, a .py file, a .so nor an executable program"))
        }
    }

    @Test func aStopWhileItCompilesIsAStop() async throws {
        try await withFolder { folder in
            // A compiler that goes on once the test says so.
            let gate = "\(folder.path)/work/gate"
            try #require(mkfifo(gate, 0o600) == 0)
            let compiler = "\(folder.path)/work/swiftc"
            try "#!/bin/sh\nread line <\(gate)\nexec /usr/bin/env swiftc \"$@\"\n".write(
                toFile: compiler,
                atomically: false,
                encoding: .utf8
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: compiler)
            let manager = try TestManager("manager: {swiftc: \(compiler)}", in: folder)

            let start = try manager.program(
                Build.program("quantcell"),
                ["start-strategy", manager.actor, "--name", "a"]
            )
            try manager.asking("the compiler's start") {
                try manager.ask(.list)["workers"]?.arrayValue?.isEmpty == false
            }
            let stop = try manager.program(Build.program("quantcell"), ["stop", "a"])
            try "go\n".write(toFile: gate, atomically: false, encoding: .utf8)
            #expect(try stop.finish().code == 0)
            #expect(try start.finish().code == 1)
            let left = try manager.ask(.list)["workers"]?.arrayValue ?? []
            #expect(left.allSatisfy { $0["state"] == "stopped" })
            try manager.stop()
        }
    }
}
