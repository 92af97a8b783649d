import CZeroMQ

/// PULL to PUB in bare calls: `FEED DATA SUBSCRIBERS READY-FILE`.
///
/// The PUB is an XPUB, as the broker's, so that it knows when all subscribers have come.
enum BareForwarder {
    static func run(_ arguments: RoleArguments) throws {
        let context = try Bare.context()
        let feed = try BareSocket(context, ZMQ_PULL)
        let data = try BareSocket(context, ZMQ_XPUB)
        try data.set(ZMQ_XPUB_VERBOSE, 1)
        try feed.bind(arguments.text(0))
        try data.bind(arguments.text(1))
        var buffer = [UInt8](repeating: 0, count: 256)
        for _ in 0..<(try arguments.number(2)) {
            guard zmq_recv(data.raw, &buffer, buffer.count, 0) >= 0 else { throw BareSocket.failure("zmq_recv") }
        }
        try Files.write("", to: arguments.text(3))
        let topic = Bare.message()
        let body = Bare.message()
        while zmq_msg_recv(topic, feed.raw, 0) >= 0, zmq_msg_recv(body, feed.raw, 0) >= 0 {
            zmq_msg_send(topic, data.raw, ZMQ_SNDMORE)
            zmq_msg_send(body, data.raw, 0)
        }
        throw BareSocket.failure("zmq_msg_recv")
    }
}
