import ProcessControl
import WireProtocol

/// A manager with workers and a publisher that does not stop.
final class SoakSite {
    /// What is bounded small, so that the bounds are reached soon.
    static let recordMiB = 64
    static let journalMiB = 16
    static let logKiB = 256
    static let logsKept = 1

    let workspace: Workspace
    let manager: Manager
    /// Workers that nobody touches, and those that are killed, restarted, stopped and paused.
    let steady: [String]
    let victims: [String]
    /// A worker in Python, which nobody touches either; `nil` where there is none.
    let python: String?
    let http: BareHTTP?
    private let publisher: Child

    init(_ options: BenchOptions, workers count: Int, rate: Int) throws {
        workspace = try Workspace()
        var configuration = Manager.Configuration()
        configuration.maxWorkers = count + 2
        configuration.more = """
              max_bytes: \(Self.recordMiB)MiB
              buffer: 4MiB
            journal:
              max_bytes: \(Self.journalMiB)MiB
            logs:
              max_bytes: \(Self.logKiB)KiB
              keep: \(Self.logsKept)

            """
        manager = try Manager(options, in: workspace, configuration)
        let names = (1...count).map { "w\($0)" }
        steady = Array(names.prefix(count / 2))
        victims = Array(names.dropFirst(count / 2))
        let swift = "\(workspace.path)/soak.swift"
        try Files.write(SoakStrategies.swift, to: swift)
        // The first one alone: it is compiled.
        for name in names { try manager.ask(.start, nil, Manager.start(name, swift), milliseconds: 120_000) }
        python = try Self.startPython(manager, workspace)
        http = try Self.openHTTP(manager)
        publisher = try Child(
            role: .publish,
            [manager.feed, BodyKind.binary.rawValue, "steady", "\(rate)"],
            output: "\(workspace.path)/publisher.log"
        )
    }

    /// All workers.
    var workers: [String] { steady + victims + (python.map { [$0] } ?? []) }

    /// - Throws: ``BenchError`` where the manager or the publisher has ended.
    func check() throws {
        try manager.check()
        try publisher.check()
    }

    func stop() {
        publisher.kill()
        manager.stop()
    }

    private static func startPython(_ manager: Manager, _ workspace: Workspace) throws -> String? {
        guard let python = Files.program("python3") else { return nil }
        let trial = try Child("python3", python, ["-c", "import zmq"], output: "/dev/null")
        guard try trial.wait(milliseconds: 30_000).isSuccess else { return nil }
        let path = "\(workspace.path)/soak.py"
        try Files.write(SoakStrategies.python, to: path)
        try manager.ask(.start, nil, Manager.start("py", path), milliseconds: 120_000)
        return "py"
    }

    private static func openHTTP(_ manager: Manager) throws -> BareHTTP? {
        guard let address = try manager.ask(.ping)["api"]?.stringValue else { return nil }
        let token = try manager.ask(.token, nil, ["op": "new", "name": "soak", "scope": "read"])["token"]?.stringValue
        guard let token else { throw BenchError("the manager makes no token") }
        return try BareHTTP(address, token: token)
    }
}
