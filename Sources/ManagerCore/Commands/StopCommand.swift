internal import Supervision
internal import WireProtocol

/// `stop`: stop a worker, or with payload `all: true` all of them.
///
/// Done, once every process is gone: `workers`, each with `worker_id` and `state`.
enum StopCommand: AdminCommand {
    static let type = MessageType.stop
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let all = request.payload["all"]?.boolValue ?? false
            let workers = all ? control.liveWorkers : [try control.worker(of: request)]
            reply.accepted()
            var left = workers.count
            func finish() {
                reply.done(["workers": .array(workers.map(control.brief))])
            }
            if left == 0 { return finish() }
            for worker in workers {
                control.stop(worker, actor: .operator) {
                    left -= 1
                    if left == 0 { finish() }
                }
            }
        } catch {
            reply.refused(error)
        }
    }
}
