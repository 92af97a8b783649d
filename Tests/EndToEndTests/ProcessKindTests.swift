import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol
import ZeroMQ

/// Programs that do not speak the protocol at all: `kind: process`.
@Suite struct ProcessKindTests {
    /// Says what it was started with, and how it is asked to end.
    private static let program = """
        #!/bin/sh
        trap 'echo told to end; exit 0' TERM
        echo "arguments: $*"
        echo "colour: $COLOUR"
        echo "variables: $(env | sed -n 's/^\\(QUANTCELL_[A-Z_]*\\)=.*/\\1/p' | sort | tr '\\n' ' ')"
        echo ready
        while :; do sleep 1000 & wait; done
        """

    private func write(_ text: String, _ name: String, in folder: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func start(_ manager: TestManager, _ arguments: String...) throws -> Finished {
        try manager.program(Build.program("quantcell"), ["start-strategy", "--kind", "process"] + arguments).finish()
    }

    /// The command lines of what a manager has started, but for programs of ours.
    private func programs(_ manager: TestManager) -> [String] {
        Leftovers.processes(with: manager.folder).map(\.command).filter { !$0.contains("quantcell-") }
    }

    private func log(_ manager: TestManager, _ worker: String) throws -> [String] {
        try manager.cli("logs", worker, "--lines", "100000").output.split(separator: "\n").map(String.init)
    }

    @Test func itIsStartedWithWhatItIsGivenAndStoppedBySIGTERM() async throws {
        try await withManager("supervisor: {ready_after: 200ms}") { manager in
            let path = try write(Self.program, "gateway.sh", in: manager.folder)
            let done = try start(manager, path, "--env", "COLOUR=red=green", "--", "--paper", "two words")
            #expect(done.output == "gateway\n", "\(done.errors)")
            let status = try manager.status("gateway")
            #expect(status["kind"] == "process")
            #expect(status["state"] == "running")
            #expect(status["data_types"] == [])
            #expect(status["last_heartbeat"] == .null)
            #expect(status["metadata"]?["arguments"] == ["--paper", "two words"])
            #expect((status["metadata"]?["usage"]?["resident_bytes"]?.integerValue ?? 0) > 0)
            let lines = try log(manager, "gateway")
            #expect(lines.contains("arguments: --paper two words"))
            #expect(lines.contains("colour: red=green"))
            // Enough to find its manager with the command line, and its process; nothing of the protocol.
            let names = "QUANTCELL_GENERATION QUANTCELL_RUNTIME_DIR QUANTCELL_TOKEN QUANTCELL_WORKER_ID"
            #expect(lines.contains("variables: \(names) "), "\(lines)")
            #expect(try manager.cli("list").output.contains(/gateway +process +running/))
            #expect(try manager.cli("status", "gateway").output.contains(/kind +process/))
            #expect(try manager.cli("why", "gateway").output.contains("its process lives"))

            for command in ["pause", "resume"] {
                let refused = try manager.cli(command, "gateway")
                #expect(refused.code == 1)
                #expect(refused.errors.contains("'gateway' is a process"), "\(refused.errors)")
            }
            #expect(throws: Refused.self) { try manager.ask(.checkpoint, "gateway", ["op": "save"]) }
            #expect(throws: Refused.self) { try manager.ask(.replay, "gateway", ["since_ns": 0]) }

            let pid = try status.pid
            #expect(try manager.cli("stop", "gateway").output == "gateway stopped\n")
            // And so are those that it has started.
            #expect(programs(manager) == [])
            #expect(!Processes.isAlive(pid))
            #expect(try log(manager, "gateway").last == "told to end")
            let transitions = try manager.transitions(of: "gateway")
            #expect(
                transitions.compactMap { $0["to_state"]?.stringValue }
                    == ["initializing", "initialized", "starting", "running", "stopping", "stopped"]
            )
            #expect(transitions[3]["cause"] == "its process has lived for 0.2 s")
            #expect(transitions.last?["cause"] == "exit code 0")
        }
    }

