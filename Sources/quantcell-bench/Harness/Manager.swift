import Glibc
import WireProtocol
import ZeroMQ

/// A quantcell-manager of its own, in a folder of its own, and a way to ask it.
final class Manager {
    /// What its configuration says.
    struct Configuration {
        var spares = 2
        var maxSpares = 10
        var maxWorkers = 200
        /// Whether market data is recorded.
        var records = true
        /// How market data comes to workers; `nil` as by default.
        var lane: BenchLane?
        /// Requests a second over HTTP, 0 for no limit; `nil` as by default.
        var requestsPerSecond: Int?
        /// More keys of `record`, and what else the file says.
        var more = ""

        /// Nothing is spawned while something is measured.
        static let withoutSpares: Configuration = {
            var configuration = Configuration()
            configuration.spares = 0
            configuration.maxSpares = 0
            return configuration
        }()
    }

    /// A worker's process.
    struct WorkerStatus {
        let pid: Int32
        let generation: UInt64
    }

    let folder: String
    private let process: Child
    private let context: Context
    private let admin: Socket

    /// Starts one and waits until it answers.
    init(_ options: BenchOptions, in workspace: Workspace, _ configuration: Configuration = Configuration()) throws {
        folder = "\(workspace.path)/m\(MessageID.make().prefix(6))"
        guard mkdir(folder, 0o700) == 0 else { throw BenchError.system("make \(folder)", errno: errno) }
        let executable = "\(options.binaryFolder)/quantcell-manager"
        guard Files.exists(executable) else {
            throw BenchError("there is no \(executable); build it with 'make build', or say --binaries FOLDER")
        }
        try Files.write(Self.yaml(configuration, folder), to: "\(folder)/config.yaml")
        process = try Child(
            "quantcell-manager",
            executable,
            ["run", "--config", "\(folder)/config.yaml"],
            output: "\(folder)/manager.log"
        )
        context = try Context()
        admin = try Socket(context, .dealer)
        try admin.connect("ipc://\(folder)/run/admin.sock")
        try waitUntil("quantcell-manager answers") {
            try process.check()
            return (try? ask(.ping, milliseconds: 200)) != nil
        }
    }

    var pid: Int32 { process.pid }

    /// Where publishers connect to.
    var feed: String { "ipc://\(folder)/run/feed.sock" }

    /// Where publishers connect to that are told what is on disk.
    var publish: String { "ipc://\(folder)/run/publish.sock" }

    /// A publisher of market data.
    func publisher() throws -> Socket {
        let socket = try Socket(context, .push)
        try socket.connect(feed)
        return socket
    }

    /// A subscriber of its events, from now on.
    func events(_ topic: String) throws -> Socket { try subscriber(topic, of: "events") }

    /// A subscriber of its market data, from soon on.
    func subscriber(_ topic: String) throws -> Socket { try subscriber(topic, of: "data") }

    private func subscriber(_ topic: String, of endpoint: String) throws -> Socket {
        let socket = try Socket(context, .sub)
        try socket.set(.receiveHighWaterMark, 0)
        try socket.set(.subscribe, topic)
        try socket.connect("ipc://\(folder)/run/\(endpoint).sock")
        return socket
    }

    /// - Throws: ``BenchError`` where it has ended by itself.
    func check() throws {
        try process.check()
    }

    /// Stops it and its workers.
    func stop() {
        process.stop(milliseconds: 20_000)
    }

    // MARK: Asking

    /// Asks and waits for the last word.
    @discardableResult
    func ask(
        _ type: MessageType,
        _ workerID: String? = nil,
        _ payload: [String: JSONValue] = [:],
        milliseconds: Int32 = 30_000
    ) throws -> JSONValue {
        let request = Message(type, workerID: workerID, payload: .object(payload))
        try admin.send([request.bytes], wait: true)
        return try answer(to: [request.messageID], milliseconds: milliseconds)
    }

    /// Asks for many things at once and waits for all of them.
    func ask(_ type: MessageType, payloads: [[String: JSONValue]]) throws {
        var open: Set<String> = []
        for payload in payloads {
            let request = Message(type, payload: .object(payload))
            open.insert(request.messageID)
            try admin.send([request.bytes], wait: true)
        }
        while !open.isEmpty { try answer(to: open, milliseconds: 60_000) { open.remove($0) } }
    }

