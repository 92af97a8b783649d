import CZeroMQ
import Glibc

/// A socket and a message in libzmq's own calls, without the wrapper that the product uses.
struct BareSocket {
    let raw: UnsafeMutableRawPointer

    /// Opens a socket with the high-water marks of the measurement.
    init(_ context: UnsafeMutableRawPointer, _ type: Int32) throws {
        guard let raw = zmq_socket(context, type) else { throw BareSocket.failure("zmq_socket") }
        self.raw = raw
        try set(ZMQ_SNDHWM, Bare.highWaterMark)
        try set(ZMQ_RCVHWM, Bare.highWaterMark)
        try set(ZMQ_LINGER, 1000)
    }

    func set(_ option: Int32, _ value: Int32) throws {
        var value = value
        guard zmq_setsockopt(raw, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw Self.failure("zmq_setsockopt")
        }
    }

    func subscribe(_ prefix: String) throws {
        guard zmq_setsockopt(raw, ZMQ_SUBSCRIBE, prefix, prefix.utf8.count) == 0 else {
            throw Self.failure("zmq_setsockopt")
        }
    }

    func bind(_ address: String) throws {
        guard zmq_bind(raw, address) == 0 else { throw Self.failure("zmq_bind \(address)") }
    }

    func connect(_ address: String) throws {
        guard zmq_connect(raw, address) == 0 else { throw Self.failure("zmq_connect \(address)") }
    }

    static func failure(_ operation: String) -> BenchError {
        BenchError("\(operation): \(String(cString: zmq_strerror(zmq_errno())))")
    }
}

enum Bare {
    /// How many messages may wait anywhere, on both sides of a comparison: enough that nothing is ever dropped.
    static let highWaterMark: Int32 = 4_000_000

    /// Where a binary body has its event time.
    static let timeOffset = 16

    static func context() throws -> UnsafeMutableRawPointer {
        guard let context = zmq_ctx_new() else { throw BareSocket.failure("zmq_ctx_new") }
        return context
    }

    /// An empty message, which stays at one address.
    static func message() -> UnsafeMutablePointer<zmq_msg_t> {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        zmq_msg_init(message)
        return message
    }
}
