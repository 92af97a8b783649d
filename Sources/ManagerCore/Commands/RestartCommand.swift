internal import Supervision
internal import WireProtocol

/// `restart`: put a new process in a worker's place, with a whole restart budget; also out of `error` and `stopped`.
///
/// A strategy in source form is compiled again if its file has changed. Done once it runs: `workers`, with `worker_id` and `state`, and `worker`.
enum RestartCommand: AdminCommand {
    static let type = MessageType.restart
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        if request.payload["all"]?.boolValue == true { return rollAll(request, on: control, reply) }
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            reply.accepted()
            control.restart(worker, actor: .operator) { result in
                reply.finish(
                    result.map { worker in ["workers": [control.brief(worker)], "worker": control.json(worker)] }
                )
            }
        } catch {
            reply.refused(error)
        }
    }

    /// `all: true`: every worker that is not stopped, `max_unavailable` at a time; stops at the first that does not come back.
    private static func rollAll(_ request: Message, on control: WorkerControl, _ reply: Reply) {
        guard control.rollingRestart == nil else {
            return reply.refused(ManagerError(.conflict, "a rolling restart is under way already"))
        }
        let most = request.payload["max_unavailable"]?.integerValue ?? 1
        guard 1...1000 ~= most else {
            return reply.refused(ManagerError(.invalidParameters, "'max_unavailable' must be from 1 to 1000"))
        }
        let workers = control.liveWorkers.filter { !(control.supervisor.life(of: $0.id)?.isOver ?? true) }
        reply.accepted()
        let run = RollingRestartRun(control, workers, maxUnavailable: Int(most)) { result in
            control.rollingRestart = nil
            reply.finish(result.map { ["workers": .array($0.map(control.brief))] })
        }
        control.rollingRestart = run
        run.begin()
    }
}
