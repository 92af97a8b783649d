import Keys
import Testing
import WireProtocol
import ZeroMQ

/// A client of the admin endpoint that proves who it is by keys.
final class CurveAdmin {
    private let socket: Socket

    init(_ address: String, keyFile path: String) throws {
        let file = try KeyFile(path: path)
        socket = try Socket(Context(), .dealer)
        try socket.set(.receiveTimeout, 60_000)
        let client = CurveClient(keys: try file.pair(from: path), serverKey: try #require(file.serverKey))
        try socket.connect(address, with: client)
    }

    /// The code with which the manager refuses a request; `nil` where it does not.
    func code(of request: Message) throws -> String? {
        try socket.send([request.bytes], wait: true)
        let body = try #require(try socket.receive(wait: true)?.last, "no answer came")
        let answer = try body.withUnsafeBytes { try JSONValue(parsing: $0) }
        #expect(answer["reply_to"]?.stringValue == request.messageID)
        return answer["payload"]?["code"]?.stringValue
    }
}
