import ProcessControl
import WireProtocol
import ZeroMQ

/// The manager said no.
struct Refused: Error, Hashable, CustomStringConvertible {
    let code: String
    let message: String

    var description: String { "\(code): \(message)" }
}

/// A client of the admin endpoint.
final class AdminClient {
    private let socket: Socket
    private let manager: ChildProcess

    init(_ address: String, manager: ChildProcess) throws {
        self.manager = manager
        socket = try Socket(Context(), .dealer)
        try socket.set(.reconnectInterval, 10)
        try socket.connect(address)
    }

    /// Sends a request and returns the payload of its last answer.
    ///
    /// - Throws: ``Refused``, or ``Waited`` when the manager does not answer.
    func ask(_ type: MessageType, _ worker: String? = nil, _ payload: JSONValue = [:]) throws -> JSONValue {
        let request = Message(type, workerID: worker, payload: payload)
        try send([request.bytes])
        while true {
            let answer = try receive(what: "the answer to '\(type.rawValue)'")
            guard answer["reply_to"]?.stringValue == request.messageID else { continue }
            let payload = answer["payload"] ?? .null
            switch (answer["msg_type"]?.stringValue, payload["result"]?.stringValue) {
            case ("ack", "accepted"): continue
            case ("ack", "done"): return payload
            default:
                throw Refused(
                    code: payload["code"]?.stringValue ?? "?",
                    message: payload["message"]?.stringValue ?? payload.text
                )
            }
        }
    }

    /// Sends frames as they are.
    func send(_ frames: [[UInt8]]) throws {
        try socket.send(frames, wait: true)
    }

    /// The next answer to anything.
    func receive(what: String) throws -> JSONValue {
        guard try Deadline().wait(for: socket, orTheEndOf: manager) else {
            throw Waited(
                "\(what) did not come\(try manager.reap().map { "; the manager has ended: \($0.status)" } ?? "")"
            )
        }
        let body = try socket.receive()?.last ?? []
        return try body.withUnsafeBytes { try JSONValue(parsing: $0) }
    }
}

/// Everything that comes over the events endpoint.
final class EventStream {
    struct Event {
        let topic: String
        let payload: JSONValue
    }

    private let socket: Socket
    private let manager: ChildProcess
    private(set) var seen: [Event] = []

    /// Connects, and returns when the subscription has taken effect.
    ///
    /// - Parameter knock: Makes the manager send some event.
    init(_ address: String, manager: ChildProcess, knock: () throws -> Void) throws {
        self.manager = manager
        socket = try Socket(Context(), .sub)
        try socket.set(.receiveHighWaterMark, 0)
        try socket.set(.reconnectInterval, 10)
        try socket.set(.subscribe, "")
        try socket.connect(address)
        let deadline = Deadline()
        // PUB and SUB give no sign but an event.
        repeat { try knock() } while try !takeAll() && !deadline.hasPassed
        guard !seen.isEmpty else { throw Waited("no event came over \(address)") }
    }

    /// Waits for the next event, and takes all that are there.
    func wait(_ deadline: Deadline, for what: String) throws {
        guard try deadline.wait(for: socket, orTheEndOf: manager) else {
            let end = try manager.reap().map { "; the manager has ended: \($0.status)" } ?? ""
            throw Waited(
                "\(what) did not happen\(end); last events: \(seen.suffix(5).map { "\($0.topic) \($0.payload.text)" })"
            )
        }
        _ = try takeAll()
    }

    /// Takes what is there.
    func takeAll() throws -> Bool {
        var isAny = false
        while let frames = try socket.receive(), frames.count == 2 {
            let envelope = try frames[1].withUnsafeBytes { try JSONValue(parsing: $0) }
            seen.append(Event(topic: String(decoding: frames[0], as: UTF8.self), payload: envelope["payload"] ?? .null))
            isAny = true
        }
        return isAny
    }
}
