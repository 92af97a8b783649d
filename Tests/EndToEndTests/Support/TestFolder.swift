import Foundation
import ProcessControl
import Testing

/// The folders of one test, which nothing shares with another.
struct TestFolder {
    let path: String
    var environment: [String: String]

    /// The file of ``actorStrategy``.
    var actor: String { "\(path)/actor.swift" }

    init() throws {
        let path = "/tmp/qce-\(UUID().uuidString.prefix(8))"
        for name in ["", "/tmp", "/home", "/work"] {
            try FileManager.default.createDirectory(atPath: path + name, withIntermediateDirectories: false)
        }
        self.path = path
        try actorStrategy.write(toFile: "\(path)/actor.swift", atomically: false, encoding: .utf8)
        environment = [
            "QUANTCELL_RUNTIME_DIR": "\(path)/run", "QUANTCELL_DATA_DIR": "\(path)/data", "TMPDIR": "\(path)/tmp",
            "HOME": "\(path)/home",
            // All tests at once would want the same port.
            "QUANTCELL_API_ENABLED": "false",
        ]
        for name in ["PATH", "LD_LIBRARY_PATH"] { environment[name] = ProcessInfo.processInfo.environment[name] }
    }

    /// What a manager on `config.yaml` has in its environment: HTTP is for the file to say, where it says anything about it.
    var managerEnvironment: [String: String] {
        let config = (try? String(contentsOfFile: "\(path)/config.yaml", encoding: .utf8)) ?? ""
        return config.contains("api:") ? environment.filter { $0.key != "QUANTCELL_API_ENABLED" } : environment
    }

    /// Ends what a test has left running, and says what that was.
    func sweep() -> [String] {
        let left = Leftovers.processes(with: path)
        for process in left { Leftovers.end(process.pid) }
        return left.map(\.command)
    }

    /// Keeps a copy in the folder that QUANTCELL_KEEP_FAILED names, for whoever has to find out why a test failed.
    func keep() {
        guard let keep = ProcessInfo.processInfo.environment["QUANTCELL_KEEP_FAILED"] else { return }
        let name = URL(fileURLWithPath: path).lastPathComponent
        try? FileManager.default.createDirectory(atPath: keep, withIntermediateDirectories: true)
        for part in ["manager.log", "data"] {
            try? FileManager.default.copyItem(atPath: "\(path)/\(part)", toPath: "\(keep)/\(name)-\(part)")
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Runs a test with folders of its own on a thread of its own, and checks that it leaves nothing behind.
func withFolder(_ body: @Sendable (TestFolder) throws -> Void) async throws {
    try await OwnThread.run {
        let folder = try TestFolder()
        defer { folder.remove() }
        do {
            try body(folder)
        } catch {
            // An expectation has been recorded already.
            let log = (try? String(contentsOfFile: "\(folder.path)/manager.log", encoding: .utf8)) ?? ""
            let end = "the end of the manager's log:\n\(log.suffix(6000))"
            if error is ExpectationFailedError { Issue.record("\(end)") } else { Issue.record(error, "\(end)") }
            folder.keep()
        }
        #expect(folder.sweep() == [], "left running")
    }
}

/// Runs a test with a manager, which is stopped at the end and must leave nothing behind.
func withManager(_ config: String = "", _ body: @Sendable (TestManager) throws -> Void) async throws {
    try await withFolder { folder in
        let manager = try TestManager(config, in: folder)
        try body(manager)
        #expect(try manager.stop() == .exited(code: 0))
        // What swiftc and the strategies had in the temporary folder is gone.
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/tmp") == [])
    }
}
