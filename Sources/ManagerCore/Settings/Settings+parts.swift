internal import EventJournal
internal import MarketData
internal import MarketFiles
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol

// What the parts of the manager are made with, from what the configuration says.
extension Settings {
    /// The pool's configuration.
    var poolConfig: PoolConfig {
        PoolConfig(minSize: pool.minSize, maxSize: pool.maxSize, idleTimeout: pool.idleTimeout.duration)
    }

    /// The configuration of each Python interpreter's pool.
    var pythonPoolConfig: PoolConfig {
        PoolConfig(
            minSize: min(pool.pythonMinSize, pool.maxSize),
            maxSize: pool.maxSize,
            idleTimeout: pool.idleTimeout.duration
        )
    }

    /// What a strategy has that does not say otherwise.
    var strategyDefaults: StrategyConfig {
        StrategyConfig(
            restartPolicy: supervisor.restartPolicy.policy,
            health: supervisor.health.config(startTimeout: manager.startTimeout.duration),
            errorBudget: supervisor.errorBudget.errors,
            errorWindow: supervisor.errorBudget.window.duration,
            stopGrace: manager.stopGrace.duration,
            limits: supervisor.limits,
            delivery: supervisor.delivery,
            warmup: supervisor.warmup,
            checkpoint: supervisor.checkpoint,
            python: python
        )
    }

    /// When restarts of many workers are slowed down.
    var stormBreaker: StormBreaker.Configuration {
        StormBreaker.Configuration(
            spawnsPerSecond: supervisor.storm.spawnRate,
            burst: supervisor.storm.spawnBurst,
            stormWorkers: supervisor.storm.failures,
            stormWindow: supervisor.storm.window.duration,
            stormPause: supervisor.storm.pause.duration
        )
    }

    /// What a strategy of the file's list is to run.
    func config(of strategy: Strategy) -> StrategyConfig {
        var config = strategyDefaults
        config.name = strategy.name
        config.path = strategy.path
        config.symbols = strategy.symbols
        config.dataTypes = strategy.dataTypes
        config.params = strategy.params.values
        if let policy = strategy.restartPolicy { config.restartPolicy = policy.policy }
        if let health = strategy.health { config.health = health.config(startTimeout: manager.startTimeout.duration) }
        if let budget = strategy.errorBudget {
            config.errorBudget = budget.errors
            config.errorWindow = budget.window.duration
        }
        if let grace = strategy.stopGrace { config.stopGrace = grace.duration }
        if let limits = strategy.limits { config.limits = limits }
        if let delivery = strategy.delivery { config.delivery = delivery }
        if let warmup = strategy.warmup { config.warmup = warmup }
        if let checkpoint = strategy.checkpoint { config.checkpoint = checkpoint }
        if let python = strategy.python { config.python = python }
        return config
    }

    /// How long the journal keeps what it holds.
    var retention: RetentionPolicy {
        RetentionPolicy(maxAge: journal.maxAge.duration, maxBytes: Int64(journal.maxBytes.bytes))
    }

    /// What is recorded, and where in the data folder.
    func recordConfiguration(_ folders: Folders) -> RecordConfiguration {
        RecordConfiguration(
            path: folders.record,
            ringPath: folders.recordBuffer,
            ringBytes: record.buffer.bytes,
            mode: record.mode.recordMode,
            maxAge: record.maxAge.duration,
            maxBytes: record.maxBytes.bytes
        )
    }

    /// The broker's configuration.
    func brokerConfiguration(_ endpoints: Endpoints, ledger: String) -> BrokerConfiguration {
        BrokerConfiguration(
            feedAddresses: endpoints.feed,
            dataAddresses: endpoints.data,
            publishAddresses: endpoints.publish,
            historyAddresses: endpoints.history,
            ledgerPath: ledger,
            recordPressure: record.onPressure == .drop ? .drop : .block,
            dataLane: broker.dataLane.lane,
            ringBytes: broker.ring.bytes,
            highWaterMark: broker.highWaterMark,
            maxMessageBytes: broker.maxMessageBytes.bytes,
            maxTopics: broker.maxTopics,
            refusedSample: journal.refusedSample
        )
    }
}