    @Test func killedItIsRestartedByThePolicy() async throws {
        let config = """
            supervisor:
              ready_after: 50ms
              restart_policy: {max_restarts: 2, backoff_base: 10ms, backoff_max: 10ms, jitter: 0}
            """
        try await withManager(config) { manager in
            let path = try write(Self.program, "p.sh", in: manager.folder)
            #expect(try start(manager, path).code == 0)
            for generation in 2...3 {
                try manager.killProcess(of: "p")
                try manager.until("p", runsAs: Int64(generation))
            }
            try manager.killProcess(of: "p")
            try manager.until("p", "has given up") {
                $0["state"] == "error" && $0["last_error"]?.stringValue?.contains("budget") == true
            }
            let why = try manager.ask(.why, "p")
            let death = try #require(why["deaths"]?.arrayValue?.first)
            #expect(death["exit"] == "SIGKILL")
            #expect(death["log_tail"]?.stringValue?.contains("ready") == true, "\(death.text)")
            #expect(try manager.cli("restart", "p").code == 0)
            #expect(try manager.status("p")["generation"] == 4)
        }
    }

    @Test func oneThatIgnoresSIGTERMIsKilledAfterItsGrace() async throws {
        try await withManager("manager: {stop_grace: 100ms}\nsupervisor: {ready_after: 0}") { manager in
            let text = "#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 1000 & wait; done\n"
            let path = try write(text, "stubborn.sh", in: manager.folder)
            #expect(try start(manager, path).code == 0)
            // It has to have come to ignore the signal.
            try manager.asking("it is ready") { try log(manager, "stubborn").contains("ready") }
            #expect(try manager.cli("stop", "stubborn").code == 0)
            #expect(try manager.transitions(of: "stubborn").last?["cause"] == "SIGKILL")
            let steps = try manager.entries(of: "stubborn", kind: "worker").compactMap { $0["cause"]?.stringValue }
                .filter { $0.hasPrefix("SIG") }.map { String($0.prefix { $0 != " " }) }
            #expect(steps == ["SIGTERM", "SIGKILL"])
        }
    }

    /// A worker that should beat and does not is condemned after its timeout; a process that stands still for as long is not.
    @Test func noVerdictFallsOnItHoweverLongItStandsStill() async throws {
        let config = """
            supervisor: {ready_after: 0, health: {heartbeat_interval: 50ms, heartbeat_timeout: 300ms, starved_timeout: 1s}}
            """
        try await withManager(config) { manager in
            let path = try write(Self.program, "p.sh", in: manager.folder)
            #expect(try start(manager, path).code == 0)
            try manager.start(manager.actor, name: "talker")
            let still = try manager.status("p").pid
            kill(still, SIGSTOP)
            kill(try manager.status("talker").pid, SIGSTOP)
            try manager.until("talker", runsAs: 2)
            let status = try manager.status("p")
            #expect(status["state"] == "running")
            #expect(status["generation"] == 1)
            #expect(try status.pid == still)
            #expect(status["metadata"]?["verdicts"] == nil)
            kill(still, SIGCONT)
            #expect(try manager.cli("stop", "p").code == 0)
        }
    }

