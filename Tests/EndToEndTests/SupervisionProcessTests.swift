import CLinux
import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// What a worker's process may use, what it may leave behind, and what it writes.
@Suite struct SupervisionProcessTests {
    /// Writes the strategy where a configuration finds it, and runs a manager.
    private func withConfiguration(_ config: String, _ body: @Sendable (TestManager) throws -> Void) async throws {
        try await withFolder { folder in
            try supervisedStrategy.write(toFile: "\(folder.path)/supervised.swift", atomically: false, encoding: .utf8)
            let manager = try TestManager(config, in: folder)
            try body(manager)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    // MARK: Trees

    @Test func nothingOfATreeIsLeft() async throws {
        try await withManager { manager in
            try manager.start(manager.supervised, name: "a", params: ["mode": "daemon"])
            func daemons(_ token: String, _ leader: Int32) -> [Int32] {
                Leftovers.processes(with: "QUANTCELL_TOKEN=\(token)").map(\.pid).filter { $0 != leader }
            }
            let first = try manager.status("a").pid
            let firstToken = try Processes.variable("QUANTCELL_TOKEN", of: first)
            try manager.asking("the daemon and its child") { daemons(firstToken, first).count == 2 }
            // In a session of its own, and no child of the worker's.
            let daemon = try #require(daemons(firstToken, first).min())
            #expect(getsid(daemon) != getsid(first))

            // A crash first: the next generation begins when nothing of the last is left.
            try manager.killProcess(of: "a")
            let second = try manager.until("a", runsAs: 2).pid
            #expect(Leftovers.processes(with: "QUANTCELL_TOKEN=\(firstToken)").isEmpty)
            let secondToken = try Processes.variable("QUANTCELL_TOKEN", of: second)
            #expect(secondToken != firstToken)
            try manager.asking("the daemon and its child") { daemons(secondToken, second).count == 2 }
            #expect(try manager.cli("stop", "a").output == "a stopped\n")
            #expect(Leftovers.processes(with: "QUANTCELL_TOKEN=\(secondToken)").isEmpty)
            try manager.asking("every end collected") { try Processes.zombies(of: manager.process.pid).isEmpty }
        }
    }

    @Test func theTreeOfAStrategyThatWasTakenOverGoesToo() async throws {
        try await withFolder { folder in
            let manager = try TestManager("", in: folder)
            try manager.start(manager.supervised, name: "a", params: ["mode": "daemon"])
            let token = try Processes.variable("QUANTCELL_TOKEN", of: manager.status("a").pid)
            try manager.asking("the daemon and its child") {
                Leftovers.processes(with: "QUANTCELL_TOKEN=\(token)").count == 3
            }
            let spares = try manager.crash()
            try manager.startAgain(folder)
            try manager.until("a", isIn: "running")
            for spare in spares { try Processes.end(of: spare, "a spare of the manager that was killed,") }
            try manager.ask(.stop, "a")
            #expect(Leftovers.processes(with: "QUANTCELL_TOKEN=\(token)").isEmpty)
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func theLadderEndsWhatDoesNotListen() async throws {
        try await withManager("manager: {stop_grace: 200ms, terminate_grace: 200ms}") { manager in
            try manager.start(manager.supervised, name: "a", params: ["mode": "stubborn"])
            try manager.publish([1])
            try manager.asking("a", until: "is in its callback") { $0["metadata"]?["callback"] == "onBar" }
            let pid = try manager.status("a").pid
            try manager.ask(.stop, "a")
            let entries = try manager.entries(of: "a")
            let steps = entries.compactMap { $0["cause"]?.stringValue }.filter { $0.contains(" sent to process ") }
            #expect(steps == ["SIGTERM sent to process \(pid)", "SIGKILL sent to process \(pid)"])
            // A stop is no crash.
            #expect(!entries.contains { $0["to_state"] == "error" })
            #expect(try manager.ask(.why, "a")["deaths"]?.arrayValue?.isEmpty == true)
            #expect(try manager.status("a")["restarts"] == 0)
        }
    }

    // MARK: Spares

    @Test func sparesThatDieIdleAreReplaced() async throws {
        try await withManager("pool: {min_size: 2, max_size: 2}") { manager in
            func spares() -> Set<Int32> {
                Set(
                    Leftovers.processes(with: manager.folder).filter { $0.command.contains("quantcell-worker") }
                        .map(\.pid)
                )
            }
            for _ in 0..<3 {
                try manager.asking("two idle spares") { try manager.ask(.ping)["spares"] == 2 && spares().count == 2 }
                let before = spares()
                for pid in before { kill(pid, SIGKILL) }
                try manager.asking("others in their place") { spares().count == 2 && spares().isDisjoint(with: before) }
            }
            // Nobody's death: no worker failed, and the next start finds one.
            try manager.start(manager.supervised, name: "a")
            #expect(try manager.entries(kind: "transition").allSatisfy { $0["to_state"] != "error" })
            try manager.asking("every end collected") { try Processes.zombies(of: manager.process.pid).isEmpty }
        }
    }

    // MARK: Output

    @Test func logsAreRotatedAndNoLineIsLost() async throws {
        let (bars, perBar) = (4, 2000)
        let config = """
            logs: {max_bytes: 64KiB, keep: 10}
            supervisor: {health: {heartbeat_interval: 50ms}}
            """
        try await withManager(config) { manager in
            try manager.start(
                manager.supervised,
                name: "chatty",
                params: ["mode": "print", "number": .integer(Int64(perBar))]
            )
            let path = "\(manager.data)/logs/chatty.log"
            /// Which file is at the path now.
            func file() -> ino_t? {
                var info = stat()
                return stat(path, &info) == 0 ? info.st_ino : nil
            }
            for bar in 1...bars {
                let before = file()
                try manager.publish([Double(bar)])
                _ = try manager.untilSignals(of: "chatty", bar)
                // Put aside, and noticed by the worker: until then it writes to the file that it has.
                try manager.asking("rotation \(bar)") { file().map { $0 != before } ?? false }
            }
            try manager.ask(.stop, "chatty")
            // One for each bar, or one more where a rotation came in the middle of one.
            let aside = (1...10).reversed().map { "\(path).\($0)" as String }
            let files = aside.filter { (file: String) in access(file, F_OK) == 0 } + [path]
            let numbers = try files.map { file in
                try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").filter {
                    $0.hasPrefix("line ")
                }
                .compactMap { Int($0.split(separator: " ")[1]) }
            }
            #expect(numbers.joined().elementsEqual(1...(bars * perBar)))
            #expect(numbers.count { !$0.isEmpty } > 1)
        }
    }

    /// A program of somebody else's holds on to its file, whoever renames it.
    @Test func theLogOfAForeignProgramIsBoundedAndSaysWhatItDrops() async throws {
        let count = 20_000
        try await withManager("logs: {max_bytes: 64KiB, keep: 1}") { manager in
            let program = "\(manager.folder)/work/chatty.sh"
            let script = """
                #!/bin/sh
                i=0
                while [ $i -lt \(count) ]; do
                    i=$((i + 1))
                    echo "line $i of a program that has much to say and says it over and over again"
                done
                exec sleep 1000
                """
            try script.write(toFile: program, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            try manager.ask(.start, nil, ["path": .string(program), "name": "chatty", "wait": false])
            let path = "\(manager.data)/logs/chatty.log"
            func lines() throws -> [Substring] {
                try String(contentsOfFile: path, encoding: .utf8).drop { $0 == "\0" }.split(separator: "\n")
            }
            try manager.asking("all is written, and the oldest dropped") {
                let isWritten = (try? lines())?.last?.hasPrefix("line \(count) ") == true
                var info = stat()
                return isWritten && stat(path, &info) == 0 && Int(info.st_blocks) * 512 <= 128 << 10
            }
            let left = try lines()
            let first = try #require(left.first.flatMap { Int($0.split(separator: " ")[1]) })
            #expect(left.map { Int($0.split(separator: " ")[1]) } == (first...count).map { $0 })
            #expect(first > 1)
            let notes = try manager.entries(of: "chatty", kind: "worker").compactMap { $0["detail"]?["dropped_bytes"] }
            #expect(!notes.isEmpty)
            // 'quantcell logs' begins with a line, not with what is no longer there.
            let shown = try manager.cli("logs", "chatty", "--lines", "\(count)")
            #expect(shown.lines.first == left.first)
            #expect(shown.lines.count == left.count)
            try manager.ask(.stop, "chatty")
        }
    }

    // MARK: systemd

    @Test func systemdIsToldHowItIs() async throws {
        try await withFolder { folder in
            var folder = folder
            let path = "\(folder.path)/notify"
            let news = try NewsSocket(path)
            folder.environment["NOTIFY_SOCKET"] = path
            folder.environment["WATCHDOG_USEC"] = "5000000"
            let manager = try TestManager("", in: folder)
            try manager.start(manager.supervised, name: "a")
            try news.wait(for: "READY=1")
            for _ in 0..<2 { try news.wait(for: "WATCHDOG=1") }
            // That address is for the manager alone.
            #expect(!Processes.text(try manager.status("a").pid, "environ").contains("NOTIFY_SOCKET"))
            #expect(try manager.stop() == .exited(code: 0))
            try news.wait(for: "STOPPING=1")
        }
    }
}

/// The socket on which systemd would listen.
private final class NewsSocket {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(descriptor >= 0 && bound == 0, "no socket at \(path)")
    }

    deinit {
        close(descriptor)
    }

    /// Reads datagrams up to the first with that line.
    func wait(for line: Substring) throws {
        let deadline = Deadline()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while deadline.wait(for: descriptor) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
            if text.split(separator: "\n").contains(line) { return }
        }
        throw Waited("systemd was not told \(line)")
    }
}
