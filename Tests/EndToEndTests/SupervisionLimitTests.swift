import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// What a worker's process may use, and what is known of one that wanted more.
@Suite struct SupervisionLimitTests {
    /// Writes the strategy where a configuration finds it, and runs a manager.
    private func withConfiguration(_ config: String, _ body: @Sendable (TestManager) throws -> Void) async throws {
        try await withFolder { folder in
            try supervisedStrategy.write(toFile: "\(folder.path)/supervised.swift", atomically: false, encoding: .utf8)
            let manager = try TestManager(config, in: folder)
            try body(manager)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func limitsAreTheKernels() async throws {
        let config = """
            strategies:
              - {name: limited, path: supervised.swift, limits: {open_files: 64, core_size: 0, nice: 3, cpu_affinity: [0]}}
              - {name: free, path: supervised.swift}
            """
        try await withConfiguration(config) { manager in
            let limited = try manager.until("limited", isIn: "running").pid
            let free = try manager.until("free", isIn: "running").pid
            func openFiles(_ pid: Int32) -> [Substring] {
                let line = Processes.text(pid, "limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
                return (line ?? "").split(separator: " ").dropFirst(3).prefix(2).map { $0 }
            }
            #expect(openFiles(limited) == ["64", "64"])
            #expect(openFiles(free) != ["64", "64"])
            #expect(try Processes.niceness(of: limited) == Processes.niceness(of: free) + 3)
            #expect(Processes.status(limited)["Cpus_allowed_list"] == "0")
            for pid in [limited, free] { #expect(Processes.status(pid)["NoNewPrivs"] == "1") }
            // A process that takes its place has them too.
            try manager.killProcess(of: "limited")
            #expect(openFiles(try manager.until("limited", runsAs: 2).pid) == ["64", "64"])
        }
    }

    @Test func aLimitThatCannotBeAppliedIsAnErrorAtTheStart() async throws {
        let config = """
            supervisor: {restart_policy: {max_restarts: 1, backoff_base: 10ms, backoff_max: 20ms}}
            strategies:
              - {name: nowhere, path: supervised.swift, limits: {cpu_affinity: [1023]}}
              - {name: nobody, path: supervised.swift, limits: {user: no-such-user}}
              - {name: fine, path: supervised.swift}
            """
        try await withConfiguration(config) { manager in
            for (name, reason) in [("nowhere", "1023"), ("nobody", "limits.user")] {
                try manager.asking("the end of the attempts of \(name)") {
                    let why = try? manager.ask(.why, name)
                    return why?["next"] == "nothing: it stays in error until somebody restarts it"
                }
                let status = try manager.status(name)
                #expect(status["last_error"]?.stringValue?.contains(reason) == true, "\(status.text)")
                #expect(status["pid"] == .null)
            }
            try manager.until("fine", isIn: "running")
        }
    }

    /// Whoever wants more than its limits dies of it, and `why` says of what.
    @Test func whoeverWantsMoreDiesOfIt() async throws {
        let config = """
            supervisor: {restart_policy: {mode: never}}
            strategies:
              - {name: memory, path: supervised.swift, symbols: [X], params: {mode: memory}, limits: {memory: 256MiB}}
              - {name: cpu, path: supervised.swift, symbols: [X], params: {mode: spin}, limits: {cpu_seconds: 1}}
              - {name: files, path: supervised.swift, symbols: [X], params: {mode: files}, limits: {open_files: 64}}
              - {name: free, path: supervised.swift, symbols: [X]}
            """
        try await withConfiguration(config) { manager in
            for name in ["memory", "cpu", "files", "free"] { try manager.until(name, isIn: "running") }
            try manager.publish([1])
            func death(_ name: String) throws -> JSONValue {
                try manager.until(name, "has failed") { $0["state"] == "error" && $0["pid"] == .null }
                return try #require(try manager.ask(.why, name)["deaths"]?.arrayValue?.first)
            }
            // Swift's allocator traps when the kernel gives it no more; the output says where.
            let memory = try death("memory")
            #expect(memory["exit"]?.stringValue?.hasPrefix("SIG") == true, "\(memory.text)")
            #expect(memory["callback"] == "onBar" || memory["callback"] == .null)
            #expect((memory["peak_resident_bytes"]?.integerValue ?? 0) < 300 << 20)

            // The kernel counts by ticks, and not quite as it accounts afterwards.
            let cpu = try death("cpu")
            #expect(cpu["exit"]?.stringValue?.hasPrefix("SIGXCPU") == true, "\(cpu.text)")
            #expect((cpu["cpu_user_seconds"]?.doubleValue ?? 0) + (cpu["cpu_system_seconds"]?.doubleValue ?? 0) > 0.5)
            #expect(
                try manager.status("cpu")["last_error"]?.stringValue?.contains("its processor time is used up") == true
            )

            // The last that it got is the last that there is.
            #expect(try death("files")["exit"] == "exit code 63")
            #expect(try manager.untilSignals(of: "free", 1).count == 1)
            #expect(try manager.status("free")["generation"] == 1)
        }
    }

    /// What needs a control group is there or is refused by name.
    @Test func memoryAndProcessorsOfAControlGroup() async throws {
        let config = """
            supervisor: {restart_policy: {max_restarts: 1, backoff_base: 10ms, backoff_max: 20ms}}
            strategies:
              - {name: held, path: supervised.swift, limits: {physical_memory: 512MiB, cpus: 0.5}}
            """
        try await withConfiguration(config) { manager in
            var status = JSONValue.null
            try manager.asking("'held' runs or has failed for good") {
                // In this order: a state that is read before the end of the story may be one from the middle of it.
                let why = try? manager.ask(.why, "held")
                status = (try? manager.status("held")) ?? .null
                return status["state"] == "running"
                    || why?["next"] == "nothing: it stays in error until somebody restarts it"
            }
            if status["state"] == "running" {
                let own = Processes.text(try status.pid, "cgroup").split(separator: "\n").first { $0.hasPrefix("0::") }
                let mount = Processes.text(getpid(), "mountinfo").split(separator: "\n").first {
                    $0.contains(" - cgroup2 ")
                }
                let path = "\(mount?.split(separator: " ")[4] ?? "")\(own?.dropFirst(3) ?? "")"
                #expect(try String(contentsOfFile: path + "/memory.max", encoding: .utf8) == "\(512 << 20)\n")
                #expect(try String(contentsOfFile: path + "/cpu.max", encoding: .utf8) == "50000 100000\n")
            } else {
                let error = status["last_error"]?.stringValue ?? ""
                #expect(error.contains("'limits.physical_memory'") && error.contains("control group"), "\(error)")
            }
        }
    }

    /// It grows back as fast as it is killed member by member, leaves its session, and ends by itself only after a minute.
    private static let bomb = """
        #!/usr/bin/perl
        use POSIX;
        my $end = time + 60;
        while (time < $end) {
            my $child = fork;
            if (!defined $child) { select(undef, undef, undef, 0.002) }
            elsif ($child == 0) { POSIX::setsid() if rand() < 0.3 }
            elsif (rand() < 0.01) { exit 0 if $$ != $ENV{LEADER} }
            $ENV{LEADER} //= $$;
        }
        """

    @Test(.enabled(if: access("/usr/bin/perl", X_OK) == 0, "perl is missing"))
    func aForkBombIsHeldAndLeavesNothing() async throws {
        // The kernel does not hold root to it. Whoever runs the test otherwise has processes of their own.
        let uid = geteuid()
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        let threads = all.filter { Processes.status($0)["Uid"]?.hasPrefix("\(uid)\t") == true }
            .compactMap { Int(Processes.status($0)["Threads"] ?? "") }.reduce(0, +)
        let limits = uid == 0 ? "{processes: 40, user: nobody}" : "{processes: \(threads + 60)}"
        let config = "manager: {stop_grace: 200ms, terminate_grace: 200ms}\nsupervisor: {limits: \(limits)}"
        try await withFolder { folder in
            let manager = try TestManager(config, in: folder)
            let path = "\(folder.path)/work/bomb"
            try Self.bomb.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            try manager.ask(.start, nil, ["path": .string(path), "name": "bomb", "wait": false])
            func bombs() -> Int { Leftovers.processes(with: "QUANTCELL_WORKER_ID=bomb").count }
            try manager.asking("it has grown") { bombs() >= 20 }
            for _ in 0..<20 { #expect(bombs() <= 60) }
            try manager.ask(.stop, "bomb")
            #expect(bombs() == 0)
            #expect(try manager.status("bomb")["state"] == "stopped")
            try manager.asking("every end collected") { try Processes.zombies(of: manager.process.pid).isEmpty }
            #expect(try manager.stop() == .exited(code: 0))
        }
    }
}
