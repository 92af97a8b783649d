import BroadcastRing
import Foundation
import Testing
import WireProtocol
import ZeroMQ

/// The manager's end of a worker's sockets, in a folder of its own, and the real worker on the other end.
final class ManagerEnd {
    let identity = "spare-\(MessageID.make().prefix(8))"
    let folder: URL
    let process = Process()

    /// Whether signals and checkpoints are said to be on disk as they come.
    var acknowledges = true
    /// The id of this life of the manager.
    var managerID = MessageID.make()
    /// How many questions about recorded data are still answered; the others wait.
    var historyAnswers = Int.max
    /// What the worker is to go on from, for those who pass it on.
    var checkpoint: JSONValue?
    /// What is kept of market data.
    var record = RecordEnd()
    /// Checkpoints that have come and were not asked for yet.
    var checkpoints: [Message] = []
    /// The last one, whether it was asked for or not.
    private(set) var lastCheckpoint: JSONValue?

    /// The ring that is offered, for a manager with one.
    private(set) var ring: RingWriter?
    private let ringBytes: Int?
    private var topicNumbers: [String: UInt32] = [:]
    private var sockets: Sockets?
    private var controlInbox: [Message] = []
    private var statusInbox: [Message] = []

    struct WorkerIsGone: Error {}

    /// What a manager has bound; closed when the last reference goes.
    private final class Sockets {
        let control: Socket
        let status: Socket
        let data: Socket
        let history: Socket

        init(_ folder: URL) throws {
            let context = try ZeroMQ.Context()
            control = try Socket(context, .router)
            status = try Socket(context, .pull)
            data = try Socket(context, .xpub)
            history = try Socket(context, .router)
            try data.set(.sendHighWaterMark, 0)
            // A ROUTER drops what has no room, and a command with it.
            try control.set(.sendHighWaterMark, 0)
            try control.bind("ipc://\(folder.path)/control")
            try status.bind("ipc://\(folder.path)/status")
            try data.bind("ipc://\(folder.path)/data")
            try history.bind("ipc://\(folder.path)/history")
            // Long enough for a loaded machine; only a failing test waits for it.
            try data.set(.receiveTimeout, 20_000)
        }
    }

