internal import EventJournal
internal import MarketFiles
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// A strategy slot: what it is to run, the process that runs it now, and what is known of it.
final class Worker {
    let id: String
    var config: StrategyConfig
    var kind: StrategyKind
    /// The shared object, for a strategy that is loaded into a spare.
    var library: String?
    var process: WorkerProcess?
    /// How often it has been told to stop: what was compiled meanwhile is not to run any more.
    var stops = 0

    // For people; times in nanoseconds since the Unix epoch.
    let createdAt = WallClock.nanoseconds()
    var startedAt: Int64?
    var stoppedAt: Int64?
    var lastHeartbeat: Int64?
    var strategyName: String
    var effectiveParams: [String: JSONValue]
    var lastError: String?
    var lastErrorTime: Int64?
    /// What its process has said of itself, as people see it.
    var metadata: [String: JSONValue] {
        takeDetails()
        return details
    }
    private var details: [String: JSONValue] = [:]
    /// The payload of the last heartbeat, which is looked into when somebody asks.
    private var unread: [UInt8] = []

    /// The last generation of a worker of the same name that this one replaces.
    var generationBefore: UInt64 = 0
    /// The parameters as the strategy declares them, once it has said so.
    var declaredParams: [String: JSONValue]?
    /// New code that is on its way to it.
    var reload: ReloadRun?
    /// How many reloads have failed, and been told of.
    var reloadFailures = 0
    /// Whether its file has changed while it was reloaded.
    var hasChangedAgain = false
    /// Whether it is compiled again for a restart.
    var isPreparing = false
    /// Processes of it that have ended lately, by generation.
    private var ended: [(generation: UInt64, at: SuspendingClock.Instant)] = []
    /// Who wants it: a later manager starts again what was started by command, and what its own configuration names.
    var source = DesiredWorker.Source.cli
    /// The topics that its process has joined.
    var topics: [String] = []
    /// The sum of those topics' sequences, about a second ago at most.
    var offered: UInt64 = 0
    /// Whether the oldest lines of its log are being dropped, or cannot be.
    var isTrimmingLog = false
    /// What is being done with it because somebody asked for it.
    var intent: Intent?
    /// What has been taken of its processes' signals.
    var intakes = SignalIntakes()
    /// What has been taken of its process's checkpoints.
    var checkpoints = CheckpointIntake()
    /// How far it is behind its topics.
    var lag = WorkerLag()
    /// Whether the broker has been asked where its topics are.
    var isMeasuringLag = false
    /// Ranges of its topics that could not be recovered.
    var gaps: UInt64 = 0
    /// Where it was when it was found stuck.
    var backtrace: String?

    /// Of what it failed and when, until it runs again.
    var failure: (cause: FailureCause, since: SuspendingClock.Instant)?

    private var messages = Counter()
    private var signals = Counter()
    private var errors = Counter()

    /// Those who wait for it to come to some state; each says whether it has been answered.
    var waiting: [(WorkerLife?) -> Bool] = []

    init(id: String, config: StrategyConfig, kind: StrategyKind) {
        self.id = id
        self.config = config
        self.kind = kind
        strategyName = config.baseName
        effectiveParams = config.params
    }

    /// What a later manager is to know of the strategy: its configuration, and what its process has said of it.
    var description: JSONValue {
        var members = config.json.objectValue ?? [:]
        // Secrets that stand in a configuration file are not to stand in the journal too: a later manager reads them there again.
        if source != .cli { members["environment"] = nil }
        members["strategy_name"] = .string(strategyName)
        members["effective_params"] = .object(effectiveParams)
        members["declared_params"] = declaredParams.map(JSONValue.object)
        members["changed_params"] = config.changedParams.json
        return .object(members)
    }

    /// Takes in what a process says of its strategy when it has joined.
    func introduced(_ payload: JSONValue) {
        strategyName = payload["strategy_name"]?.stringValue ?? strategyName
        effectiveParams = payload["params"]?.objectValue ?? effectiveParams
        declaredParams = payload["defaults"]?.objectValue ?? declaredParams
    }

    /// Takes from ``description``, as an earlier manager wrote it, what only the process could say.
    func recall(_ text: String?) {
        guard let text, let description = try? JSONValue(parsing: text) else { return }
        strategyName = description["strategy_name"]?.stringValue ?? strategyName
        effectiveParams = description["effective_params"]?.objectValue ?? effectiveParams
        declaredParams = description["declared_params"]?.objectValue
    }

    /// Takes in what a heartbeat, or another message about the worker's condition, says.
    func heard(_ payload: JSONValue) {
        lastHeartbeat = WallClock.nanoseconds()
        messages.update(payload["messages_processed"])
        signals.update(payload["signals_emitted"])
        errors.update(payload["errors_count"])
        lag.heard(payload)
        takeDetails()
        take(payload)
    }

    /// Takes in what a heartbeat of the usual shape says.
    func heard(_ heartbeat: Heartbeat) {
        lastHeartbeat = WallClock.nanoseconds()
        messages.current = heartbeat.processed
        signals.current = heartbeat.signals
        errors.current = heartbeat.errors
        // What the one before said of itself, this one says anew.
        unread = heartbeat.payload
        lag.heard(heartbeat)
    }

