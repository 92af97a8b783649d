import Keys
import Testing
import WireProtocol
import ZeroMQ

extension Socket {
    /// Connects with the keys of a client's file.
    func connect(_ address: String, keyFile path: String) throws {
        let file = try KeyFile(path: path)
        try connect(
            address,
            with: CurveClient(keys: try file.pair(from: path), serverKey: try #require(file.serverKey))
        )
    }
}

/// A client of the admin endpoint that proves who it is by keys.
final class CurveAdmin {
    private let socket: Socket

    init(_ address: String, keyFile path: String) throws {
        socket = try Socket(Context(), .dealer)
        try socket.connect(address, keyFile: path)
    }

    /// The code with which the manager refuses a request; `nil` where it does not.
    ///
    /// - Throws: ``Waited`` where no answer comes in time.
    func code(of request: Message, milliseconds: Int32 = 60_000) throws -> String? {
        try socket.set(.receiveTimeout, milliseconds)
        try socket.send([request.bytes], wait: true)
        guard let body = try socket.receive(wait: true)?.last else { throw Waited("no answer came") }
        let answer = try body.withUnsafeBytes { try JSONValue(parsing: $0) }
        #expect(answer["reply_to"]?.stringValue == request.messageID)
        return answer["payload"]?["code"]?.stringValue
    }
}
