import Testing
import WireProtocol

@testable import ZeroMQ

/// A peer of one of the broker's ROUTERs.
final class Dealer {
    fileprivate let socket: Socket

    init(_ context: Context, _ address: String, identity: String? = nil) throws {
        socket = try Socket(context, .dealer)
        if let identity { try socket.set(.routingID, identity) }
        try socket.set(.sendHighWaterMark, 0)
        try socket.set(.receiveHighWaterMark, 0)
        // Long enough for a loaded machine; only a failing test waits for it.
        try socket.set(.receiveTimeout, 20_000)
        try socket.connect(address)
    }

    func send(_ frames: [UInt8]...) throws {
        #expect(try socket.send(frames, wait: true))
    }

    func send(_ message: Message) throws {
        try send(message.bytes)
    }

    /// Publishes a numbered message.
    func publish(_ number: UInt64, _ topic: String, _ body: [UInt8]) throws {
        try send(withUnsafeBytes(of: number.littleEndian) { Array($0) }, Array(topic.utf8), body)
    }

    /// Says hello and returns what `welcome` says.
    func hello(_ publisher: String, from: UInt64? = nil) throws -> (accepted: UInt64?, recorded: UInt64?) {
        var payload: [String: JSONValue] = ["publisher": .string(publisher)]
        payload["from"] = from.map { JSONValue($0) }
        let hello = Message(.hello, payload: .object(payload))
        try send(hello)
        let welcome = try next()
        #expect(welcome.type == .welcome)
        #expect(welcome.replyTo == hello.messageID)
        return (welcome.payload["accepted"]?.sequenceValue, welcome.payload["recorded"]?.sequenceValue)
    }

    /// The frames of the next message; a failure where none comes.
    func nextFrames() throws -> [[UInt8]] {
        try #require(try socket.receive(wait: true, maxFrames: 10_000), "no answer came")
    }

    /// The envelope of the next message.
    func next() throws -> Message {
        let frames = try nextFrames()
        return try frames[0].withUnsafeBytes { try Message(parsing: $0) }
    }

    /// Waits until the manager has said that everything up to a number is safe, and returns what it said last about it.
    @discardableResult
    func untilSafe(_ number: UInt64) throws -> Message {
        while true {
            let message = try next()
            #expect(message.type == .recorded, "\(message)")
            if let through = message.payload["through"]?.sequenceValue, through >= number { return message }
        }
    }
}

extension Dealer {
    /// Sends a message of any frames.
    func send(frames: [[UInt8]]) throws {
        #expect(try socket.send(frames, wait: true))
    }
}
