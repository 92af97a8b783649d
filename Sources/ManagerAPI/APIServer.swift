internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
public import Logging
public import ManagerCore
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
public import ServiceLifecycle
internal import Synchronization
internal import WireProtocol

/// The manager over HTTP: REST below `/api/v1`, live events, the dashboard at `/`.
///
/// It runs on one thread of its own, and asks the manager as the command line does. Where it listens it says in
/// ``WorkerManager``'s answer to `ping`, and in the log.
public struct APIServer: Service {
    private let manager: WorkerManager
    private let settings: Settings.API
    private let dashboardFolders: [String]
    private let metrics: (@Sendable () async -> [UInt8])?
    private let isDispensable: Bool
    private let logger: Logger
    private let listening = Listening()

    /// Makes a server; nothing happens before ``run()``.
    ///
    /// - Parameters:
    ///   - manager: Whom it serves; its settings say where.
    ///   - environment: `QUANTCELL_DASHBOARD`, where given, is the folder of the dashboard's files.
    ///   - metrics: Renders `/metrics`, in Prometheus' text format; `nil`: there is none.
    ///   - isDispensable: Whether the manager does without HTTP where the address cannot be had.
    ///   - logger: Where it tells what happens.
    public init(
        manager: WorkerManager,
        environment: [String: String],
        metrics: (@Sendable () async -> [UInt8])? = nil,
        isDispensable: Bool = false,
        logger: Logger
    ) {
        self.manager = manager
        settings = manager.settings.api
        dashboardFolders = DashboardFolder.candidates(settings, environment)
        self.metrics = metrics
        self.isDispensable = isDispensable
        self.logger = logger
    }

    /// Returns once it listens, or when it is certain that it will not.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func untilListening() async throws {
        try await listening.wait()
    }

    /// Serves until it is told to shut down.
    ///
    /// - Throws: ``APIStartError`` when it cannot listen: an address in use, a certificate that cannot be read.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let executor = LoopExecutor(group.next())
        do {
            try await withTaskExecutorPreference(executor) { try await serve(group) }
        } catch let error as APIStartError where isDispensable && error.isOfAddress {
            await close(group)
            logger.warning("\(error). The manager goes on without HTTP: no dashboard, no metrics")
            manager.access.absence = error.description
            listening.set()
            return try await gracefulShutdown()
        } catch {
            // Who waits for it to listen waits until he is cancelled, which is what follows: nothing is started meanwhile.
            await close(group)
            throw error
        }
        listening.set()
        await close(group)
    }

    private func close(_ group: MultiThreadedEventLoopGroup) async {
        manager.notice.set(nil)
        manager.access.address = nil
        try? await group.shutdownGracefully()
    }

    private func serve(_ group: MultiThreadedEventLoopGroup) async throws {
        let address = try await ListenAddress(settings, group)
        let parts = APIParts(manager: manager, metrics: metrics, dashboard: DashboardFiles(folders: dashboardFolders))
        let growth = GrowthSignal(parts.feed)
        manager.notice.set { growth.post(on: group.next()) }
        let pulse = group.next().scheduleRepeatedTask(
            initialDelay: .init(EventFeed.pulseInterval),
            delay: .init(EventFeed.pulseInterval)
        ) { _ in Task { await parts.feed.pulse() } }
        defer { pulse.cancel() }
        var quiet = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        quiet.logLevel = .critical
        let application = Application(
            responder: parts.responder,
            server: try builder(parts),
            configuration: .init(address: address.bind, serverName: nil),
            onServerRunning: { channel in
                address.closeToOthers()
                let text = address.text(channel)
                manager.access.address = text
                logger.notice("HTTP on \(text)")
                listening.set()
            },
            eventLoopGroupProvider: .shared(group),
            logger: quiet
        )
        do {
            try await application.run()
            address.remove()
        } catch let error as APIStartError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw address.failure(error)
        }
    }

    private func builder(_ parts: APIParts) throws -> HTTPServerBuilder {
        let plain = HTTPServerBuilder { responder in
            APIChannel(responder: responder, door: parts.door, limits: settings.limits, webSockets: parts.gate)
        }
        guard settings.tls.isOn else { return plain }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(settings.tls.certificate)
            let key = try NIOSSLPrivateKey(file: settings.tls.key, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            tls.minimumTLSVersion = .tlsv12
            return try .tls(plain, tlsConfiguration: tls)
        } catch {
            throw APIStartError("'api.tls' cannot be used: \(settings.tls.certificate), \(settings.tls.key): \(error)")
        }
    }
}

/// Tells, once, that the server listens, or has ended without a failure.
private final class Listening: Sendable {
    private let state = Mutex<(isSet: Bool, waiters: [AsyncStream<Void>.Continuation])>((false, []))

    func set() {
        let waiters = state.withLock { state in
            defer { state = (true, []) }
            return state.waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    func wait() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let isSet = state.withLock { state in
            if !state.isSet { state.waiters.append(continuation) }
            return state.isSet
        }
        if isSet { return }
        for await _ in stream {}
        try Task.checkCancellation()
    }
}

/// Wakes the feed on the server's thread, once for all that is recorded before it gets there.
private final class GrowthSignal: Sendable {
    private let feed: EventFeed
    private let isPosted = Atomic(false)

    init(_ feed: EventFeed) {
        self.feed = feed
    }

    /// Called on the control loop.
    func post(on loop: any EventLoop) {
        guard !isPosted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.execute { [self] in
            isPosted.store(false, ordering: .releasing)
            Task { await feed.grown() }
        }
    }
}
