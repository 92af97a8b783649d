internal import MarketRecord
internal import Supervision
internal import WireProtocol

/// `checkpoint`: the saved state of a worker, whether or not there is a worker of that name now.
///
/// Payload: `op`: `show` (the default), `save` (take one now; the worker must run or be paused), `reset` (throw it away) or `import` (put
/// another one in its place, with `checkpoint`: `state`, and optionally `positions` and `strategy`). The last two are refused while a
/// process of the worker lives: it would save its own over it. Done: `worker_id`, and `checkpoint` but for `reset`.
enum CheckpointCommand: AdminCommand {
    static let type = MessageType.checkpoint
    static let isQuery = false

    static func isQuery(_ request: Message) -> Bool {
        (request.payload["op"]?.stringValue ?? "show") == "show"
    }

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        do throws(ManagerError) {
            guard let id = request.workerID, StrategyConfig.isName(id) else {
                throw ManagerError(.invalidParameters, "'worker_id' is missing, or is no worker's name")
            }
            switch try PayloadFields(request).text("op") ?? "show" {
            case "show": show(id, control, reply)
            case "save": try save(request, control, reply)
            case "reset": try reset(id, control, reply)
            case "import": try put(id, request, control, reply)
            case let op:
                throw ManagerError(
                    .invalidParameters,
                    "'op' must be show, save, reset or import, not '\(op.prefix(40))'"
                )
            }
        } catch {
            reply.refused(error)
        }
    }

    private static func show(_ id: String, _ control: WorkerControl, _ reply: Reply) {
        control.readCheckpoint(of: id) { result in
            reply.finish(answer(id, result))
        }
    }

    private static func save(_ request: Message, _ control: WorkerControl, _ reply: Reply) throws(ManagerError) {
        let worker = try control.worker(of: request)
        reply.accepted()
        try control.takeCheckpoint(of: worker) { result in
            switch result {
            case .success: show(worker.id, control, reply)
            case .failure(let error): reply.refused(error)
            }
        }
    }

    private static func reset(_ id: String, _ control: WorkerControl, _ reply: Reply) throws(ManagerError) {
        try refuseIfAlive(id, control)
        control.readCheckpoint(of: id) { result in
            switch result {
            // One that cannot be read is there to be thrown away, too.
            case .success(nil): reply.refused(none(id))
            default:
                control.deleteCheckpoint(of: id) { result in
                    reply.finish(result.map { ["worker_id": .string(id)] }.mapError(failure))
                }
            }
        }
    }

    private static func put(
        _ id: String,
        _ request: Message,
        _ control: WorkerControl,
        _ reply: Reply
    ) throws(ManagerError) {
        try refuseIfAlive(id, control)
        let record: CheckpointRecord
        do throws(ProtocolError) {
            record = try imported(request.payload["checkpoint"] ?? .null, id, control.lastGeneration(of: id))
        } catch {
            throw ManagerError(.invalidParameters, error.description)
        }
        control.save(record, overwriting: true) { result in
            reply.finish(answer(id, result.map { record }))
        }
    }

    private static func imported(
        _ value: JSONValue,
        _ id: String,
        _ generation: UInt64
    ) throws(ProtocolError) -> CheckpointRecord {
        guard var members = value.objectValue else {
            throw ProtocolError(
                "'checkpoint' must be an object with 'state', as 'quantcell checkpoint \(id) export' writes it"
            )
        }
        // Its own place in the life of another worker means nothing here.
        members["ordinal"] = 0
        if members["positions"] == nil { members["positions"] = [:] }
        let checkpoint = try Checkpoint(payload: .object(members))
        return try CheckpointRecord(checkpoint, workerID: id, generation: generation, reason: "import")
    }

    private static func refuseIfAlive(_ id: String, _ control: WorkerControl) throws(ManagerError) {
        guard let worker = control.workers[id] else { return }
        let isOver = control.supervisor.life(of: id)?.isOver ?? false
        guard worker.process == nil, isOver, !worker.isPreparing else {
            throw ManagerError(
                .conflict,
                "'\(id)' is not stopped; 'quantcell stop \(id)' first: it would save its own state over it"
            )
        }
    }

    private static func answer(
        _ id: String,
        _ result: Result<CheckpointRecord?, RecordError>
    ) -> Result<[String: JSONValue], ManagerError> {
        switch result {
        case .success(let record?):
            do {
                return .success(["worker_id": .string(id), "checkpoint": try record.json()])
            } catch {
                return .failure(ManagerError(.internalError, "the checkpoint of '\(id)' is damaged: \(error)"))
            }
        case .success(nil): return .failure(none(id))
        case .failure(let error): return .failure(failure(error))
        }
    }

    private static func none(_ id: String) -> ManagerError {
        ManagerError(
            .workerNotFound,
            "there is no checkpoint of '\(id)'; a strategy with a 'State' has one once it runs"
        )
    }

    private static func failure(_ error: RecordError) -> ManagerError {
        ManagerError(.internalError, error.message)
    }
}