extension Settings.DataLane {
    fileprivate var lane: DataLane {
        switch self {
        case .auto: .auto
        case .shm: .shm
        case .zmq: .zmq
        }
    }
}

extension SettingsRecordMode {
    fileprivate var recordMode: RecordConfiguration.Mode {
        switch self {
        case .all: .all
        case .topics(let topics): .topics(Set(topics))
        case .off: .off
        }
    }
}

extension Settings.LogLevel {
    /// The nearest of the levels that a strategy's log has.
    var ofStrategies: String {
        switch self {
        case .trace, .debug: "debug"
        case .info, .notice: "info"
        case .warning: "warning"
        case .error, .critical: "error"
        }
    }
}

extension Settings.RestartPolicy {
    fileprivate var policy: RestartPolicy {
        RestartPolicy(
            mode: RestartPolicy.Mode(rawValue: mode.rawValue) ?? .always,
            maxRestarts: maxRestarts,
            restartWindow: restartWindow.duration,
            backoffBase: backoffBase.duration,
            backoffMax: backoffMax.duration,
            jitter: jitter,
            recoveryHalfLife: recoveryHalfLife.duration,
            budgets: budgets.reduce(into: [:]) { budgets, entry in
                if let cause = FailureCause(rawValue: entry.key) { budgets[cause] = entry.value }
            }
        )
    }
}

extension Settings.Health {
    fileprivate func config(startTimeout: Duration) -> HealthCheckConfig {
        HealthCheckConfig(
            heartbeatInterval: heartbeatInterval.duration,
            heartbeatTimeout: heartbeatTimeout.duration,
            startTimeout: startTimeout,
            frozenAction: frozenAction.action,
            callbackTimeout: stuckTimeout.duration,
            stuckAction: stuckAction.action,
            starvedTimeout: starvedTimeout.duration,
            starvedAction: starvedAction.action
        )
    }
}

extension Settings.HealthAction {
    fileprivate var action: HealthAction { HealthAction(rawValue: rawValue) ?? .log }
}

extension Settings.Feed {
    /// What the broker replays or makes up.
    ///
    /// - Throws: ``ManagerError`` when its data type has no fixed meaning.
    func configuration() throws(ManagerError) -> FeedConfiguration {
        func topic(_ symbol: String, _ dataType: String) throws(ManagerError) -> (Topic, DataKind) {
            do throws(ProtocolError) {
                let topic = try Topic(symbol: symbol, dataType: dataType)
                guard let kind = topic.kind else {
                    throw ProtocolError(
                        "a feed cannot publish '\(dataType)': it needs bars, ticks, trades, quotes or depth"
                    )
                }
                return (topic, kind)
            } catch {
                throw ManagerError(.invalidParameters, "feed: \(error)")
            }
        }
        switch self {
        case .csv(let feed):
            let (topic, kind) = try topic(feed.symbol, feed.dataType)
            return .csv(
                CSVFeedConfiguration(
                    path: feed.path,
                    topic: topic,
                    kind: kind,
                    speed: feed.speed.replaySpeed,
                    isLooped: feed.loop,
                    from: feed.fromNanoseconds,
                    to: feed.toNanoseconds
                )
            )
        case .randomWalk(let feed):
            let (topic, kind) = try topic(feed.symbol, feed.dataType)
            return .randomWalk(
                RandomWalkConfiguration(
                    topic: topic,
                    kind: kind,
                    seed: feed.seed,
                    interval: feed.interval.duration,
                    startPrice: feed.startPrice,
                    volatility: feed.volatility,
                    count: feed.count == 0 ? nil : feed.count
                )
            )
        }
    }
}

extension StrategyConfig {
    /// How the supervisor is to treat the worker.
    func life(_ settings: Settings) -> WorkerLife.Configuration {
        WorkerLife.Configuration(
            restartPolicy: restartPolicy,
            health: health,
            stop: StopLadder.Configuration(
                askGrace: stopGrace,
                terminateGrace: settings.manager.terminateGrace.duration
            )
        )
    }
}
