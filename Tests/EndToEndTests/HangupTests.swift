import Foundation
import Glibc
import ProcessControl
import Testing
import WireProtocol

/// A manager that was started from a terminal, when the terminal closes or somebody hangs up: only who asks for it has the configuration
/// read again.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: ManagerInTerminal.script), "script is not installed"))
struct HangupTests {
    private static func config(_ names: [String], _ folder: TestFolder) -> String {
        let strategies = names.map { "  - {name: \($0), path: \(folder.actor), symbols: [X]}" }
        return "pool: {min_size: 0}\nstrategies:\n\(strategies.joined(separator: "\n"))\n"
    }

    /// What the journal says that was done with configurations.
    private static func configurations(_ manager: TestManager) throws -> [String] {
        try manager.entries(kind: "manager").compactMap { $0["cause"]?.stringValue }.filter {
            $0.hasPrefix("configuration ")
        }
    }

    @Test func aTerminalThatClosesStopsTheManagerInGoodOrder() async throws {
        try await withFolder { folder in
            let first = try ManagerInTerminal(Self.config(["a", "b"], folder), in: folder)
            try first.until("a", isIn: "running")
            try first.until("b", isIn: "running")
            // It would stop one and start another, if it were read.
            let next = Self.config(["b", "c"], folder)
            try next.write(toFile: first.configuration, atomically: true, encoding: .utf8)
            try first.closeTerminal()
            try Processes.end(of: first.pid, "the manager")

            let manager = try TestManager(next, in: folder)
            #expect(try Self.configurations(manager) == [])
            for name in ["a", "b"] {
                // Neither killed nor left behind.
                let end = try #require(try manager.transitions(of: name).last { $0["generation"] == 1 })
                #expect(end["to_state"] == "stopped")
                #expect(end["cause"] == "exit code 0")
            }
            let told = try manager.entries(kind: "manager").compactMap { $0["cause"]?.stringValue }
            #expect(told.contains("manager stopped"))
            #expect(try manager.stop() == .exited(code: 0))
        }
    }

    @Test func underNohupItOutlivesItsTerminalAndNothingHappens() async throws {
        try await withFolder { folder in
            let manager = try ManagerInTerminal(Self.config(["a"], folder), in: folder, under: "nohup")
            let before = try manager.until("a", isIn: "running")
            try Self.config(["b"], folder).write(toFile: manager.configuration, atomically: true, encoding: .utf8)
            try manager.closeTerminal()
            let ignored = try #require(Processes.status(manager.pid)["SigIgn"].flatMap { UInt64($0, radix: 16) })
            #expect(ignored & 1 << (SIGHUP - 1) != 0)
            let plan = try JSONValue(parsing: manager.cli("plan", "--json").output)["changes"]?.arrayValue ?? []
            #expect(plan.compactMap { $0["key"]?.stringValue } == ["strategies.a", "strategies.b"])
            #expect(try manager.until("a", isIn: "running")["pid"] == before["pid"])
            try manager.stop()
        }
    }

    @Test func aHangupWhileTheTerminalIsThereReadsTheFile() async throws {
        try await withFolder { folder in
            let manager = try ManagerInTerminal(Self.config(["a"], folder), in: folder)
            let before = try manager.until("a", isIn: "running")
            try Self.config(["a", "b"], folder).write(toFile: manager.configuration, atomically: true, encoding: .utf8)
            #expect(kill(manager.pid, SIGHUP) == 0)
            try manager.until("b", isIn: "running")
            #expect(try manager.until("a", isIn: "running")["pid"] == before["pid"])
            try manager.stop()
        }
    }
}

/// A manager in the foreground of a terminal of its own, which `script` keeps.
private final class ManagerInTerminal {
    static let script = "/usr/bin/script"

    let configuration: String
    private(set) var pid: Int32 = 0
    private let folder: TestFolder
    private let terminal: ChildProcess

    /// - Parameter wrapper: A program that starts it.
    init(_ config: String, in folder: TestFolder, under wrapper: String = "") throws {
        self.folder = folder
        configuration = "\(folder.path)/config.yaml"
        try config.write(toFile: configuration, atomically: false, encoding: .utf8)
        let command = "exec \(wrapper) \(Build.program("quantcell-manager")) run --config \(configuration)"
        terminal = try ChildProcess.spawn(
            SpawnRequest(
                executable: Self.script,
                arguments: ["-qefc", command, "/dev/null"],
                environment: folder.environment,
                workingDirectory: folder.path,
                output: .append(path: "\(folder.path)/manager.log")
            )
        )
        pid = try until("the manager answers") { try found("ping", "--json") }.pid
    }

    deinit {
        try? terminal.signalGroup(.kill)
        _ = try? terminal.end("script, killed,")
    }

    func cli(_ arguments: String...) throws -> Finished { try cli(arguments) }

    private func cli(_ arguments: [String]) throws -> Finished {
        try Program(
            Build.program("quantcell"),
            arguments,
            environment: folder.environment,
            folder: "\(folder.path)/work"
        )
        .finish()
    }

    @discardableResult
    func until(_ worker: String, isIn state: String) throws -> JSONValue {
        try until("\(worker) is \(state)") {
            let status = try found("status", worker, "--json")
            return status?["state"]?.stringValue == state ? status : JSONValue?.none
        }
    }

    /// As a terminal's window is closed.
    func closeTerminal() throws {
        try terminal.send(.kill)
        #expect(try terminal.end("script") == .signaled(.kill, coreDumped: false))
    }

    func stop() throws {
        #expect(kill(pid, SIGTERM) == 0)
        try Processes.end(of: pid, "the manager")
    }

    private func until(_ what: String, _ find: () throws -> JSONValue?) throws -> JSONValue {
        let deadline = Deadline()
        while !deadline.hasPassed {
            if let found = try find() { return found }
        }
        throw Waited("\(what) did not happen")
    }

    private func found(_ arguments: String...) throws -> JSONValue? {
        let done = try cli(arguments)
        return done.code == 0 ? try JSONValue(parsing: done.output) : JSONValue?.none
    }
}
