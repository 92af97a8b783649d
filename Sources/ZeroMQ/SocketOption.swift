internal import CZeroMQ

/// A socket's kind.
///
/// Related ZeroMQ documentation: zmq_socket(3)
public struct SocketType: Hashable, Sendable {
    let raw: Int32

    /// Sends to every subscriber; drops for those that are behind.
    public static let pub = SocketType(raw: ZMQ_PUB)
    /// A PUB that also receives its peers' subscriptions.
    public static let xpub = SocketType(raw: ZMQ_XPUB)
    /// Receives what it subscribed to.
    public static let sub = SocketType(raw: ZMQ_SUB)
    /// Sends to one of its peers; waits when all are full.
    public static let push = SocketType(raw: ZMQ_PUSH)
    /// Receives fairly from its peers.
    public static let pull = SocketType(raw: ZMQ_PULL)
    /// Addresses its peers by identity.
    public static let router = SocketType(raw: ZMQ_ROUTER)
    /// Talks asynchronously with a ROUTER.
    public static let dealer = SocketType(raw: ZMQ_DEALER)
    /// Talks with exactly one peer.
    public static let pair = SocketType(raw: ZMQ_PAIR)
}

/// A socket option and the type of its value.
///
/// Related ZeroMQ documentation: zmq_setsockopt(3)
public struct SocketOption<Value: Sendable>: Sendable {
    let raw: Int32
}

extension SocketOption where Value == Int32 {
    /// How many messages wait for one peer before the socket blocks or drops; 0 is no limit.
    public static var sendHighWaterMark: Self { Self(raw: ZMQ_SNDHWM) }
    /// How many messages wait to be read; 0 is no limit.
    public static var receiveHighWaterMark: Self { Self(raw: ZMQ_RCVHWM) }
    /// How long closing waits for unsent messages, milliseconds; -1 is for ever.
    public static var linger: Self { Self(raw: ZMQ_LINGER) }
    /// How long a send may block, milliseconds; -1 is for ever.
    public static var sendTimeout: Self { Self(raw: ZMQ_SNDTIMEO) }
    /// How long a receive may block, milliseconds; -1 is for ever.
    public static var receiveTimeout: Self { Self(raw: ZMQ_RCVTIMEO) }
    /// First pause before connecting again, milliseconds.
    public static var reconnectInterval: Self { Self(raw: ZMQ_RECONNECT_IVL) }
    /// Longest pause before connecting again, milliseconds; 0 keeps the first.
    public static var reconnectIntervalMax: Self { Self(raw: ZMQ_RECONNECT_IVL_MAX) }
    /// 1: queue messages only for connections that are complete.
    public static var immediate: Self { Self(raw: ZMQ_IMMEDIATE) }
    /// 1: a ROUTER reports a peer that it does not know instead of dropping.
    public static var routerMandatory: Self { Self(raw: ZMQ_ROUTER_MANDATORY) }
    /// 1: a ROUTER lets a new connection take over an identity.
    public static var routerHandover: Self { Self(raw: ZMQ_ROUTER_HANDOVER) }
    /// 1: an XPUB reports every subscription and its end, not just the first of each.
    public static var reportEverySubscription: Self { Self(raw: ZMQ_XPUB_VERBOSER) }
    /// 1: this side has the CURVE server's keys.
    public static var curveServer: Self { Self(raw: ZMQ_CURVE_SERVER) }
    /// 1: nobody is let in where the ZAP handler cannot be asked.
    public static var zapEnforceDomain: Self { Self(raw: ZMQ_ZAP_ENFORCE_DOMAIN) }
    /// How long a peer may take for its handshake, milliseconds; then it is cut off.
    public static var handshakeInterval: Self { Self(raw: ZMQ_HANDSHAKE_IVL) }
    /// Size of the kernel's receive buffer, bytes.
    public static var kernelReceiveBuffer: Self { Self(raw: ZMQ_RCVBUF) }
    /// Size of the kernel's send buffer, bytes.
    public static var kernelSendBuffer: Self { Self(raw: ZMQ_SNDBUF) }
}

extension SocketOption where Value == Int64 {
    /// The largest message that is received, bytes; a peer that sends a larger one is cut off. -1 is no limit.
    public static var maxMessageSize: Self { Self(raw: ZMQ_MAXMSGSIZE) }
}

extension SocketOption where Value == [UInt8] {
    /// The identity by which a ROUTER knows this socket.
    public static var routingID: Self { Self(raw: ZMQ_ROUTING_ID) }
    /// Adds a prefix of the topics that a SUB receives.
    public static var subscribe: Self { Self(raw: ZMQ_SUBSCRIBE) }
    /// Takes back one ``subscribe``.
    public static var unsubscribe: Self { Self(raw: ZMQ_UNSUBSCRIBE) }
    /// The long-term public key, 32 bytes.
    public static var curvePublicKey: Self { Self(raw: ZMQ_CURVE_PUBLICKEY) }
    /// The long-term secret key, 32 bytes.
    public static var curveSecretKey: Self { Self(raw: ZMQ_CURVE_SECRETKEY) }
    /// The server's public key, 32 bytes.
    public static var curveServerKey: Self { Self(raw: ZMQ_CURVE_SERVERKEY) }
    /// The domain that the ZAP handler is asked about.
    public static var zapDomain: Self { Self(raw: ZMQ_ZAP_DOMAIN) }
}
