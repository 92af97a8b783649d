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

    private nonisolated let loop: EventLoop
    private let context: Context
    private let guests: GuestList
    private let logger: Logger
    private let onRefused: @Sendable (_ endpoint: String, _ reason: String, _ unreported: UInt64) -> Void
    private var sampler: RefusalSampler
    private var opened: Opened?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - context: The context of the sockets that it guards; none of them may be bound before ``start()``.
    ///   - guests: Who is let in.
    ///   - reportsPerSecond: How many refused connections are told of one by one; the others are counted.
    ///   - onRefused: Called on its own thread for a connection that is not let in, with how many others were not told of since.
    init(
        context: Context,
        guests: GuestList,
        reportsPerSecond: Int,
        logger: Logger,
        onRefused: @escaping @Sendable (_ endpoint: String, _ reason: String, _ unreported: UInt64) -> Void
    ) throws(ZeroMQError) {
        loop = try EventLoop(name: "qc-door")
        self.context = context
        self.guests = guests
        self.logger = logger
        self.onRefused = onRefused
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
