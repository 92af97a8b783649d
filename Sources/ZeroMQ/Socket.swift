internal import CZeroMQ
internal import Glibc

/// A ZeroMQ socket: owned by one place, used by one thread at a time.
///
/// It is not `Sendable`: an actor that is pinned to an ``EventLoop`` keeps it, and the compiler holds everybody to that.
///
/// Related ZeroMQ documentation: zmq_socket(3)
public struct Socket: ~Copyable {
    let raw: UnsafeMutableRawPointer
    let use = SocketUse()
    private let context: Context

    /// Opens a socket that drops unsent messages when it is closed, until ``SocketOption/linger`` says otherwise.
    ///
    /// - Throws: ``ZeroMQError`` when there are too many sockets or descriptors.
    public init(_ context: Context, _ type: SocketType) throws(ZeroMQError) {
        guard let raw = zmq_socket(context.raw, type.raw) else { throw ZeroMQError("open a socket") }
        self.raw = raw
        self.context = context
        var linger: Int32 = 0
        // Cannot fail: a constant that is in range, on a socket that was just opened.
        zmq_setsockopt(raw, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    }

    deinit {
        zmq_close(raw)
    }

    // MARK: Addresses

    /// Binds to an address such as `ipc:///run/x.sock` or `tcp://127.0.0.1:5555`.
    ///
    /// Related ZeroMQ documentation: zmq_bind(3)
    public borrowing func bind(_ address: String) throws(ZeroMQError) {
        guard zmq_bind(raw, address) == 0 else { throw ZeroMQError("bind \(address)") }
    }

    /// Connects to an address, now or as soon as somebody is bound to it.
    ///
    /// Related ZeroMQ documentation: zmq_connect(3)
    public borrowing func connect(_ address: String) throws(ZeroMQError) {
        guard zmq_connect(raw, address) == 0 else { throw ZeroMQError("connect \(address)") }
    }

    /// The address of the last ``bind(_:)``, with the port that a `*` became.
    public borrowing func lastEndpoint() throws(ZeroMQError) -> String {
        var buffer = [UInt8](repeating: 0, count: 1024)
        var count = buffer.count
        guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &count) == 0 else {
            throw ZeroMQError("read the last endpoint")
        }
        return String(decoding: buffer.prefix(max(count - 1, 0)), as: UTF8.self)
    }

    // MARK: Options

    /// Sets an option.
    public borrowing func set(_ option: SocketOption<Int32>, _ value: Int32) throws(ZeroMQError) {
        var value = value
        guard zmq_setsockopt(raw, option.raw, &value, MemoryLayout<Int32>.size) == 0 else {
            throw ZeroMQError("set socket option \(option.raw)")
        }
    }

    /// Sets an option.
    public borrowing func set(_ option: SocketOption<Int64>, _ value: Int64) throws(ZeroMQError) {
        var value = value
        guard zmq_setsockopt(raw, option.raw, &value, MemoryLayout<Int64>.size) == 0 else {
            throw ZeroMQError("set socket option \(option.raw)")
        }
    }

    /// Sets an option.
    public borrowing func set(_ option: SocketOption<[UInt8]>, _ value: [UInt8]) throws(ZeroMQError) {
        guard zmq_setsockopt(raw, option.raw, value, value.count) == 0 else {
            throw ZeroMQError("set socket option \(option.raw)")
        }
    }

    /// Sets an option to a text's bytes.
    public borrowing func set(_ option: SocketOption<[UInt8]>, _ value: String) throws(ZeroMQError) {
        try set(option, Array(value.utf8))
    }

    // MARK: Sending

