internal import Supervision
internal import WireProtocol

/// `scale`: bring the instances of a strategy, or the warm spares, to a number.
///
/// Payload: `strategy` (a worker's id, or an absolute path: all workers of that file are meant) and `instances`; or `spares`. What is too
/// many is stopped, the latest first; what is missing is started with the configuration of the first one. Done: `workers` (those that there
/// are now), `started` and `stopped` (ids); or `spares`.
enum ScaleCommand: AdminCommand {
    static let type = MessageType.scale
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let fields = PayloadFields(request)
            let spares = try fields.integer("spares", from: 0)
            let strategy = try fields.text("strategy")
            let instances = try fields.integer("instances", from: 0)
            switch (spares, strategy, instances) {
            case (let spares?, nil, nil):
                guard control.pools.pool(.swift).resize(Int(clamping: spares)) else {
                    throw ManagerError(.scaling, "'pool.max_size' allows no more than \(control.pools.pool(.swift).maxSize) spares")
                }
                reply.done(["spares": .integer(spares)])
            case (nil, let strategy?, let instances?):
                try scale(strategy, to: Int(clamping: instances), control, reply)
            default:
                throw ManagerError(.invalidParameters, "either 'strategy' and 'instances' or 'spares' is needed")
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func scale(
        _ strategy: String,
        to wanted: Int,
        _ control: WorkerControl,
        _ reply: Reply
    ) throws(ManagerError) {
        let path = control.workers[strategy]?.config.path ?? strategy
        guard path.hasPrefix("/") else {
            throw ManagerError(
                .workerNotFound,
                "there is no worker '\(strategy.printable)', and it is not an absolute path"
            )
        }
        let live = control.workers.values.filter {
            $0.config.path == path && !(control.supervisor.life(of: $0.id)?.isOver ?? false)
        }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        let others =
            control.liveWorkers.filter { !(control.supervisor.life(of: $0.id)?.isOver ?? false) }.count - live.count
        guard others + wanted <= control.settings.manager.maxWorkers else {
            throw ManagerError(
                .scaling,
                "\(others) other workers run; 'manager.max_workers' allows \(control.settings.manager.maxWorkers) in all"
            )
        }
        reply.accepted()
        let step = ScaleStep(control, path, left: max(abs(live.count - wanted), 1), reply)
        if live.count == wanted { return step.ended(nil) }
        for worker in live.dropFirst(wanted) {
            step.stopped.append(worker.id)
            control.stop(worker, actor: .operator) { step.ended(nil) }
        }
        guard live.count < wanted else { return }
        var config = live.first?.config ?? control.workers[strategy]?.config ?? control.defaults
        config.path = path
        config.name = ""
        for _ in live.count..<wanted {
            control.start(config, actor: .operator, waits: true) { result in
                if case .success(let worker) = result { step.started.append(worker.id) }
                step.ended(result.failure)
            }
        }
    }
}

/// One scaling, on its way; it belongs to the control loop.
private final class ScaleStep {
    var started: [String] = []
    var stopped: [String] = []
    private let control: WorkerControl
    private let path: String
    private let reply: Reply
    private var left: Int
    private var failure: ManagerError?

    init(_ control: WorkerControl, _ path: String, left: Int, _ reply: Reply) {
        self.control = control
        self.path = path
        self.left = left
        self.reply = reply
    }

    /// One start or stop has come to its end.
    func ended(_ error: ManagerError?) {
        failure = failure ?? error
        left -= 1
        guard left == 0 else { return }
        if let failure { return reply.refused(ManagerError(.scaling, "not all could be started: \(failure)")) }
        let workers = control.liveWorkers.filter { $0.config.path == path }
        reply.done([
            "workers": .array(workers.map(control.brief)), "started": .array(started.sorted().map(JSONValue.string)),
            "stopped": .array(stopped.sorted().map(JSONValue.string)),
        ])
    }
}
