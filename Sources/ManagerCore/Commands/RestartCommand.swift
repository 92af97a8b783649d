internal import Supervision
internal import WireProtocol

/// `restart`: put a new process in a worker's place, with a whole restart budget; also out of `error` and `stopped`.
///
/// A strategy in source form is compiled again if its file has changed. Done once it runs: `workers`, with `worker_id` and `state`, and `worker`.
enum RestartCommand: AdminCommand {
    static let type = MessageType.restart
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
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
}
