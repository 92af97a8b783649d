import ArgumentParser
import CLinux
import CoreMetrics
import Glibc
import Logging
import ManagerAPI
import ManagerCore
import ServiceLifecycle
import UnixSignals

/// `quantcell-manager run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs the manager until it is stopped by Ctrl-C or SIGTERM, or its terminal closes.",
        discussion: """
            Without a file everything has its default, and no strategy runs until 'quantcell start-strategy' starts one.

              quantcell-manager run
              quantcell-manager run --config config/quantcell.yaml --log-format json

            HTTP (REST, metrics, the dashboard) is served on 127.0.0.1:8090; 'quantcell dashboard' opens it. QUANTCELL_API_PORT=0 takes any
            free port, QUANTCELL_API_ENABLED=false none. A port that is taken is an error where the configuration names it; else the manager
            says so and does without HTTP.

            SIGHUP reads the file again and puts in force what has changed, as 'quantcell apply' does.

            Exit codes: 0 stopped, 64 bad usage, 69 it cannot work here (the reason is printed), 78 bad configuration.
            """
    )

    @Option(help: "The configuration file (default: QUANTCELL_CONFIG, else none).")
    var config: String?

    @Flag(help: "Leave the strategies running when the manager stops; the next manager takes them over.")
    var leaveRunning = false

    @OptionGroup var options: ConfigOptions

    /// Heaps of the allocator, and the size from which a block is outside of them: an answer of a megabyte that one of many threads has put
    /// together must not stay the manager's for ever.
    private static let heaps: Int32 = 4
    private static let largeBlock: Int32 = 64 << 10

    func run() async throws {
        qc_bound_heaps(Self.heaps, Self.largeBlock)
        Self.raiseDescriptorLimit()
        let file = config ?? ProcessEnvironment.current()["QUANTCELL_CONFIG"]
        let loaded = try options.load(file)
        let settings = loaded.settings
        let (stopSignals, hangups) = await SignalSetup.apply()
        let format = Self.logFormat(settings)
        let output = LogOutput { format.line(.warning, "\($0) log lines dropped: standard output is read too slowly") }
        defer { output.flush() }
        var logger = Logger(label: "quantcell") { LineLogHandler(format: format, output: output, label: $0) }
        logger.logLevel = Logger.Level(rawValue: settings.manager.logLevel.rawValue) ?? .info
        do {
            let manager = try WorkerManager(
                settings: settings,
                logger: logger,
                role: WorkerManager.Role(
                    ownsProcess: true,
                    leavesWorkersRunning: leaveRunning,
                    settingsSource: options.source(file)
                )
            )
            MetricsSystem.bootstrap(manager.metricsFactory)
            let api =
                settings.api.enabled
                ? APIServer(
                    manager: manager,
                    environment: ProcessEnvironment.current(),
                    metrics: { await manager.renderMetrics() },
                    isDispensable: loaded.givenKeys.isDisjoint(with: Settings.API.addressKeys),
                    logger: logger
                ) : nil
            let service = ManagerService(manager: manager, api: api, hangups: hangups, logger: logger)
            let group = ServiceGroup(
                services: [service as any Service] + (api.map { [$0] } ?? []),
                gracefulShutdownSignals: stopSignals,
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
            )
            try await group.run()
        } catch let error as SettingsError {
            throw Failure(.config, error)
        } catch {
            throw Failure(.unavailable, error)
        }
    }

    /// Each connection takes a descriptor, and 1,024 are soon gone where strangers knock. No more than this, since what the manager starts
    /// inherits it, and there are programs that walk through all of them.
    private static let maxDescriptors: rlim_t = 65_536

    private static func raiseDescriptorLimit() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < min(limit.rlim_max, maxDescriptors) else { return }
        limit.rlim_cur = min(limit.rlim_max, maxDescriptors)
        // Where it may not be, it stays as it was given.
        _ = setrlimit(resource, &limit)
    }

    private static func logFormat(_ settings: Settings) -> LogFormat {
        switch settings.manager.logFormat {
        case .text: .text(isColoured: isatty(STDOUT_FILENO) == 1)
        case .json: .json
        }
    }
}

/// The manager as a service: runs from its start until somebody wants the program to end.
private struct ManagerService: Service {
    let manager: WorkerManager
    let api: APIServer?
    let hangups: UnixSignalsSequence
    let logger: Logger

    func run() async throws {
        // It may close while strategies are compiled.
        let terminal = Terminal()
        // Before anything is started: an address in use is a reason not to run at all.
        try await api?.untilListening()
        // Ctrl-C also ends the wait for a strategy that takes long to compile.
        try await cancelWhenGracefulShutdown { try await manager.start() }
        logger.notice("the manager runs; Ctrl-C stops it")
        let listening = Task {
            for await _ in hangups {
                // A terminal that closes takes the manager with it, in good order; anybody else means the configuration.
                if terminal.isGone { kill(getpid(), SIGTERM) } else { await manager.reloadSettings() }
            }
        }
        try? await gracefulShutdown()
        listening.cancel()
        logger.notice("stopping")
        guard let summary = await manager.stop() else { return }
        logger.notice(
            """
            stopped after \(summary.uptime.formatted): \(summary.published) messages published, \(summary.refused) refused; \
            \(summary.workers) workers, \(summary.restarts) restarts; \(summary.lostEntries) journal entries lost
            """
        )
    }
}

extension Duration {
    fileprivate var formatted: String {
        let seconds = components.seconds
        return seconds < 60 ? "\(seconds) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min \(seconds % 60) s"
    }
}