    @discardableResult
    private func answer(
        to open: Set<String>,
        milliseconds: Int32,
        _ answered: (String) -> Void = { _ in }
    ) throws -> JSONValue {
        let deadline = Clock.monotonic + Int64(milliseconds) * 1_000_000
        while Clock.monotonic < deadline {
            try admin.set(.receiveTimeout, Int32(max((deadline - Clock.monotonic) / 1_000_000, 1)))
            guard let body = try admin.receive(wait: true)?.last else { continue }
            let message = try body.withUnsafeBytes { try Message(parsing: $0) }
            guard let request = message.replyTo, open.contains(request) else { continue }
            switch message.payload["result"]?.stringValue {
            case "accepted": continue
            case "done":
                answered(request)
                return message.payload
            default:
                throw BenchError(
                    "the manager refused: \(message.payload["message"]?.stringValue ?? "?")",
                    isRefusal: true
                )
            }
        }
        try process.check()
        throw BenchError("the manager did not answer within \(milliseconds) ms; its log: \(log)")
    }

    /// What starts a strategy.
    static func start(
        _ name: String,
        _ path: String,
        params: [String: JSONValue] = [:]
    ) -> [String: JSONValue] {
        [
            "path": .string(path), "name": .string(name), "symbols": [.string(Probe.symbol)],
            "data_types": [.string(Probe.dataType)], "params": .object(params), "wait": true,
        ]
    }

    /// A running worker.
    func status(_ workerID: String) throws -> WorkerStatus {
        let worker = try ask(.status, workerID)["worker"]
        guard let pid = worker?["pid"]?.integerValue, let generation = worker?["generation"]?.integerValue else {
            throw BenchError("'\(workerID)' has no process: \(worker?["last_error"]?.text ?? "?")", isRefusal: true)
        }
        return WorkerStatus(pid: Int32(clamping: pid), generation: UInt64(clamping: generation))
    }

    /// Waits until that many spares are connected and idle.
    ///
    /// - Parameter key: The member of the answer to `ping` that counts them.
    func waitForSpares(_ count: Int, _ key: String = "spares") throws {
        try waitUntil("\(count) spares are ready") {
            try ask(.ping)[key]?.integerValue ?? 0 >= Int64(count)
        }
    }

    /// The processes that it has spawned and that still live.
    var children: [Int32] {
        let threads = Files.names(in: "/proc/\(pid)/task")
        return threads.flatMap { thread in
            ((try? Files.read("/proc/\(pid)/task/\(thread)/children")) ?? "").split(separator: " ").compactMap {
                Int32($0)
            }
        }
    }

    // MARK: Parts

    private var log: String { String(((try? Files.read("\(folder)/manager.log")) ?? "").suffix(1000)) }

    /// Restarts are not held back by a budget: what is measured is how fast they are.
    private static func yaml(_ configuration: Configuration, _ folder: String) -> String {
        """
        manager:
          runtime_dir: \(folder)/run
          data_dir: \(folder)/data
          max_workers: \(configuration.maxWorkers)
          log_level: warning
          stop_grace: 2s
          terminate_grace: 1s
        pool:
          min_size: \(configuration.spares)
          python_min_size: \(min(configuration.spares, 1))
          max_size: \(configuration.maxSpares)
        supervisor:
          restart_policy:
            max_restarts: 1000
            restart_window: 1s
            backoff_base: 0
            backoff_max: 0
            jitter: 0
        broker:
          high_water_mark: \(Bare.highWaterMark)
          data_lane: \(configuration.lane?.rawValue ?? "auto")
          max_topics: 20000
        api:
          port: 0
          \(configuration.requestsPerSecond.map { "limits: {requests_per_second: \($0)}" } ?? "")
        record:
          mode: \(configuration.records ? "all" : "off")
        \(configuration.more)
        """
    }
}

/// Looks again and again, a thousand times a second, whether something has come to be.
///
/// - Throws: ``BenchError`` when it has not within `seconds`.
func waitUntil(_ what: String, seconds: Int64 = 30, _ condition: () throws -> Bool) throws {
    let deadline = Clock.monotonic + seconds * 1_000_000_000
    while !(try condition()) {
        guard Clock.monotonic < deadline else { throw BenchError("waited \(seconds) s in vain: \(what)") }
        Clock.sleep(milliseconds: 1)
    }
}
