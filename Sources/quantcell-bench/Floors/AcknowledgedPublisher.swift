import CZeroMQ
import Glibc
import WireProtocol

/// Publishes bars of which each is to be on disk, and waits for the last one: `PUBLISH KIND COUNT`.
///
/// Says when it sent the first and when it was told that the last is on disk, in monotonic time.
enum AcknowledgedPublisher {
    /// How many bars may be on their way to the disk.
    private static let window = 100_000
    /// After how many bars it looks whether it was told something.
    private static let stride = 1000

    static func run(_ arguments: RoleArguments) throws {
        guard let kind = BodyKind(rawValue: try arguments.text(1)) else { throw BenchError("an unknown kind of body") }
        let count = try arguments.number(2)
        let context = try Bare.context()
        let socket = try BareSocket(context, ZMQ_DEALER)
        try socket.set(ZMQ_IMMEDIATE, 1)
        try socket.set(ZMQ_RCVTIMEO, 60_000)
        try socket.connect(arguments.text(0))
        try sayHello(socket)
        let body = MarketBody(kind)
        let topic = Array("market.\(Probe.symbol).\(Probe.dataType)".utf8)
        var (sent, safe) = (0, 0)
        let start = Clock.monotonic
        while safe < count {
            let goal = min(count, safe + window, sent + stride)
            while sent < goal {
                sent += 1
                try send(socket, UInt64(sent), topic, body)
            }
            // Waits where nothing more can be sent.
            while let through = try receive(socket, waits: sent == min(count, safe + window) && safe < count) {
                safe = max(safe, through)
            }
        }
        print(start, Clock.monotonic)
        zmq_close(socket.raw)
        zmq_ctx_term(context)
    }

    private static func sayHello(_ socket: BareSocket) throws {
        let hello = Message(.hello, payload: ["publisher": "bench"]).bytes
        guard zmq_send(socket.raw, hello, hello.count, 0) >= 0 else { throw BareSocket.failure("zmq_send") }
        guard try answer(socket, waits: true)?.type == .welcome else { throw BenchError("there is no welcome") }
    }

    private static func send(_ socket: BareSocket, _ number: UInt64, _ topic: [UInt8], _ body: MarketBody) throws {
        var number = number.littleEndian
        try body.withBytes { bytes in
            guard zmq_send(socket.raw, &number, MemoryLayout<UInt64>.size, ZMQ_SNDMORE) >= 0,
                zmq_send(socket.raw, topic, topic.count, ZMQ_SNDMORE) >= 0,
                zmq_send(socket.raw, bytes.baseAddress, bytes.count, 0) >= 0
            else { throw BareSocket.failure("zmq_send") }
        }
    }

    /// The number up to which all is on disk, where that was said.
    private static func receive(_ socket: BareSocket, waits: Bool) throws -> Int? {
        guard let answer = try answer(socket, waits: waits) else { return nil }
        guard answer.type == .recorded, let through = answer.payload["through"]?.integerValue else {
            throw BenchError("the manager says \(answer.payload.text)")
        }
        return Int(through)
    }

    private static func answer(_ socket: BareSocket, waits: Bool) throws -> Message? {
        let frame = Bare.message()
        defer {
            zmq_msg_close(frame)
            frame.deallocate()
        }
        guard zmq_msg_recv(frame, socket.raw, waits ? 0 : ZMQ_DONTWAIT) >= 0 else {
            if !waits, zmq_errno() == EAGAIN { return nil }
            throw BareSocket.failure("zmq_msg_recv")
        }
        return try Message(parsing: UnsafeRawBufferPointer(start: zmq_msg_data(frame), count: zmq_msg_size(frame)))
    }
}