    private func takeDetails() {
        guard !unread.isEmpty else { return }
        if let payload = unread.withUnsafeBytes({ try? JSONValue(parsing: $0) }) { take(payload) }
        unread = []
    }

    private func take(_ payload: JSONValue) {
        lag.heard(payload)
        for key in Self.detailKeys { details[key] = payload[key] ?? details[key] }
    }

    /// What a heartbeat may say of itself, as it is shown in `metadata`.
    private static let detailKeys = Heartbeat.details + ["backlog", "signals_suppressed"]

    /// A new process counts from 0 again; what the earlier ones counted is kept.
    func beginProcess() {
        messages.beginAgain()
        signals.beginAgain()
        errors.beginAgain()
        topics = []
        offered = 0
        checkpoints = CheckpointIntake()
        lag = WorkerLag()
        backtrace = nil
        startedAt = nil
        stoppedAt = nil
    }

    /// Notes that the process of a generation has ended.
    func ended(_ generation: UInt64, at now: SuspendingClock.Instant) {
        ended.append((generation, now))
        if ended.count > Self.maxEnded { ended.removeFirst() }
    }

    /// Whether what a process said may still be on its way: it has ended, and not long ago.
    func hasEndedLately(_ generation: UInt64, at now: SuspendingClock.Instant) -> Bool {
        ended.contains { $0.generation == generation && now - $0.at < Self.farewell }
    }

    private static let maxEnded = 16
    /// How long the last words of a process are waited for, after its end.
    private static let farewell = Duration.seconds(2)

    /// What its processes have counted.
    var counts: (messages: UInt64, signals: UInt64, errors: UInt64) { (messages.total, signals.total, errors.total) }

    /// Notes a failure for `status`.
    func failed(_ reason: String) {
        lastError = reason
        lastErrorTime = WallClock.nanoseconds()
    }

    /// The fields of `status --json`.
    func json(_ life: WorkerLife?) -> JSONValue {
        func time(_ nanoseconds: Int64?) -> JSONValue {
            nanoseconds.map { .string(TimeText.iso8601(nanoseconds: $0)) } ?? .null
        }
        var metadata = metadata
        metadata.merge(lag.json) { $1 }
        if kind == .process {
            let arguments: JSONValue = ["arguments": .array(config.arguments.map(JSONValue.string))]
            metadata["arguments"] = arguments.redacted["arguments"]
        } else {
            metadata["gaps"] = JSONValue(gaps)
            metadata["delivery"] = .string(config.delivery.rawValue)
            if config.watch { metadata["watch"] = true }
            metadata["params"] = JSONValue.object(effectiveParams).redacted
        }
        metadata["usage"] = process.flatMap { Self.usage($0.child.fingerprint) }
        if let life, !life.verdicts.isEmpty {
            metadata["verdicts"] = .array(life.verdicts.map(\.rawValue).sorted().map(JSONValue.string))
        }
        return [
            "worker_id": .string(id),
            "kind": .string(config.kind.rawValue),
            "state": .string(life?.state?.rawValue ?? "compiling"),
            "strategy_name": .string(strategyName),
            "strategy_path": .string(config.path),
            "symbols": .array(config.symbols.map(JSONValue.string)),
            "data_types": .array(kind == .process ? [] : config.dataTypes.map(JSONValue.string)),
            "pid": process.map { .integer(Int64($0.child.pid)) } ?? .null,
            "generation": JSONValue(life?.generation ?? 0),
            "created_at": time(createdAt),
            "started_at": time(startedAt),
            "stopped_at": time(stoppedAt),
            "last_heartbeat": time(lastHeartbeat),
            "messages_processed": JSONValue(messages.total),
            "signals_emitted": JSONValue(signals.total),
            "errors_count": JSONValue(errors.total),
            "restarts": JSONValue(life?.restarts ?? 0),
            "last_error": JSONValue(lastError),
            "last_error_time": time(lastErrorTime),
            "metadata": .object(metadata),
        ]
    }
}

extension Worker {
    /// What a process uses now.
    private static func usage(_ fingerprint: ProcessFingerprint) -> JSONValue? {
        guard let usage = (try? ProcessUsage.read(fingerprint)) ?? nil else { return nil }
        return [
            "cpu_seconds": .number(usage.cpuTime / .seconds(1)),
            "resident_bytes": .integer(Int64(usage.residentBytes)),
            "threads": .integer(Int64(usage.threads)),
        ]
    }
}

/// A count that a process reports from 0, added up over processes.
private struct Counter {
    private var before: UInt64 = 0
    var current: UInt64 = 0

    var total: UInt64 { before &+ current }

    mutating func update(_ value: JSONValue?) {
        if let count = value?.integerValue.flatMap(UInt64.init(exactly:)) { current = count }
    }

    mutating func beginAgain() {
        before = total
        current = 0
    }
}
