internal import WireProtocol

/// `list`: all workers, in the order of their ids: `workers`.
enum ListCommand: AdminCommand {
    static let type = MessageType.list
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        control.chronicle.afterCommit {
            let workers = control.workers.values.sorted { $0.id < $1.id }
            reply.done(["workers": .array(workers.map(control.json))])
        }
    }
}

/// `status`: one worker: `worker`; and `insecure_tcp`, whether TCP is open to everybody.
enum StatusCommand: AdminCommand {
    static let type = MessageType.status
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            control.chronicle.afterCommit {
                reply.done([
                    "worker": control.json(worker), "insecure_tcp": .bool(!control.door.openEndpoints.isEmpty),
                ])
            }
        } catch {
            reply.refused(error)
        }
    }
}

/// `logs`: where a worker's output is: `path`.
enum LogsCommand: AdminCommand {
    static let type = MessageType.logs
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            reply.done(["path": .string(control.spawner.logPath(try control.worker(of: request).id))])
        } catch {
            reply.refused(error)
        }
    }
}
