import Logging
import MarketData
import MarketRecord
import Testing
import WireProtocol

@testable import ZeroMQ

/// A broker on a loop of its own, bound in a folder of its own, and the sockets of those who talk to it.
final class BrokerRig: Sendable {
    /// What bounds the broker.
    struct Limits {
        var maxMessageBytes = 1 << 20
        var maxTopics = 100
        var refusedSample = 10
        /// What is recorded; `nil` for a broker without a record.
        var record: RecordConfiguration.Mode?
        var ringBytes = 1 << 20
        var pressure = RecordPressure.block
        var lane = DataLane.auto
    }

    let folder: TemporaryFolder
    let context: Context
    let broker: DataBroker
    let record: MarketRecord?
    let refusals = Recorder<Refusal>()
    let lines = Recorder<String>()
    private let loop: EventLoop

    private init(_ folder: TemporaryFolder, _ feedAddress: String?, _ limits: Limits) throws {
        self.folder = folder
        context = try Context()
        loop = try EventLoop(name: "test-data")
        let configuration = BrokerConfiguration(
            feedAddresses: [feedAddress ?? folder.feed],
            dataAddresses: [folder.data],
            publishAddresses: [folder.publish],
            historyAddresses: [folder.history],
            ledgerPath: folder.ledger,
            recordPressure: limits.pressure,
            dataLane: limits.lane,
            maxMessageBytes: limits.maxMessageBytes,
            maxTopics: limits.maxTopics,
            refusedSample: limits.refusedSample
        )
        let logger = Logger(label: "test") { [lines] _ in RecordingLogHandler(lines: lines) }
        record = try limits.record.map { mode in
            try MarketRecord(
                RecordConfiguration(
                    path: folder.database,
                    ringPath: folder.ring,
                    ringBytes: limits.ringBytes,
                    mode: mode,
                    linger: .zero
                ),
                logger: logger
            )
        }
        broker = try DataBroker(
            loop: loop,
            context: context,
            configuration: configuration,
            record: record,
            logger: logger,
            onRefused: { [refusals] in refusals.add($0) }
        )
    }

    deinit {
        loop.stop()
    }

    /// Runs a test with a broker that is started, and stops it whatever becomes of the test.
    static func run<Result>(
        in folder: TemporaryFolder? = nil,
        feedAddress: String? = nil,
        limits: Limits = Limits(),
        _ body: (BrokerRig) async throws -> Result
    ) async throws -> Result {
        let rig = try BrokerRig(folder ?? TemporaryFolder(), feedAddress, limits)
        do {
            try await rig.broker.start()
            let result = try await body(rig)
            await rig.stop()
            return result
        } catch {
            await rig.stop()
            throw error
        }
    }

    private func stop() async {
        await broker.stop()
        record?.stop()
    }

    /// A publisher, connected.
    func publisher() throws -> Publisher {
        try Publisher(context, folder.feed)
    }

    /// A subscriber whose subscriptions the broker has seen.
    func subscriber(_ patterns: String...) async throws -> Subscriber {
        let subscriber = try Subscriber(context, folder.data)
        for pattern in patterns { try subscriber.subscribe(pattern) }
        _ = try await subscriber.join(broker, topics: [])
        return subscriber
    }

    /// Waits until `condition` holds; only a failing test waits for long.
    func wait(until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !(try await condition()) {
            try #require(ContinuousClock.now < deadline, "it never came about")
            await Task.yield()
        }
    }

    func topic(_ name: String) async throws -> BrokerCounters.TopicCounters {
        try #require(await broker.counters().topics.first { $0.topic == name })
    }
}

/// A feed handler.
final class Publisher {
    private let socket: Socket

    init(_ context: Context, _ address: String) throws {
        socket = try Socket(context, .push)
        try socket.set(.sendHighWaterMark, 0)
        try socket.set(.linger, 1000)
        try socket.connect(address)
    }

    func send(_ frames: [UInt8]...) throws {
        #expect(try socket.send(frames, wait: true))
    }

    func send(_ topic: String, _ body: [UInt8]) throws {
        try send(Array(topic.utf8), body)
    }

    func send(_ topic: String, _ body: String) throws {
        try send(Array(topic.utf8), Array(body.utf8))
    }
}

/// A worker's data socket.
final class Subscriber {
    private let socket: Socket
    private var joins = 0

    init(_ context: Context, _ address: String) throws {
        socket = try Socket(context, .sub)
        try socket.set(.receiveHighWaterMark, 0)
        // Long enough for a loaded machine; only a failing test waits for it.
        try socket.set(.receiveTimeout, 20_000)
        try socket.connect(address)
    }

    func subscribe(_ pattern: String) throws { try socket.set(.subscribe, pattern) }

    func unsubscribe(_ pattern: String) throws { try socket.set(.unsubscribe, pattern) }

    /// Asks for a marker as a worker does and returns where it says that `topics` stand. Everything that this socket said before has
    /// then reached the broker.
    func join(_ broker: DataBroker, topics: [String]) async throws -> JSONValue {
        joins += 1
        let identity = MessageID.make()
        try subscribe("sync.\(identity)")
        await broker.sync(identity, replyTo: "ask-\(joins)", topics: topics)
        let marker = try marker(of: identity)
        #expect(marker.replyTo == "ask-\(joins)")
        return marker.payload["topics"] ?? .null
    }

    func marker(of identity: String) throws -> Message {
        let (topic, body) = try next()
        #expect(topic == "sync.\(identity)")
        let marker = try body.withUnsafeBytes { try Message(parsing: $0) }
        #expect(marker.type == .sync)
        return marker
    }

    /// The next message; a failure where none comes.
    func next() throws -> (topic: String, body: [UInt8]) {
        let frames = try #require(try socket.receive(wait: true), "no data came")
        try #require(frames.count == 2)
        return (String(decoding: frames[0], as: UTF8.self), frames[1])
    }

    /// The next message, decoded as its topic says.
    func nextEvent() throws -> (topic: String, event: MarketEvent) {
        let (name, body) = try next()
        let topic = try name.utf8.withContiguousStorageIfAvailable { try Topic(parsing: UnsafeRawBufferPointer($0)) }
        let kind = try #require(topic?.kind)
        return (name, try body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: kind) })
    }
}

/// A subscriber that writes its subscriptions by hand, and more.
final class RawSubscriber {
    private let socket: Socket

    init(_ context: Context, _ address: String) throws {
        // XSUB, which nothing but this test needs.
        socket = try Socket(context, SocketType(raw: 10))
        try socket.set(.receiveTimeout, 20_000)
        try socket.connect(address)
    }

    func send(_ frame: [UInt8]) throws {
        #expect(try socket.send([frame], wait: true))
    }

    func next() throws -> [[UInt8]] {
        try #require(try socket.receive(wait: true), "no data came")
    }
}
