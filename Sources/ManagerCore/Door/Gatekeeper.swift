internal import Logging
internal import MarketData
internal import WireProtocol
internal import ZeroMQ

/// Answers libzmq about every connection to the manager's sockets (ZAP), on a thread of its own: a flood of strangers delays nothing but
/// other connections.
///
/// Related ZeroMQ documentation: https://rfc.zeromq.org/spec/27
actor Gatekeeper {
    private final class Opened {
        let socket: Socket
        var watch: EventLoop.Watch?

        init(_ context: Context) throws(ZeroMQError) {
            socket = try Socket(context, .router)
            try socket.bind("inproc://zeromq.zap.01")
        }
    }

    private static let batch = 1000
    /// How often it looks whether a client's key was taken back, while there are any that have come by theirs.
    private static let revocationInterval = Duration.milliseconds(500)

    private nonisolated let loop: EventLoop
    private let context: Context
    private let guests: GuestList
    private let logger: Logger
    private let onRefused: @Sendable (_ endpoint: String, _ reason: String, _ unreported: UInt64) -> Void
    private let ports: [String: Set<UInt16>]
    private let onRevoked: @Sendable (String) -> Void
    private var sampler: RefusalSampler
    private var opened: Opened?
    private var revocationTimer: EventLoop.Timer?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - context: The context of the sockets that it guards; none of them may be bound before ``start()``.
    ///   - guests: Who is let in.
    ///   - ports: The TCP ports of each endpoint.
    ///   - reportsPerSecond: How many refused connections are told of one by one; the others are counted.
    ///   - onRefused: Called on its own thread for a connection that is not let in, with how many others were not told of since.
    ///   - onRevoked: Called on its own thread when connections of a client were closed whose key was taken back, with what to say of it.
    init(
        context: Context,
        guests: GuestList,
        ports: [String: Set<UInt16>],
        reportsPerSecond: Int,
        logger: Logger,
        onRefused: @escaping @Sendable (_ endpoint: String, _ reason: String, _ unreported: UInt64) -> Void,
        onRevoked: @escaping @Sendable (String) -> Void
    ) throws(ZeroMQError) {
        loop = try EventLoop(name: "qc-door")
        self.context = context
        self.guests = guests
        self.logger = logger
        self.onRefused = onRefused
        self.ports = ports
        self.onRevoked = onRevoked
        sampler = RefusalSampler(perSecond: reportsPerSecond)
    }

    deinit {
        loop.stop()
    }

    func start() throws(ZeroMQError) {
        guard opened == nil else { return }
        let opened = try Opened(context)
        opened.watch = loop.watch(opened.socket) { [unowned self] in assumeIsolated { $0.read() } }
        self.opened = opened
    }

    func stop() {
        if let watch = opened?.watch { loop.unwatch(watch) }
        opened = nil
        if let revocationTimer { loop.cancel(revocationTimer) }
        revocationTimer = nil
    }

    // MARK: Keys that were taken back

    private func watchRevocations() {
        guard opened != nil, revocationTimer == nil, guests.hasClients else { return }
        revocationTimer = loop.schedule(after: Self.revocationInterval) { [unowned self] in
            assumeIsolated { $0.endRevoked() }
        }
    }

    /// Closes what a client has open whose key was taken back: its commands are refused at once, but who only publishes or only receives is not
    /// asked again. A connection says where it comes from and not whose it is: others from there to the same endpoint are closed too, and
    /// connect again by themselves.
    private func endRevoked() {
        revocationTimer = nil
        for client in guests.takeRevoked() {
            let count = client.places.reduce(0) { sum, place in
                sum + TCPConnections.end(from: place.address, to: ports[place.endpoint] ?? [])
            }
            let endpoints = Set(client.places.map(\.endpoint)).sorted().joined(separator: ", ")
            onRevoked("the key of '\(client.name)' was taken back: \(count) connections to \(endpoints) were closed")
        }
        watchRevocations()
    }

    private func read() {
        guard let opened else { return }
        do throws(ZeroMQError) {
            for _ in 0..<Self.batch {
                guard let frames = try opened.socket.receive() else { return }
                // [connection, "", version, id, domain, address, identity, mechanism, credentials…]
                guard frames.count > 2, frames[1].isEmpty, let request = ZAPRequest(frames[2...]) else {
                    logger.error("a connection was asked about in words that are not understood")
                    continue
                }
                try opened.socket.send([frames[0], []] + answer(request))
                watchRevocations()
            }
        } catch {
            logger.error("connections cannot be checked: \(error)")
        }
    }

    private func answer(_ request: ZAPRequest) -> [[UInt8]] {
        let (code, text, userID): (String, String, String)
        switch guests.verdict(on: request) {
        case .admitted(let speaker): (code, text, userID) = ("200", "OK", speaker.userID)
        case .refused(let reason):
            guests.countRefused()
            if let unreported = sampler.admit(at: WallClock.nanoseconds()) {
                let address = request.localPeer == nil ? "from \(request.address)" : "over ipc"
                onRefused(request.endpoint, "\(reason), \(address)", unreported)
            }
            (code, text, userID) = ("400", "not allowed", "")
        }
        return [Array("1.0".utf8), request.id, Array(code.utf8), Array(text.utf8), Array(userID.utf8), []]
    }
}
