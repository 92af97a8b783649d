/// How a bound socket lets peers in: the ZAP handler of its context is asked about every connection, and over TCP the peer has to prove
/// who it is by CURVE.
///
/// Related ZeroMQ documentation: ZMQ_ZAP_DOMAIN and ZMQ_CURVE_SERVER in zmq_setsockopt(3); https://rfc.zeromq.org/spec/27
public struct SocketGuard: Hashable, Sendable {
    /// The server's secret key; `nil` for TCP without keys.
    public let secretKey: CurveKey?
    /// How long a peer may take to say who it is, milliseconds.
    public let handshakeMilliseconds: Int32

    /// - Parameters:
    ///   - secretKey: The server's; `nil` for TCP without keys.
    ///   - handshakeMilliseconds: How long a peer may take.
    public init(secretKey: CurveKey?, handshakeMilliseconds: Int32 = 10_000) {
        self.secretKey = secretKey
        self.handshakeMilliseconds = handshakeMilliseconds
    }
}

extension Socket {
    /// Binds to all addresses.
    ///
    /// - Parameters:
    ///   - addresses: `ipc://` and `tcp://`.
    ///   - domain: What the ZAP handler is told the socket to be, such as `feed`.
    ///   - guarded: How peers are let in; without it, everybody is who can reach the address.
    public borrowing func bind(
        _ addresses: [String],
        domain: String,
        guardedBy guarded: SocketGuard?
    ) throws(ZeroMQError) {
        guard let guarded else {
            for address in addresses { try bind(address) }
            return
        }
        try set(.zapDomain, domain)
        // Without it libzmq lets everybody in where there is no handler.
        try set(.zapEnforceDomain, 1)
        try set(.handshakeInterval, guarded.handshakeMilliseconds)
        // An option counts for what is bound after it: over ipc the kernel says who connects, and nothing is encrypted.
        for address in addresses where !address.hasPrefix("tcp://") { try bind(address) }
        if let key = guarded.secretKey {
            try set(.curveServer, 1)
            try set(.curveSecretKey, key.bytes)
        }
        for address in addresses where address.hasPrefix("tcp://") { try bind(address) }
    }

    /// Connects; over TCP with keys, where there are any.
    public borrowing func connect(_ address: String, with client: CurveClient?) throws(ZeroMQError) {
        if let client, address.hasPrefix("tcp://") {
            try set(.curveServerKey, client.serverKey.bytes)
            try set(.curvePublicKey, client.keys.publicKey.bytes)
            try set(.curveSecretKey, client.keys.secretKey.bytes)
        }
        try connect(address)
    }
}
