import ZeroMQ

extension Socket {
    /// Opens a socket and connects it.
    ///
    /// - Parameters:
    ///   - type: The socket's kind.
    ///   - address: Whom to connect to.
    ///   - configure: Sets the options, before it connects.
    /// - Throws: ``CommandFailure`` with exit code 69.
    static func connected(
        _ type: SocketType,
        to address: String,
        _ configure: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(CommandFailure) -> Socket {
        do throws(ZeroMQError) {
            return try open(type, address, configure)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func open(
        _ type: SocketType,
        _ address: String,
        _ configure: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) -> Socket {
        let socket = try Socket(Context(), type)
        try configure(socket)
        try socket.connect(address)
        return socket
    }
}

extension CommandFailure {
    /// A failure of ZeroMQ itself, which no manager is to blame for.
    init(_ error: ZeroMQError) {
        self = .unavailable("\(error)")
    }
}