    /// Sends one frame, copying its bytes.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - more: Whether another frame of the same message follows.
    ///   - wait: Whether to block while the peers' queues are full, up to ``SocketOption/sendTimeout``.
    /// - Returns: `false` when the queues are full and it did not wait, or waited too long.
    /// - Throws: ``ZeroMQError``, among others ``ZeroMQError/Code/unreachable`` from a mandatory ROUTER.
    @discardableResult
    public borrowing func send(
        _ bytes: UnsafeRawBufferPointer,
        more: Bool = false,
        wait: Bool = false
    ) throws(ZeroMQError) -> Bool {
        use.isOpen = true
        let flags = (more ? ZMQ_SNDMORE : 0) | (wait ? 0 : ZMQ_DONTWAIT)
        while zmq_send(raw, bytes.baseAddress, bytes.count, flags) < 0 {
            guard try Self.retries(after: "send") else { return false }
        }
        return true
    }

    /// Sends one frame and takes its memory, without copying; the frame is empty afterwards. Where it returns `false`, the frame
    /// still holds its bytes.
    @discardableResult
    public borrowing func send(
        _ frame: inout Frame,
        more: Bool = false,
        wait: Bool = false
    ) throws(ZeroMQError) -> Bool {
        use.isOpen = true
        let flags = (more ? ZMQ_SNDMORE : 0) | (wait ? 0 : ZMQ_DONTWAIT)
        while zmq_msg_send(frame.raw, raw, flags) < 0 {
            guard try Self.retries(after: "send") else { return false }
        }
        return true
    }

    /// Sends a whole message of copied frames: all of it or, where this returns `false`, nothing.
    @discardableResult
    public borrowing func send(_ frames: [[UInt8]], wait: Bool = false) throws(ZeroMQError) -> Bool {
        for (index, frame) in frames.enumerated() {
            let more = index + 1 < frames.count
            let isSent = try frame.withUnsafeBytes { bytes in
                Result { () throws(ZeroMQError) in try send(bytes, more: more, wait: wait) }
            }.get()
            // libzmq decides with the first frame: the others of a message cannot be turned away.
            guard isSent else { return false }
        }
        return true
    }

    // MARK: Receiving

    /// Receives one frame into `frame`.
    ///
    /// - Returns: `false` when nothing is there and it did not wait, or waited too long.
    public borrowing func receive(into frame: inout Frame, wait: Bool = false) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(frame.raw, raw, wait ? 0 : ZMQ_DONTWAIT) < 0 {
            if try Self.retries(after: "receive") { continue }
            // All that had happened to the socket has been taken in: whatever comes now shows on its descriptor.
            use.isOpen = wait
            return false
        }
        use.isOpen = true
        return true
    }

    /// Takes what is left of the message whose last read frame was `frame`.
    public borrowing func discardRest(after frame: inout Frame) throws(ZeroMQError) {
        while frame.hasMore, try receive(into: &frame, wait: true) {}
    }

    /// Receives a whole message, or `nil` when nothing is there.
    ///
    /// - Parameter maxFrames: Frames beyond this are dropped.
    public borrowing func receive(wait: Bool = false, maxFrames: Int = 16) throws(ZeroMQError) -> [[UInt8]]? {
        var frame = Frame()
        guard try receive(into: &frame, wait: wait) else { return nil }
        return try receiveRest(after: &frame, maxFrames: maxFrames)
    }

    /// The whole message that begins with `frame`, which was read already.
    ///
    /// - Parameter maxFrames: Frames beyond this are dropped.
    public borrowing func receiveRest(after frame: inout Frame, maxFrames: Int = 16) throws(ZeroMQError) -> [[UInt8]] {
        var frames = [frame.bytes]
        while frame.hasMore {
            // The frames of one message arrive together.
            guard try receive(into: &frame, wait: true) else { break }
            if frames.count < maxFrames { frames.append(frame.bytes) }
        }
        return frames
    }

    /// After a call that failed: `true` to try again, `false` where it would have blocked; throws for all else.
    private static func retries(after operation: String) throws(ZeroMQError) -> Bool {
        let number = zmq_errno()
        if number == EINTR { return true }
        if number == EAGAIN { return false }
        throw ZeroMQError(operation)
    }
}