    @Test func itGoesOnWithoutAManagerAndIsTakenOver() async throws {
        try await withFolder { folder in
            let config = "supervisor: {ready_after: 100ms, orphan_lease: 1s}"
            let manager = try TestManager(config, in: folder)
            let path = try write(Self.program, "p.sh", in: folder.path)
            #expect(try start(manager, path, "--env", "COLOUR=blue", "--", "one").code == 0)
            let before = try manager.status("p")
            let spares = try manager.crash()
            #expect(Processes.isAlive(try before.pid))
            try manager.startAgain(folder)
            let after = try manager.until("p", isIn: "running")
            for key in ["pid", "generation", "restarts", "started_at", "kind"] {
                #expect(after[key] == before[key], "\(key) of \(after.text)")
            }
            // It is still a process, and started anew with what it was given at first.
            try manager.killProcess(of: "p")
            try manager.until("p", runsAs: 2)
            try manager.asking("the second one is ready") { try log(manager, "p").count { $0 == "ready" } == 2 }
            #expect(try log(manager, "p").count { $0 == "arguments: one" } == 2)
            #expect(try log(manager, "p").count { $0 == "colour: blue" } == 2)
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }

            // What is wanted is durable, also over a clean end.
            #expect(try manager.stop() == .exited(code: 0))
            #expect(programs(manager) == [])
            try manager.startAgain(folder)
            #expect(try manager.until("p", isIn: "running")["kind"] == "process")
            try manager.asking("the third one is ready") { try log(manager, "p").count { $0 == "colour: blue" } == 3 }
            #expect(try manager.cli("stop", "p").code == 0)
            #expect(try manager.stop() == .exited(code: 0))
            try manager.startAgain(folder)
            #expect(try manager.ask(.list)["workers"] == [])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// It would never say that it is there: whoever comes next must know of it, or there would be two.
    @Test func oneThatWasStillStartingIsTakenOverToo() async throws {
        try await withFolder { folder in
            let manager = try TestManager("supervisor: {ready_after: 1m}\nmanager: {start_timeout: 1s}", in: folder)
            let path = try write(Self.program, "p.sh", in: folder.path)
            #expect(try start(manager, path, "--no-wait").code == 0)
            let pid = try manager.until("p", isIn: "starting").pid
            let spares = try manager.crash()
            try manager.startAgain(folder)
            let status = try manager.until("p", isIn: "running")
            #expect(try status.pid == pid)
            #expect(status["generation"] == 1)
            #expect(programs(manager).count { $0.contains("p.sh") } == 1)
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.cli("stop", "p").code == 0)
            #expect(programs(manager) == [])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func theConfigurationNamesThemToo() async throws {
        try await withFolder { folder in
            _ = try write(Self.program, "gateway.sh", in: folder.path)
            let config = """
                strategies:
                  - name: gateway
                    kind: process
                    path: gateway.sh
                    arguments: [--port, 4002]
                    environment: {COLOUR: "secret red"}
                    ready_after: 0
                    limits: {open_files: 64, nice: 2}
                    restart_policy: {mode: on-failure}
                """
            let manager = try TestManager(config, in: folder)
            let pid = try manager.until("gateway", isIn: "running").pid
            try manager.asking("it is ready") { try log(manager, "gateway").contains("ready") }
            #expect(try log(manager, "gateway").contains("arguments: --port 4002"))
            #expect(try log(manager, "gateway").contains("colour: secret red"))
            #expect(Processes.text(pid, "limits").contains(/Max open files +64 +64/))
            #expect(Processes.status(pid)["NoNewPrivs"] == "1")
            // Secrets of the configuration file are in no other.
            #expect(try manager.stop() == .exited(code: 0))
            for file in try FileManager.default.contentsOfDirectory(atPath: manager.data)
            where file.hasPrefix("journal") {
                let bytes = try #require(FileManager.default.contents(atPath: "\(manager.data)/\(file)"))
                #expect(bytes.range(of: Data("secret red".utf8)) == nil, "\(file)")
            }
        }
    }

    @Test func oneThatHasDoneItsWorkIsStoppedAndNotStartedAgain() async throws {
        try await withManager("supervisor: {ready_after: 10s, restart_policy: {mode: on-failure}}") { manager in
            let path = try write("#!/bin/sh\necho done\n", "once.sh", in: manager.folder)
            let done = try start(manager, path)
            #expect(done.code == 0, "\(done.errors)")
            #expect(try manager.status("once")["state"] == "stopped")
            #expect(try manager.transitions(of: "once").last?["cause"] == "ended by itself: exit code 0")
        }
    }

    @Test func oneThatFailsBeforeItCountsAsRunningIsAnErrorOfTheStart() async throws {
        let config = "supervisor: {ready_after: 10s, restart_policy: {max_restarts: 1, backoff_base: 0}}"
        try await withManager(config) { manager in
            let path = try write("#!/bin/sh\necho wrong option >&2\nexit 3\n", "wrong.sh", in: manager.folder)
            let done = try start(manager, path)
            #expect(done.code == 1)
            #expect(done.errors.contains("exit code 3"), "\(done.errors)")
            #expect(try manager.status("wrong")["restarts"] == 1)
            #expect(try !manager.transitions(of: "wrong").contains { $0["to_state"] == "running" })
        }
    }

    /// What cannot be had is an error at the start, with its reason, and is not tried again and again.
    @Test func whatCannotBeStartedSaysWhy() async throws {
        let config = """
            supervisor: {ready_after: 30s}
            strategies:
              - {name: nowhere, kind: process, path: /bin/sleep, arguments: [1000], limits: {cpu_affinity: [1023]}}
            """
        try await withManager(config) { manager in
            let status = try manager.until("nowhere", isIn: "error")
            #expect(status["last_error"]?.stringValue?.contains("1023") == true, "\(status.text)")
            #expect(status["generation"] == 1)

            let script = try write("#!/nowhere/sh\n", "script.sh", in: manager.folder)
            let failed = try start(manager, script)
            #expect(failed.code == 1)
            #expect(failed.errors.contains("cannot start \(script)"), "\(failed.errors)")
            let data = "\(manager.folder)/data.txt"
            try "no program".write(toFile: data, atomically: false, encoding: .utf8)
            let refusals: [([String], String)] = [
                ([data], "cannot execute"),
                (["/bin/sleep", "--symbols", "X"], "a process receives no market data"),
                (["/bin/sleep", "--param", "a=1"], "a process receives no market data"),
                (["/bin/sleep", "--env", "QUANTCELL_TOKEN=x"], "QUANTCELL_"),
                (["/nowhere/x"], "cannot read /nowhere/x"),
            ]
            for (arguments, reason) in refusals {
                let done = try manager.program(
                    Build.program("quantcell"),
                    ["start-strategy", "--kind", "process"] + arguments
                ).finish()
                #expect(done.code == 1 && done.errors.contains(reason), "\(arguments): \(done.errors)")
            }
            let unknown = try manager.cli("start-strategy", "--kind", "thing", "/bin/sleep")
            #expect(unknown.code == 1 && unknown.errors.contains("one of strategy, process"), "\(unknown.errors)")
            let hosted = try manager.cli("start-strategy", manager.actor, "--", "argument")
            #expect(hosted.code == 1 && hosted.errors.contains("'arguments'"), "\(hosted.errors)")
        }
    }

    /// What speaks in its name is refused: it has nothing to say.
    @Test func messagesInItsNameChangeNothing() async throws {
        try await withManager("supervisor: {ready_after: 0}") { manager in
            let path = try write(Self.program, "p.sh", in: manager.folder)
            #expect(try start(manager, path).code == 0)
            let text = #"{"msg_type":"error","worker_id":"p","generation":1,"payload":{"message":"x","fatal":true}}"#
            let signal = #"{"msg_type":"signal","worker_id":"p","generation":1,"payload":{"signal_id":"a","name":"b"}}"#
            try Peer.push([text, signal], to: "ipc://\(manager.runtime)/status.sock")
            try manager.asking("they are refused") { try manager.ask(.ping)["refused_messages"] == 2 }
            #expect(try manager.status("p")["state"] == "running")
            #expect(try manager.signals().isEmpty)
        }
    }

    /// Its output goes to a file that it holds open; that is bounded nonetheless, and no line of what is kept is cut.
    @Test func itsLogIsBounded() async throws {
        try await withManager("supervisor: {ready_after: 0}\nlogs: {max_bytes: 64KiB, keep: 1}") { manager in
            let text = """
                #!/bin/sh
                i=0
                while [ $i -lt 12000 ]; do i=$((i+1)); echo "line $i of a log that is longer than may be kept"; done
                echo end
                exec sleep 1000
                """
            let path = try write(text, "talker.sh", in: manager.folder)
            #expect(try start(manager, path).code == 0)
            _ = try manager.until("its oldest lines are dropped") { () -> JSONValue? in
                try manager.entries(of: "talker", kind: "worker").first {
                    $0["cause"]?.stringValue?.hasPrefix("its log is full") == true
                }
            }
            try manager.asking("it has written everything") { try log(manager, "talker").last == "end" }
            let lines = try log(manager, "talker")
            #expect(lines.allSatisfy { $0 == "end" || $0.hasPrefix("line ") && $0.hasSuffix("may be kept") })
            #expect(lines.dropLast().suffix(1000).first == "line 11001 of a log that is longer than may be kept")
        }
    }
}

/// Somebody who sends what is no worker's to say.
private enum Peer {
    static func push(_ messages: [String], to address: String) throws {
        let socket = try Socket(Context(), .push)
        try socket.set(.linger, 1000)
        try socket.connect(address)
        for message in messages { try socket.send([Array(message.utf8)], wait: true) }
    }
}
