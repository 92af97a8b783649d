internal import Supervision
internal import WireProtocol

/// `params`: what parameters a worker has, or other values for some of them.
///
/// Payload: `params`, an object with the values to change; a question where it is missing or empty. The strategy checks them and may refuse;
/// the old ones stay then. Done: `worker_id`, `params` (all values in force), `defaults` (all values as the strategy declares them, `null`
/// where it has not said).
enum ParamsCommand: AdminCommand {
    static let type = MessageType.params
    static let isQuery = false

    static func isQuery(_ request: Message) -> Bool {
        let params = request.payload["params"] ?? .null
        return params == .null || params == .object([:])
    }

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            let worker = try control.worker(of: request)
            if isQuery(request) { return reply.done(answer(worker)) }
            guard let changes = request.payload["params"]?.objectValue else {
                throw ManagerError(.invalidParameters, "'params' must be an object")
            }
            reply.accepted()
            control.changeParams(of: worker, changes, actor: .operator) { result in
                reply.finish(result.map { answer(worker) })
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func answer(_ worker: Worker) -> [String: JSONValue] {
        [
            "worker_id": .string(worker.id), "params": JSONValue.object(worker.effectiveParams).redacted,
            "defaults": worker.declaredParams.map { JSONValue.object($0).redacted } ?? .null,
        ]
    }
}
