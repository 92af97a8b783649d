internal import CZeroMQ

/// One frame of a message, in libzmq's own memory.
///
/// A frame is made once and used again: receiving into it lets go of what it held. Its small `zmq_msg_t` stays at one address for
/// its whole life, since libzmq keeps short bodies inside it.
///
/// Related ZeroMQ documentation: zmq_msg_init(3), zmq_msg_recv(3)
public struct Frame: ~Copyable {
    let raw: UnsafeMutablePointer<zmq_msg_t>

    /// Makes an empty frame.
    public init() {
        raw = .allocate(capacity: 1)
        zmq_msg_init(raw)
    }

    deinit {
        zmq_msg_close(raw)
        raw.deallocate()
    }

    /// Length in bytes.
    public var count: Int { zmq_msg_size(raw) }

    /// Whether another frame of the same message follows.
    public var hasMore: Bool { zmq_msg_more(raw) != 0 }

    /// Calls `body` with the frame's bytes, which are valid only during the call.
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw)))
    }

    /// Calls `body` with the frame's bytes to change them in place, before they are passed on.
    public mutating func withMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw)))
    }

    /// The frame's bytes as an array of their own.
    public var bytes: [UInt8] { withBytes { [UInt8]($0) } }

    /// What is known of the connection that a received frame came over: `User-Id`, `Peer-Address`, and what else its handshake said.
    ///
    /// `Peer-Address` is an IP address or, over ipc, `localhost:uid:gid:pid` of the process that connected, by the
    /// kernel's word. The first frame of a ROUTER's message does not always have it; the others do.
    ///
    /// Related ZeroMQ documentation: zmq_msg_gets(3)
    public borrowing func property(_ name: String) -> String? {
        zmq_msg_gets(raw, name).map { String(cString: $0) }
    }

    /// Lets go of what the frame held and takes a copy of `bytes`.
    ///
    /// - Throws: ``ZeroMQError`` when there is no memory.
    public mutating func replace(with bytes: UnsafeRawBufferPointer) throws(ZeroMQError) {
        zmq_msg_close(raw)
        guard zmq_msg_init_size(raw, bytes.count) == 0 else {
            let error = ZeroMQError("make a frame of \(bytes.count) bytes")
            zmq_msg_init(raw)
            throw error
        }
        UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: bytes.count).copyMemory(from: bytes)
    }
}
