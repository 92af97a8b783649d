internal import Supervision
internal import WireProtocol

/// `start`: start a strategy; what `quantcell start-strategy` sends.
///
/// Payload: `path` (absolute), and optionally `name`, `symbols`, `data_types`, `params`, `delivery`, `warmup`, `python` (its interpreter),
/// `fresh` (default false: begin with the checkpoint that there is) and `wait` (default true: answer `done` once the strategy runs, `refused` when it has failed for
/// good). Done: `worker_id`, `state`, `worker`.
enum StartCommand: AdminCommand {
    static let type = MessageType.start
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let config = try config(request, defaults: control.defaults)
            let waits = request.payload["wait"]?.boolValue ?? true
            reply.accepted()
            let isFresh = request.payload["fresh"]?.boolValue ?? false
            control.start(config, actor: .operator, isFresh: isFresh, waits: waits) { result in
                reply.finish(
                    result.map { worker in
                        let status = control.json(worker)
                        return [
                            "worker_id": .string(worker.id), "state": status["state"] ?? .null, "worker": status,
                        ]
                    }
                )
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func config(_ request: Message, defaults: StrategyConfig) throws(ManagerError) -> StrategyConfig {
        let payload = request.payload
        func wrong(_ key: String, _ kind: String) -> ManagerError {
            ManagerError(.invalidParameters, "'\(key)' must be \(kind)")
        }
        guard let path = payload["path"]?.stringValue else { throw wrong("path", "the strategy's absolute path") }
        var config = defaults
        config.path = path
        if let name = payload["name"], name != .null {
            guard let name = name.stringValue else { throw wrong("name", "text") }
            config.name = name
        }
        if let symbols = payload["symbols"], symbols != .null {
            guard let symbols = symbols.stringArrayValue else { throw wrong("symbols", "a list of text") }
            config.symbols = symbols
        }
        if let dataTypes = payload["data_types"], dataTypes != .null, dataTypes != .array([]) {
            guard let dataTypes = dataTypes.stringArrayValue else { throw wrong("data_types", "a list of text") }
            config.dataTypes = dataTypes
        }
        let fields = PayloadFields(request)
        if let name = try fields.text("delivery") {
            guard let delivery = Settings.Delivery(rawValue: name) else {
                throw wrong("delivery", Settings.Delivery.expectation)
            }
            config.delivery = delivery
        }
        if let warmup = try fields.integer("warmup", from: 0) { config.warmup = Int(clamping: warmup) }
        if let python = try fields.text("python") { config.python = python }
        if let params = payload["params"], params != .null {
            guard let params = params.objectValue else { throw wrong("params", "an object") }
            config.params = params
        }
        return config
    }
}
