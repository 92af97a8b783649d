import ZeroMQ

extension Socket {
    /// Opens a socket and connects it.
    ///
    /// - Parameters:
    ///   - type: The socket's kind.
    ///   - name: The endpoint to connect to.
    ///   - location: Where the manager is.
    ///   - configure: Sets the options, before it connects.
    /// - Throws: ``CommandFailure`` with exit code 69.
    static func connected(
        _ type: SocketType,
        to name: Endpoints.Name,
        of location: ManagerLocation,
        _ configure: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(CommandFailure) -> Socket {
        let address = try location.liveAddress(name)
        do throws(ZeroMQError) {
            return try open(type, address, location.keys, configure)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func open(
        _ type: SocketType,
        _ address: String,
        _ keys: CurveClient?,
        _ configure: (borrowing Socket) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) -> Socket {
        let socket = try Socket(Context(), type)
        try configure(socket)
        try socket.connect(address, with: keys)
        return socket
    }
}

extension CommandFailure {
    /// A failure of ZeroMQ itself, which no manager is to blame for.
    init(_ error: ZeroMQError) {
        self = .unavailable("\(error)")
    }
}
