import Foundation
import Testing
import WireProtocol
import ZeroMQ

/// The manager's end of a worker's sockets, in a folder of its own, and the real worker on the other end.
final class ManagerEnd {
    let identity = "spare-\(MessageID.make().prefix(8))"
    let folder: URL
    let process = Process()

    private let control: Socket
    private let status: Socket
    private let data: Socket

    init(environment: [String: String] = [:]) throws {
        // Short, since the path of an ipc socket has about a hundred bytes.
        folder = URL(fileURLWithPath: "/tmp/qcw-\(MessageID.make().prefix(12))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let context = try ZeroMQ.Context()
        control = try Socket(context, .router)
        status = try Socket(context, .pull)
        data = try Socket(context, .xpub)
        try data.set(.sendHighWaterMark, 0)
        try control.bind("ipc://\(folder.path)/control")
        try status.bind("ipc://\(folder.path)/status")
        try data.bind("ipc://\(folder.path)/data")
        // Long enough for a loaded machine; only a failing test waits for it.
        try control.set(.receiveTimeout, 20_000)
        try status.set(.receiveTimeout, 20_000)
        try data.set(.receiveTimeout, 20_000)

        process.executableURL = CompiledStrategy.products.appending(path: "quantcell-worker")
        process.environment = [
            "QUANTCELL_WORKER_ID": identity, "QUANTCELL_IDENTITY": identity, "QUANTCELL_GENERATION": "0",
            "QUANTCELL_TOKEN": "secret", "QUANTCELL_DATA": "ipc://\(folder.path)/data",
            "QUANTCELL_CONTROL": "ipc://\(folder.path)/control", "QUANTCELL_STATUS": "ipc://\(folder.path)/status",
            "QUANTCELL_PARAMS": "{}", "QUANTCELL_SYMBOLS": "[]", "QUANTCELL_DATA_TYPES": "[]",
        ].merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Control

    func nextOnControl() throws -> Message {
        let frames = try #require(try control.receive(wait: true), "nothing on control")
        #expect(frames.first == Array(identity.utf8))
        return try (frames.last ?? []).withUnsafeBytes { try Message(parsing: $0) }
    }

    func send(_ message: Message) throws {
        try send(message.bytes)
    }

    func send(_ bytes: [UInt8]) throws {
        #expect(try control.send([Array(identity.utf8), bytes]))
    }

    /// Sends a command and returns its answer.
    func ask(_ type: MessageType, _ payload: JSONValue = .object([:]), id: String = MessageID.make()) throws
        -> JSONValue
    {
        try send(Message(type, workerID: "w", payload: payload, messageID: id, generation: 3))
        return try answer(to: id)
    }

    func answer(to id: String) throws -> JSONValue {
        let answer = try nextOnControl()
        #expect(answer.type == .ack)
        #expect(answer.replyTo == id)
        return answer.payload
    }

    // MARK: Status

    /// The next message on status that is not a heartbeat.
    func nextOnStatus() throws -> Message {
        try nextOnStatus { $0.type != .heartbeat }
    }

    func nextHeartbeat(_ condition: (JSONValue) -> Bool) throws -> Message {
        try nextOnStatus { $0.type == .heartbeat && condition($0.payload) }
    }

    private func nextOnStatus(_ condition: (Message) -> Bool) throws -> Message {
        // Heartbeats keep coming: only the clock tells that the message never will.
        let deadline = ContinuousClock.now + .seconds(20)
        var message: Message
        repeat {
            try #require(ContinuousClock.now < deadline, "only other messages on status")
            let frames = try #require(try status.receive(wait: true), "nothing on status")
            message = try (frames.first ?? []).withUnsafeBytes { try Message(parsing: $0) }
        } while !condition(message)
        return message
    }

    // MARK: Data

    func publishBar(_ sequence: UInt64, close: Double = 100, topic: String = "market.BTC.kline") throws {
        var body: [UInt8] = []
        let bar = BarData(open: 1, high: 2, low: 0.5, close: close, volume: 10, interval: "1m")
        BinaryCodec.encode(
            MarketEvent(sequence: sequence, eventTime: Int64(sequence) * 1000, receiveTime: 1, payload: .bar(bar)),
            into: &body
        )
        try publish(topic, body)
    }

    func publish(_ topic: String, _ body: [UInt8]) throws {
        #expect(try data.send([Array(topic.utf8), body]))
    }

    /// Waits until the worker has subscribed to `topic`.
    func awaitSubscription(_ topic: String) throws {
        while true {
            let frame = try #require(try data.receive(wait: true)?.first, "no subscription to \(topic)")
            if frame == [1] + Array(topic.utf8) { return }
        }
    }

    // MARK: The whole start

    func welcome(heartbeatInterval: Double = 0.05) throws -> Message {
        let hello = try nextOnControl()
        try send(
            Message(
                .welcome,
                payload: ["heartbeat_interval": .number(heartbeatInterval), "protocol": 1],
                replyTo: hello.messageID
            )
        )
        return hello
    }

    /// Sends `start` and returns its id.
    func start(_ strategy: String, params: JSONValue = .object([:]), dataTypes: JSONValue = ["kline"]) throws -> String
    {
        let start = Message(
            .start,
            workerID: "w",
            payload: [
                "strategy_path": .string(strategy), "params": params, "symbols": ["BTC"], "data_types": dataTypes,
                "error_budget": ["errors": 2, "window": 3600.0], "log_path": .string(logPath),
            ],
            generation: 3
        )
        try send(start)
        return start.messageID
    }

    var logPath: String { folder.appending(path: "w.log").path }

    /// Waits until the worker has logged `text`.
    func awaitLogLine(_ text: String) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !(try String(contentsOfFile: logPath, encoding: .utf8).contains(text)) {
            try #require(ContinuousClock.now < deadline, "the log never said: \(text)")
            sched_yield()
        }
    }

    /// Answers the request for the marker: every topic stands at `sequence`.
    func sendMarker(at sequence: UInt64 = 0) throws -> [String] {
        let request = try nextOnControl()
        #expect(request.type == .sync)
        try awaitSubscription("sync.\(identity)")
        let topics = request.payload["topics"]?.stringArrayValue ?? []
        let positions = Dictionary(topics.map { ($0, JSONValue(sequence)) }) { $1 }
        let marker = Message(.sync, payload: ["topics": .object(positions)], replyTo: request.messageID)
        try publish("sync.\(identity)", marker.bytes)
        return topics
    }

    /// Brings the worker to running.
    func run(_ strategy: String, params: JSONValue = .object([:]), heartbeatInterval: Double = 0.05) throws {
        _ = try welcome(heartbeatInterval: heartbeatInterval)
        let id = try start(strategy, params: params)
        #expect(try answer(to: id)["result"] == "accepted")
        _ = try sendMarker()
        #expect(try answer(to: id)["result"] == "done")
        #expect(try nextOnStatus().payload["status"] == "running")
    }

    func exitCode() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}
