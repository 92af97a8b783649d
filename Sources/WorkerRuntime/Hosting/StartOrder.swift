import WireProtocol

/// What a `start` message asks a spare to become.
struct StartOrder {
    let workerID: String
    let generation: UInt64
    let strategyPath: String
    let params: [String: JSONValue]
    let symbols: [String]
    let dataTypes: [String]
    let budget: ErrorBudget
    let logPath: String?
    let heartbeatSeconds: Double?
    /// Where an earlier process had got to.
    let checkpoint: Checkpoint?
    let policy: Checkpointer.Policy
    let delivery: DeliveryMode
    /// How many messages of each topic a fresh start gets from the record first.
    let warmUp: UInt64
    /// Where another process has got to, where there is no checkpoint that says so.
    let positions: [String: UInt64]
    /// Whether it is to stand still once it has joined, and what it then becomes.
    let held: Standstill.Next?
    let sandbox: Sandbox?

    /// A strategy that is run to see what it does.
    struct Sandbox {
        /// The worker whose signals it would emit.
        let workerID: String
        /// The recorded data that it gets; nothing where it runs beside the worker.
        let ranges: [ReplayRange]
        let trial: Trial?
    }

    static let maxWarmUp: UInt64 = 1_000_000

    /// Reads the message.
    ///
    /// - Throws: ``WorkerFailure`` that names the member which is missing or wrong.
    init(_ message: Message) throws(WorkerFailure) {
        let payload = message.payload
        guard let workerID = message.workerID, let generation = message.generation else {
            throw WorkerFailure("'start' needs a worker_id and a generation")
        }
        self.workerID = workerID
        self.generation = generation
        guard let path = payload["strategy_path"]?.stringValue else {
            throw WorkerFailure("'start' needs a strategy_path")
        }
        strategyPath = path
        guard let params = (payload["params"] ?? .object([:])).objectValue else {
            throw WorkerFailure("'params' must be an object")
        }
        self.params = params
        symbols = try Self.names("symbols", payload)
        dataTypes = try Self.names("data_types", payload)
        let budget = payload["error_budget"]
        self.budget = ErrorBudget(
            errors: Int(clamping: budget?["errors"]?.integerValue ?? 10),
            window: .seconds(max(budget?["window"]?.doubleValue ?? 60, 0))
        )
        logPath = payload["log_path"]?.stringValue
        heartbeatSeconds = payload["heartbeat_interval"]?.doubleValue
        checkpoint = try Self.read(payload["checkpoint"]) { (value) throws(ProtocolError) in
            try Checkpoint(payload: value)
        }
        policy = Self.policy(payload["checkpoint_policy"])
        guard let delivery = DeliveryMode(rawValue: payload["delivery"]?.stringValue ?? DeliveryMode.lossless.rawValue)
        else { throw WorkerFailure("'delivery' must be lossless, conflate or drop") }
        self.delivery = delivery
        guard let warmUp = (payload["warmup"] ?? 0).sequenceValue, warmUp <= Self.maxWarmUp else {
            throw WorkerFailure("'warmup' must be 0 to \(Self.maxWarmUp)")
        }
        self.warmUp = warmUp
        let held = payload["held"] ?? .null
        self.held = held.stringValue.flatMap(Standstill.Next.init)
        guard held == .null || self.held != nil else { throw WorkerFailure("'held' must be running or paused") }
        let positions = payload["positions"] ?? .null
        guard let positions = positions == .null ? [:] : positions.sequencesValue else {
            throw WorkerFailure("'positions' must be an object of topic and sequence")
        }
        self.positions = positions
        sandbox = try Self.read(payload["sandbox"]) { (value) throws(ProtocolError) in
            let trial = value["live"].map(Trial.init)
            return Sandbox(
                workerID: value["worker_id"]?.stringValue ?? workerID,
                ranges: trial == nil ? try ReplayRequest(payload: value).ranges : [],
                trial: trial
            )
        }
    }

    private static func policy(_ value: JSONValue?) -> Checkpointer.Policy {
        var policy = Checkpointer.Policy()
        if let messages = value?["messages"]?.integerValue { policy.messages = max(Int(clamping: messages), 1) }
        if let seconds = value?["interval"]?.doubleValue {
            policy.interval = Duration.seconds(min(max(seconds, 0.01), 86400)).nanoseconds
        }
        return policy
    }

    private static func read<Value>(
        _ member: JSONValue?,
        _ read: (JSONValue) throws(ProtocolError) -> Value
    ) throws(WorkerFailure) -> Value? {
        guard let member, member != .null else { return nil }
        do {
            return try read(member)
        } catch {
            throw WorkerFailure(error.description)
        }
    }

    private static func names(_ key: String, _ payload: JSONValue) throws(WorkerFailure) -> [String] {
        guard let names = (payload[key] ?? .array([])).stringArrayValue else {
            throw WorkerFailure("'\(key)' must be a list of names")
        }
        return names
    }
}