    /// - Parameter ringBytes: How large a ring there is, for a manager with one.
    init(environment: [String: String] = [:], ringBytes: Int? = nil) throws {
        self.ringBytes = ringBytes
        ring = try ringBytes.map { try RingWriter(bytes: $0) }
        // Short, since the path of an ipc socket has about a hundred bytes.
        folder = URL(fileURLWithPath: "/tmp/qcw-\(MessageID.make().prefix(12))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        sockets = try Sockets(folder)

        process.executableURL = CompiledStrategy.products.appending(path: "quantcell-worker")
        process.environment = [
            "QUANTCELL_WORKER_ID": identity, "QUANTCELL_IDENTITY": identity, "QUANTCELL_GENERATION": "0",
            "QUANTCELL_TOKEN": "secret", "QUANTCELL_DATA": "ipc://\(folder.path)/data",
            "QUANTCELL_CONTROL": "ipc://\(folder.path)/control", "QUANTCELL_STATUS": "ipc://\(folder.path)/status",
            "QUANTCELL_HISTORY": "ipc://\(folder.path)/history",
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

    // MARK: Being away

    /// What the death of a manager looks like from outside.
    func leave() {
        sockets = nil
        ring = nil
        topicNumbers = [:]
        managerID = MessageID.make()
        controlInbox = []
        statusInbox = []
    }

    /// A new manager at the same addresses.
    func comeBack(hasRing: Bool = true) throws {
        if hasRing { ring = try ringBytes.map { try RingWriter(bytes: $0) } }
        sockets = try Sockets(folder)
    }

    private func open() throws -> Sockets {
        try #require(sockets, "the manager is away")
    }

    // MARK: Control

    /// The next message on control that is not the worker's saying that it is there.
    func nextOnControl() throws -> Message {
        try nextOnControl { $0.type != .heartbeat }
    }

    /// The next time the worker says that it is there.
    func nextIntroduction() throws -> Message {
        try nextOnControl { $0.type == .heartbeat }
    }

    private func nextOnControl(_ condition: (Message) -> Bool) throws -> Message {
        let message = try next(in: \.controlInbox, "nothing on control") { _ in true }
        return condition(message) ? message : try nextOnControl(condition)
    }

    /// The next message of an inbox that meets the condition; those before it are dropped.
    private func next(
        in inbox: ReferenceWritableKeyPath<ManagerEnd, [Message]>,
        _ failure: Comment,
        _ condition: (Message) -> Bool
    ) throws -> Message {
        // Heartbeats keep coming: only the clock tells that the message never will.
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if let index = self[keyPath: inbox].firstIndex(where: condition) {
                defer { self[keyPath: inbox].removeFirst(index + 1) }
                return self[keyPath: inbox][index]
            }
            self[keyPath: inbox] = []
            try #require(ContinuousClock.now < deadline, failure)
            // What it has sent before its end may still be on its way.
            let isGone = !process.isRunning
            if try !pump(), isGone { throw WorkerIsGone() }
        }
    }

    // MARK: What a manager does all the time

    /// Takes what is there, and waits up to a second for it; `false` when nothing came.
    @discardableResult
    func pump() throws -> Bool {
        let sockets = try open()
        var poller = Poller()
        let control = poller.add(sockets.control)
        let status = poller.add(sockets.status)
        let history = poller.add(sockets.history)
        try poller.wait(timeoutMilliseconds: 200)
        if poller.isReady(control), let frames = try sockets.control.receive() {
            #expect(frames.first == Array(identity.utf8))
            controlInbox.append(try (frames.last ?? []).withUnsafeBytes { try Message(parsing: $0) })
        }
        if poller.isReady(status) { try takeStatus(sockets.status) }
        if historyAnswers > 0, poller.isReady(history), let frames = try sockets.history.receive(), frames.count >= 2 {
            let request = try frames[1].withUnsafeBytes { try Message(parsing: $0) }
            historyAnswers -= 1
            if let answer = try record.answer(request) { try sockets.history.send([frames[0]] + answer) }
        }
        return poller.isReady(control) || poller.isReady(status) || poller.isReady(history)
    }

    /// Takes a batch, and says that it is on disk as a manager does: once.
    private func takeStatus(_ socket: borrowing Socket) throws {
        var signals: UInt64?
        var checkpoint: UInt64?
        for _ in 0..<1000 {
            guard let frames = try socket.receive() else { break }
            let message = try (frames.first ?? []).withUnsafeBytes { try Message(parsing: $0) }
            switch message.type {
            case .checkpoint:
                checkpoints.append(message)
                lastCheckpoint = message.payload
                checkpoint = message.payload["ordinal"]?.sequenceValue
            case .signal:
                statusInbox.append(message)
                signals = message.sequence
            default:
                statusInbox.append(message)
            }
        }
        if acknowledges, signals != nil || checkpoint != nil {
            try acknowledge(signals: signals, checkpoint: checkpoint)
        }
    }

    /// Says that signals up to a number, or a checkpoint, are on disk.
    func acknowledge(signals: UInt64? = nil, checkpoint: UInt64? = nil) throws {
        var payload: [String: JSONValue] = [:]
        payload["signals"] = signals.map { JSONValue($0) }
        payload["checkpoint"] = checkpoint.map { JSONValue($0) }
        try send(Message(.recorded, payload: .object(payload)))
    }

    /// The next checkpoint that was not asked for yet.
    func nextCheckpoint(_ condition: (JSONValue) -> Bool = { _ in true }) throws -> JSONValue {
        try next(in: \.checkpoints, "no checkpoint") { condition($0.payload) }.payload
    }

    func send(_ message: Message) throws {
        try send(message.bytes)
    }

    func send(_ bytes: [UInt8]) throws {
        #expect(try open().control.send([Array(identity.utf8), bytes]))
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

    func nextSignal() throws -> Message {
        try nextOnStatus { $0.type == .signal }
    }

    /// The next message on status that meets the condition; those before it are dropped.
    func nextOnStatus(_ condition: (Message) -> Bool) throws -> Message {
        try next(in: \.statusInbox, "nothing on status", condition)
    }

    // MARK: Data

    /// Records a bar and, unless it shall be lost on the way to the worker, publishes it.
    func publishBar(
        _ sequence: UInt64,
        close: Double = 100,
        topic: String = "market.BTC.kline",
        isDelivered: Bool = true,
        isRecorded: Bool = true
    ) throws {
        let body = Self.bar(sequence, close: close)
        if isRecorded { record.append(topic, sequence, body) }
        if isDelivered { try publish(topic, body) }
    }

    /// The body of a bar as the broker passes it on.
    static func bar(_ sequence: UInt64, close: Double) -> [UInt8] {
        var body: [UInt8] = []
        let bar = BarData(open: 1, high: 2, low: 0.5, close: close, volume: 10, interval: "1m")
        BinaryCodec.encode(
            MarketEvent(sequence: sequence, eventTime: Int64(sequence) * 1000, receiveTime: 1, payload: .bar(bar)),
            into: &body
        )
        return body
    }

    func publish(_ topic: String, _ body: [UInt8]) throws {
        if let ring { return write(topic, body, to: ring) }
        #expect(try open().data.send([Array(topic.utf8), body]))
    }

    private func write(_ topic: String, _ body: [UInt8], to ring: RingWriter) {
        var number = RingEntry.direct
        if !topic.hasPrefix("sync.") {
            number = topicNumbers[topic] ?? UInt32(topicNumbers.count)
            topicNumbers[topic] = number
        }
        Array(topic.utf8).withUnsafeBytes { name in
            body.withUnsafeBytes { #expect(ring.write(topic: number, name: name, body: $0)) }
        }
        ring.wake()
    }

    /// Says where the ring is, as the broker does to a worker that has connected again.
    func offerRing() throws {
        try awaitSubscription("ring.\(identity)")
        let message = Message(.welcome, payload: ["ring": ringOffer])
        #expect(try open().data.send([Array("ring.\(identity)".utf8), message.bytes]))
    }

    var ringOffer: JSONValue {
        guard let offer = ring?.offer else { return .null }
        return ["path": .string(offer.path), "wake_path": .string(offer.wakePath), "id": .string(offer.id)]
    }

    /// Waits until the worker has subscribed to `topic`.
    func awaitSubscription(_ topic: String) throws {
        while true {
            let frame = try #require(try open().data.receive(wait: true)?.first, "no subscription to \(topic)")
            if frame == [1] + Array(topic.utf8) { return }
        }
    }
}
