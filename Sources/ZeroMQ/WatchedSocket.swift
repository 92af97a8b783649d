internal import CLinux
internal import CZeroMQ

/// A socket that a loop watches.
///
/// libzmq offers a descriptor that becomes readable when something happens to a socket, but only once: whoever then sends or receives
/// on the socket may take in, unnoticed, the news of what else has happened. (The kernel passes it on once too, so that a socket that
/// rests does not keep the loop awake.) So before it waits the loop looks again at the sockets
/// that were used since, and only at those: looking costs a system call.
///
/// Related ZeroMQ documentation: ZMQ_FD and ZMQ_EVENTS in zmq_getsockopt(3)
final class WatchedSocket {
    let id: UInt64
    let descriptor: Int32
    let handler: () -> Void
    let use: SocketUse
    var isWatched = true
    /// Before this it is not to be looked at, nanoseconds of the monotonic clock; 0 where it never rested.
    var restsUntil: Int64 = 0
    private let raw: UnsafeMutableRawPointer

    init(id: UInt64, _ socket: borrowing Socket, _ handler: @escaping () -> Void) {
        self.id = id
        self.handler = handler
        raw = socket.raw
        use = socket.use
        descriptor = socket.descriptor
        // What has come before is news too.
        use.isOpen = true
    }

    /// Whether it is to be left alone for now.
    var isResting: Bool { restsUntil > 0 && qc_monotonic_ns() < restsUntil }

    /// Whether there is something to read. Takes in what has happened to the socket.
    func hasInput() -> Bool { Socket.hasInput(raw) }
}

// For who waits by other means than a loop or a poller.
extension Socket {
    /// Becomes readable when something has happened to the socket that nobody has taken in: once for each, so that it is to be watched
    /// for changes. Belongs to the socket.
    public var descriptor: Int32 {
        var descriptor: Int32 = -1
        var size = MemoryLayout<Int32>.size
        let result = zmq_getsockopt(raw, ZMQ_FD, &descriptor, &size)
        precondition(result == 0, "a closed socket cannot be watched")
        return descriptor
    }

    /// Whether there is something to read, where the socket was used since it was last found to have nothing, or `isNews`: where its
    /// ``descriptor`` has become readable meanwhile.
    public borrowing func hasInput(isNews: Bool) -> Bool {
        guard isNews || use.isOpen else { return false }
        use.isOpen = Self.hasInput(raw)
        return use.isOpen
    }

    fileprivate static func hasInput(_ raw: UnsafeMutableRawPointer) -> Bool {
        var events: Int32 = 0
        var size = MemoryLayout<Int32>.size
        while zmq_getsockopt(raw, ZMQ_EVENTS, &events, &size) != 0 {
            precondition(zmq_errno() == EINTR, "a socket was closed while it was watched")
        }
        return events & Int32(ZMQ_POLLIN) != 0
    }
}

/// Whether a socket has been used since it was last known to have nothing to read.
final class SocketUse {
    // Every message passes here, and always on the thread that uses the socket.
    @exclusivity(unchecked) var isOpen = true
}
