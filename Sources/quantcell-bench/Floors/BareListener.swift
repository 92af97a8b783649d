import CZeroMQ
import Glibc

/// A PULL loop in bare calls, for its CPU time: `ADDRESS`. It runs until it is killed.
enum BareListener {
    static func run(_ arguments: RoleArguments) throws {
        let status = try BareSocket(try Bare.context(), ZMQ_PULL)
        try status.bind(arguments.text(0))
        let message = Bare.message()
        while zmq_msg_recv(message, status.raw, 0) >= 0 {}
        throw BareSocket.failure("zmq_msg_recv")
    }
}

/// PUSH sockets that each send the bytes of a heartbeat once a second, evenly spread: `ADDRESS COUNT BYTES`.
enum BareHeart {
    static func run(_ arguments: RoleArguments) throws {
        let context = try Bare.context()
        let count = try arguments.number(1)
        let bytes = [UInt8](repeating: 0x20, count: try arguments.number(2))
        var sockets: [BareSocket] = []
        for _ in 0..<count {
            let socket = try BareSocket(context, ZMQ_PUSH)
            try socket.connect(arguments.text(0))
            sockets.append(socket)
        }
        var next = Clock.monotonic
        while true {
            for socket in sockets {
                next += 1_000_000_000 / Int64(count)
                Clock.sleep(until: next)
                zmq_send(socket.raw, bytes, bytes.count, ZMQ_DONTWAIT)
            }
        }
    }
}
