import AllocationCounter
import Foundation
import Logging
import ManagerCore
import MarketData
import WireProtocol
import ZeroMQ

/// A manager in this process, a worker in another, a publisher, and a subscriber that is nobody's worker.
final class Rig {
    private static let symbol = "BTC/USDT"
    private static let dataType = "kline"
    private static let topic = Array("market.\(symbol).\(dataType)".utf8)

    private let scene: Scene
    private let folder: Folder
    private let manager: WorkerManager
    private let context: Context
    private let publisher: Socket
    private let subscriber: Socket
    private let body: [UInt8]
    private let results: ResultPipe

    /// Measures one scene.
    static func run(_ scene: Scene) async throws -> Findings {
        let rig = try Rig(scene)
        try await rig.manager.start()
        do {
            let findings = try await rig.measure()
            await rig.manager.stop()
            return findings
        } catch {
            await rig.manager.stop()
            throw error
        }
    }

    private init(_ scene: Scene) throws {
        self.scene = scene
        folder = try Folder()
        results = try ResultPipe("\(folder.path)/results")
        var settings = Settings()
        settings.manager.runtimeDir = "\(folder.path)/run"
        settings.manager.dataDir = "\(folder.path)/data"
        settings.broker.dataLane = scene.lane
        settings.record.mode = scene.isRecorded ? .all : .off
        settings.pool.minSize = 0
        settings.pool.maxSize = 0
        var environment = ProcessInfo.processInfo.environment
        environment["QUANTCELL_WORKER"] = Program.executable
        var logger = Logger(label: "quantcell")
        logger.logLevel = .warning
        manager = try WorkerManager(settings: settings, environment: environment, logger: logger)
        context = try Context()
        publisher = try Socket(context, .push)
        subscriber = try Socket(context, .sub)
        body = try Self.body(scene.body)
    }

    private static func body(_ kind: Scene.Body) throws -> [UInt8] {
        let bar = BarData(open: 1, high: 2, low: 0.5, close: 1.5, volume: 10, interval: "1m")
        let event = MarketEvent(eventTime: 1_736_933_400_000_000_000, payload: .bar(bar))
        guard kind == .binary else {
            let data: JSONValue = ["open": 1, "high": 2, "low": 0.5, "close": 1.5, "volume": 10, "interval": "1m"]
            return Message.marketData(symbol: symbol, dataType: dataType, data: data).bytes
        }
        var bytes: [UInt8] = []
        BinaryCodec.encode(event, into: &bytes)
        return bytes
    }

    private func measure() async throws -> Findings {
        try await connect()
        try await startWorker()
        let broker = try Program.thread(named: "qc-data")
        var findings = Findings()
        for _ in 0..<Scene.warmUps { _ = try round() }
        var worker = try round()
        if Report.isJudged { ac_trace(broker) }
        for _ in 0..<Scene.rounds {
            let (own, zmq) = (ac_own(broker), ac_zmq(broker))
            let now = try round()
            findings.broker.add(own: ac_own(broker) - own, zmq: ac_zmq(broker) - zmq)
            findings.worker.add(own: now.own - worker.own, zmq: now.zmq - worker.zmq)
            worker = now
        }
        if Report.isJudged, findings.broker.fewest > 0 { ac_print_traces() }
        return findings
    }

    private func connect() async throws {
        try publisher.set(.sendHighWaterMark, 0)
        try publisher.connect("ipc://\(folder.path)/run/feed.sock")
        try subscriber.set(.receiveHighWaterMark, 0)
        try subscriber.set(.receiveTimeout, 30_000)
        try subscriber.set(.subscribe, Self.topic)
        try subscriber.connect("ipc://\(folder.path)/run/data.sock")
        // Until the broker has seen the subscription, the first message may come and go.
        var frame = Frame()
        let interval: Int32 = 10
        try subscriber.set(.receiveTimeout, interval)
        repeat { try send() } while try !subscriber.receive(into: &frame, wait: true)
        try subscriber.discardRest(after: &frame)
        while try subscriber.receive(into: &frame, wait: true) { try subscriber.discardRest(after: &frame) }
        try subscriber.set(.receiveTimeout, 30_000)
    }

    private func startWorker() async throws {
        let path = "\(folder.path)/probe.swift"
        try ProbeSource.text.write(toFile: path, atomically: true, encoding: .utf8)
        var config = StrategyConfig(name: "probe", symbols: [Self.symbol], dataTypes: [Self.dataType])
        config.params = [
            "results": .string(results.path), "messages": .integer(Int64(Scene.messages)),
        ]
        // Once in so many messages its state is saved; that is no part of the path of each.
        config.checkpoint.messages = 1_000_000_000
        _ = try await manager.startStrategy(path: path, config: config)
    }

    /// Publishes a round's messages, and waits until all have come out, here and at the worker.
    ///
    /// - Returns: What the worker's thread has allocated so far.
    private func round() throws -> (own: Int, zmq: Int) {
        for _ in 0..<Scene.messages { try send() }
        var frame = Frame()
        for number in 0..<Scene.messages {
            guard try subscriber.receive(into: &frame, wait: true) else {
                throw CheckError("\(Scene.messages - number) messages of a round did not come")
            }
            try subscriber.discardRest(after: &frame)
        }
        return try results.read()
    }

    private func send() throws {
        let isSent = try Self.topic.withUnsafeBytes { topic in
            try body.withUnsafeBytes { body in
                guard scene.body != .envelope else { return try publisher.send(body, wait: true) }
                return try publisher.send(topic, more: true, wait: true) && publisher.send(body, wait: true)
            }
        }
        guard isSent else { throw CheckError("nobody takes what is published") }
    }
}
