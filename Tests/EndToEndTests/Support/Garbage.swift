import Glibc
import WireProtocol
import ZeroMQ

/// What no peer should send.
enum Garbage {
    /// Bytes that look like nothing, the same ones in every run.
    static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Bodies that are no envelope.
    static let bodies: [[UInt8]] = {
        let whole = Message.heartbeat("a", status: "running").bytes
        let halves = [1, whole.count / 3, whole.count / 2, whole.count - 1].map { Array(whole[..<$0]) }
        let noises = [1, 7, 100, 10_000].map { noise($0) }
        let invalidUTF8 = text(#"{"msg_type":"heartbeat","worker_id":""#) + [0xFF, 0xC0, 0x80] + text(#""}"#)
        let texts = [
            "", "{}", "[]", "null", "7", #""heartbeat""#, #"{"msg_type":null}"#, #"{"msg_type":7}"#,
            #"{"msg_type":"dance"}"#,
            #"{"msg_type":"heartbeat","payload":[]}"#, #"{"msg_type":"heartbeat","payload":"x"}"#,
            #"{"msg_type":"heartbeat","worker_id":7}"#, #"{"msg_type":"heartbeat","generation":-1}"#,
            #"{"msg_type":"heartbeat","generation":"one"}"#, #"{"msg_type":"heartbeat","timestamp":NaN}"#,
            #"{"msg_type":"heartbeat","timestamp":Infinity}"#, #"{"msg_type":"heartbeat","timestamp":1e999}"#,
            #"{"msg_type":"heartbeat","payload":{"x":-Infinity}}"#,
            #"{"msg_type":"heartbeat"}{"msg_type":"heartbeat"}"#,
            String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 10_000),
        ]
        return noises + halves + [invalidUTF8] + texts.map(text)
    }()

    /// Messages of the wrong number of frames, whose single frames would be fine.
    static let frames: [[[UInt8]]] = {
        let frame = Message.heartbeat("a", status: "running").bytes
        return [2, 3, 5, 100].map { Array(repeating: frame, count: $0) } + [
            [[], [], frame], [frame, []], Array(repeating: [], count: 50),
        ]
    }()

    /// Connects to a socket of the system, as a program does that knows nothing of ZeroMQ, and sends `bytes`.
    ///
    /// - Returns: The open descriptor.
    static func knock(_ path: String, _ bytes: [UInt8]) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Waited("nobody listens at \(path)") }
        // The other end may hang up at any byte.
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return descriptor
    }
}
