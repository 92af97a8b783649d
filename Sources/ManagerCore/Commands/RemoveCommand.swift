internal import Supervision
internal import WireProtocol

/// `remove`: stop a worker where it is not stopped, and forget it. Done: `worker_id`.
///
/// Its log, its signals and its checkpoint stay. What the configuration file names starts again with the next manager.
enum RemoveCommand: AdminCommand {
    static let type = MessageType.remove
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            reply.accepted()
            control.stop(worker, actor: .operator) {
                // Another one may have its name by now.
                guard control.workers[worker.id] === worker else {
                    return reply.done(["worker_id": .string(worker.id)])
                }
                guard worker.process == nil, control.supervisor.life(of: worker.id)?.isOver ?? true else {
                    return reply.refused(ManagerError(.conflict, "'\(worker.id)' was started again meanwhile"))
                }
                control.forget(worker)
                reply.done(["worker_id": .string(worker.id)])
            }
        } catch {
            reply.refused(error)
        }
    }
}
