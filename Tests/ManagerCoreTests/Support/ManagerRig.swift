import GRDB
import Glibc
import Testing
import WireProtocol
import ZeroMQ

@testable import ManagerCore

/// A manager in this process, with real workers, in a folder of its own.
final class ManagerRig: Sendable {
    let folder: TemporaryFolder
    let manager: WorkerManager
    let lines = Recorder<String>()

    init(in folder: TemporaryFolder? = nil, _ settings: Settings = Settings()) throws {
        self.folder = try folder ?? TemporaryFolder()
        var settings = settings
        settings.manager.runtimeDir = "\(self.folder.path)/run"
        settings.manager.dataDir = "\(self.folder.path)/data"
        settings.manager.kitDir = Build.kit
        settings.supervisor.health.heartbeatInterval = .milliseconds(50)
        var environment = ProcessEnvironment.current()
        environment["QUANTCELL_WORKER"] = Build.worker
        manager = try WorkerManager(settings: settings, environment: environment, logger: lines.logger)
    }

    /// Settings for a test that needs few processes.
    static func settings(spares: Int = 1) -> Settings {
        var settings = Settings()
        settings.pool.minSize = spares
        settings.pool.maxSize = max(spares, 1)
        return settings
    }

    /// Runs a test with a manager that is started, and stops it whatever becomes of the test.
    @discardableResult
    static func run<Result>(
        in folder: TemporaryFolder? = nil,
        _ settings: Settings = settings(),
        _ body: (ManagerRig) async throws -> Result
    ) async throws -> Result {
        let rig = try ManagerRig(in: folder, settings)
        try await rig.manager.start()
        do {
            let result = try await body(rig)
            await rig.manager.stop()
            return result
        } catch {
            await rig.manager.stop()
            throw error
        }
    }

    // MARK: The journal, as another program reads it

    private func database() throws -> DatabaseQueue {
        var configuration = Configuration()
        // The journal's own transaction may be under way.
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: "\(folder.path)/data/journal.db", configuration: configuration)
    }

    func column(_ sql: String) throws -> [String] {
        try database().read { try String.fetchAll($0, sql: sql) }
    }

    func execute(_ sql: String) throws {
        try database().writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    func states(of worker: String) throws -> [String] {
        try column("SELECT to_state FROM events WHERE kind = 'transition' AND worker_id = '\(worker)' ORDER BY seq")
    }

    // MARK: Strategies

    /// Writes a strategy that signals each bar's close, and returns its path.
    func echo(_ name: String = "echo", onStart: String = "") throws -> String {
        try folder.write(
            """
            import StrategyKit

            @main
            final class Echo: Strategy {
                struct Params: StrategyParams { var factor = 1.0 }
                func onStart(_ context: Context<Params>) throws { \(onStart) }
                func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                    context.signal("close", price: bar.close * context.params.factor)
                }
            }
            """,
            to: "\(name).swift"
        )
    }

    /// How many signals the manager has told of; those are on disk.
    var signals: Int { lines.elements.count { $0.hasPrefix("info: signal close") } }

    func publish(_ closes: some Sequence<Int>) async throws {
        for close in closes {
            let price = JSONValue.integer(Int64(close))
            let data: JSONValue = ["open": price, "high": price, "low": price, "close": price, "volume": 1]
            try await manager.publishMarketData(symbol: "A", dataType: "kline", data: data)
        }
    }
}

/// A client of a manager's admin endpoint.
final class AdminClient {
    private let socket: Socket
    private let context: Context

    init(_ rig: ManagerRig) throws {
        context = try Context()
        socket = try Socket(context, .dealer)
        // Long enough for a loaded machine; only a failing test waits for it.
        try socket.set(.receiveTimeout, 30_000)
        try socket.connect("ipc://\(rig.folder.path)/run/admin.sock")
    }

    func send(_ message: Message) throws {
        #expect(try socket.send([message.bytes], wait: true))
    }

    /// Sends bytes as they are.
    func send(_ bytes: [UInt8]) throws {
        #expect(try socket.send([bytes], wait: true))
    }

    /// The next answer, of whatever kind.
    func next() throws -> Message {
        let frames = try #require(try socket.receive(wait: true), "no answer came")
        return try (frames.last ?? []).withUnsafeBytes { try Message(parsing: $0) }
    }

    /// The last word on a request, behind what came before it.
    func answer(to id: String) throws -> Message {
        while true {
            let message = try next()
            if message.replyTo == id, message.payload["result"] != "accepted" { return message }
        }
    }

    func ask(_ message: Message) throws -> Message {
        try send(message)
        return try answer(to: message.messageID)
    }
}
