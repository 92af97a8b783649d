import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// The manager may die: strategies go on without it, and a new one takes them over.
@Suite struct SupervisionAdoptionTests {
    @Test func aKilledManagersStrategiesAreTakenOverAsTheyAre() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            for name in ["a", "b"] { try manager.start(manager.supervised, name: name) }
            try manager.publish([1])
            for name in ["a", "b"] { _ = try manager.untilSignals(of: name, 1) }
            try manager.ask(.pause, "b")
            let before = try ["a", "b"].map(manager.status)
            let spares = try manager.crash()
            for status in before { #expect(Processes.isAlive(try status.pid)) }

            try manager.startAgain(folder)
            let after = [
                try manager.until("a", isIn: "running"), try manager.until("b", isIn: "paused"),
            ]
            for (before, after) in zip(before, after) {
                for key in ["pid", "generation", "restarts", "symbols", "started_at"] {
                    #expect(after[key] == before[key], "\(key) of \(after.text)")
                }
            }

            try manager.untilSubscribed(2)
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "a", 2).map { $0["sequence"] } == [1, 2])
            try manager.ask(.resume, "b")
            let signals = try manager.untilSignals(of: "b", 2)
            #expect(signals.map { $0["sequence"] } == [1, 2])
            #expect(signals.map { $0["generation"] } == [1, 1])

            // It is supervised as before, though it is nobody's child.
            try manager.killProcess(of: "a")
            try manager.until("a", runsAs: 2)
            #expect(try manager.cli("stop", "b").output == "b stopped\n")
            #expect(!Processes.isAlive(try before[1].pid))
            #expect(try manager.transitions(of: "b").last?["to_state"] == "stopped")
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func whatDiedWhileNobodyWatchedIsStartedAnew() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            for name in ["dead", "alive"] { try manager.start(manager.supervised, name: name) }
            let (dead, alive) = (try manager.status("dead").pid, try manager.status("alive").pid)
            try manager.publish([1])
            for name in ["dead", "alive"] { _ = try manager.untilSignals(of: name, 1) }
            let spares = try manager.crash()
            kill(dead, SIGKILL)
            try Processes.end(of: dead, "killed")

            try manager.startAgain(folder)
            let status = try manager.until("dead", isIn: "running")
            #expect(status["generation"] == 2)
            #expect(try status.pid != dead)
            #expect(try manager.until("alive", isIn: "running").pid == alive)
            let notes = try manager.entries(of: "dead", kind: "worker").compactMap { $0["cause"]?.stringValue }
            #expect(
                notes.contains { $0.contains("process \(dead) of an earlier manager is not taken over") },
                "\(notes)"
            )
            try manager.untilSubscribed(2)
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "dead", 2).map { $0["generation"] } == [1, 2])
            #expect(try manager.untilSignals(of: "alive", 2).map { $0["generation"] } == [1, 1])
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    private static let nextPID = "/proc/sys/kernel/ns_last_pid"

    /// A stranger who has got the pid of a worker that died unseen has nothing to fear.
    @Test(.enabled(if: access(nextPID, W_OK) == 0, "only root can choose the next pid"))
    func whoHasThePidOfADeadWorkerIsLeftAlone() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.supervised, name: "a")
            let pid = try manager.status("a").pid
            let spares = try manager.crash()
            kill(pid, SIGKILL)
            try Processes.end(of: pid, "killed")
            let stranger = try Self.stranger(pid)
            defer {
                try? stranger.send(.kill)
                _ = try? stranger.end("the stranger")
            }

            try manager.startAgain(folder)
            let status = try manager.until("a", isIn: "running")
            #expect(status["generation"] == 2)
            let notes = try manager.entries(of: "a", kind: "worker").compactMap { $0["cause"]?.stringValue }
            let note = "process \(pid) of an earlier manager is not taken over:"
            #expect(
                notes.contains { $0.hasPrefix(note) && $0.contains("the pid belongs to another process by now") },
                "\(notes)"
            )
            try manager.ask(.stop, "a")
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
            // Neither stopped nor ended, by nobody.
            #expect(Processes.status(stranger.pid)["State"]?.hasPrefix("S") == true)
        }
    }

    /// A process with that pid, which nobody has as soon as init has collected whoever had it; others may be faster to take it.
    private static func stranger(_ pid: Int32) throws -> ChildProcess {
        let deadline = Deadline()
        while access("/proc/\(pid)", F_OK) == 0, !deadline.hasPassed {}
        for _ in 0..<200 {
            let file = open(nextPID, O_WRONLY)
            defer { close(file) }
            let number = "\(pid - 1)"
            guard write(file, number, number.utf8.count) == number.utf8.count else { continue }
            let child = try ChildProcess.spawn(
                SpawnRequest(executable: "/bin/sleep", arguments: ["1000"], output: .discard)
            )
            if child.pid == pid { return child }
            try child.send(.kill)
            _ = try child.end("not the stranger")
        }
        throw Waited("nobody got pid \(pid)")
    }

    @Test func whatShouldRunComesBackAfterACleanStop() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.supervised, name: "wanted", params: ["number": 7])
            for name in ["stopped", "paused"] { try manager.start(manager.supervised, name: name) }
            try manager.ask(.stop, "stopped")
            try manager.ask(.pause, "paused")
            #expect(try manager.stop() == .exited(code: 0))
            #expect(Leftovers.processes(with: folder.path).isEmpty)

            try manager.startAgain(folder)
            let status = try manager.until("wanted", isIn: "running")
            #expect(status["generation"] == 2)
            #expect(status["metadata"]?["params"]?["number"] == 7)
            #expect(try manager.until("paused", isIn: "paused")["generation"] == 2)
            let ids = try manager.ask(.list)["workers"]?.arrayValue?.compactMap { $0["worker_id"]?.stringValue } ?? []
            #expect(ids.sorted() == ["paused", "wanted"])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Its heartbeats come back a little before its ear for commands does.
    @Test func whatIsSaidRightAfterATakeOverIsHeard() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            let names = ["a", "b", "c"]
            for name in names { try manager.start(manager.supervised, name: name) }
            let spares = try manager.crash()
            try manager.startAgain(folder)
            for name in names { try manager.until(name, isIn: "running") }
            for name in names { try manager.ask(.pause, name) }
            for name in names { #expect(try manager.status(name)["state"] == "paused") }
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// Also one that died, and whose next manager died before it ran again.
    @Test func whatWasPausedIsPausedUnderALaterManager() async throws {
        try await withFolder { folder in
            let gate = "\(folder.path)/gate"
            let manager = try TestManager("", in: folder)
            try manager.start(manager.supervised, name: "a", params: ["gate": .string(gate)])
            try manager.ask(.pause, "a")
            let pid = try manager.status("a").pid
            var spares = try manager.crash()
            kill(pid, SIGKILL)
            try Processes.end(of: pid, "killed")
            close(creat(gate, 0o600))
            try manager.startAgain(folder)
            try manager.until("a", isIn: "error")
            spares += try manager.crash()
            unlink(gate)
            try manager.startAgain(folder)
            #expect(try manager.until("a", isIn: "paused")["generation"] == 3)
            for spare in spares { try Processes.end(of: spare, "a spare of a manager that was killed,") }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func strategiesMayBeLeftRunning() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder, ["--leave-running"])
            try manager.start(manager.supervised, name: "a")
            let before = try manager.status("a")
            try manager.publish([1])
            _ = try manager.untilSignals(of: "a", 1)
            #expect(try manager.stop() == .exited(code: 0))
            // The spares are gone: nobody could use them.
            #expect(try Leftovers.processes(with: folder.path).map(\.pid) == [before.pid])

            try manager.startAgain(folder)
            let after = try manager.until("a", isIn: "running")
            #expect(after["pid"] == before["pid"])
            #expect(after["generation"] == 1)
            try manager.untilSubscribed(1)
            try manager.publish([2])
            #expect(try manager.untilSignals(of: "a", 2).map { $0["generation"] } == [1, 1])
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    /// While the manager closes, those whom it leaves running go on speaking to it.
    @Test func whoeverIsLeftRunningIsNotSentAwayByAManagerThatTakesLongToClose() async throws {
        try await withFolder { folder in
            let mute = "\(folder.path)/work/mute.sh"
            // It never says that it runs, so it is not left running, and it takes a second to end it.
            try "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n".write(
                toFile: mute,
                atomically: false,
                encoding: .utf8
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: mute)
            let config = """
                manager: {start_timeout: 1m, stop_grace: 500ms, terminate_grace: 500ms}
                supervisor: {health: {heartbeat_interval: 20ms}}
                """
            let manager = try TestManager(config, in: folder, ["--leave-running"])
            try manager.start(manager.supervised, name: "a")
            let pid = try manager.status("a").pid
            try manager.ask(.start, nil, ["path": .string(mute), "name": "mute", "wait": false])
            _ = try manager.untilEvent("transition.mute", "its process") { $0["to_state"] == "initializing" }
            #expect(try manager.stop() == .exited(code: 0))
            #expect(Leftovers.processes(with: folder.path).map(\.pid) == [pid])

            try manager.startAgain(folder)
            #expect(try manager.until("a", isIn: "running").pid == pid)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func withoutAManagerWorkersEndByThemselves() async throws {
        try await withFolder { folder in
            let manager = try TestManager("supervisor: {orphan_lease: 1s}", in: folder)
            let farewells = ["a", "b"].map { "\(folder.path)/work/farewell-\($0)" }
            for (name, farewell) in zip(["a", "b"], farewells) {
                try manager.start(manager.supervised, name: name, params: ["farewell": .string(farewell)])
            }
            try manager.ask(.pause, "b")
            try manager.crash()
            let orphans = Leftovers.processes(with: folder.path).map(\.pid)
            #expect(orphans.count >= 2)
            for orphan in orphans { try Processes.end(of: orphan, "an orphan") }
            for farewell in farewells { #expect(access(farewell, F_OK) == 0, "no onStop") }
            #expect(Leftovers.processes(with: folder.path).isEmpty)
        }
    }

    @Test func aManagerThatStoodStillBlamesNobody() async throws {
        let names = (1...20).map { "w\($0)" }
        let config = """
            manager: {max_workers: 20}
            supervisor: {health: {heartbeat_interval: 100ms, heartbeat_timeout: 2s}}
            strategies:
            \(names.map { "  - {name: \($0), path: supervised.swift, symbols: [X]}\n" }.joined())
            """
        try await withFolder { folder in
            try supervisedStrategy.write(toFile: "\(folder.path)/supervised.swift", atomically: false, encoding: .utf8)
            let manager = try TestManager(config, in: folder)
            let pids = try names.map { try manager.until($0, isIn: "running").pid }
            // For far longer than the time after which somebody is suspected, and for a little longer: then deadlines have passed of which
            // it cannot tell by its own lateness that it was away.
            for seconds in [10, 2.1, 2.4, 2.7] {
                try manager.process.send(.stop)
                // That time passes is the whole point; nothing else happens meanwhile, or this fails.
                #expect(!Deadline(within: .seconds(seconds)).wait(for: manager.process.pidFileDescriptor))
                #expect(Processes.status(manager.process.pid)["State"]?.hasPrefix("T") == true)
                try manager.process.send(.cont)
                _ = try manager.ask(.ping)
            }
            // It knows of itself, and says so.
            let lag = try #require(manager.ask(.ping)["loop_lag"])
            #expect((lag["worst_seconds"]?.doubleValue ?? 0) > 8, "\(lag.text)")
            #expect(
                try manager.entries(kind: "manager").contains {
                    $0["cause"]?.stringValue?.hasPrefix("the manager stood still for ") == true
                }
            )
            // Two more heartbeats of each: whatever was to be concluded has been.
            for _ in 0..<2 {
                for name in names {
                    let last = try manager.status(name)["last_heartbeat"]
                    try manager.asking(name, until: "is heard from") { $0["last_heartbeat"] != last }
                }
            }
            for (name, pid) in zip(names, pids) {
                let status = try manager.status(name)
                #expect(status["generation"] == 1)
                #expect(status["state"] == "running")
                #expect(try status.pid == pid)
                #expect(try manager.transitions(of: name).count == 4)
                #expect(
                    try !manager.entries(of: name).contains { $0["cause"]?.stringValue?.contains("frozen") == true }
                )
            }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }
}
