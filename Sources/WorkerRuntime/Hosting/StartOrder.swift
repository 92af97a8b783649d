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
    }

    private static func names(_ key: String, _ payload: JSONValue) throws(WorkerFailure) -> [String] {
        guard let names = (payload[key] ?? .array([])).stringArrayValue else {
            throw WorkerFailure("'\(key)' must be a list of names")
        }
        return names
    }
}
