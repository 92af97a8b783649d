internal import Supervision
internal import WireProtocol
internal import ZeroMQ

/// `plan`: what another configuration would change. Nothing is changed.
///
/// Payload: `file` (optional, absolute): the manager's own file, read again, where it is missing. Done: `file`, `changes`: list of `{key, old,
/// new, effect, workers}`; `effect` is `live`, `params`, `reload`, `restart`, `start`, `stop` or `refused`, which needs another manager.
enum PlanCommand: AdminCommand {
    static let type = MessageType.plan
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        control.readSettings(request, reply) { file, settings in
            reply.finish(
                Result { () throws(ManagerError) in
                    ["file": .string(file), "changes": .array(try control.plan(settings).changes.map(\.json))]
                }
            )
        }
    }
}

/// `apply`: put another configuration in force. A file with anything wrong in it changes nothing.
///
/// Payload and answer as for `plan`, and `failures`: an object of workers with which it could not be done, and why.
enum ApplyCommand: AdminCommand {
    static let type = MessageType.apply
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        reply.accepted()
        control.readSettings(request, reply) { file, settings in
            control.apply(settings, actor: .operator) { result in
                reply.finish(
                    result.map { outcome in
                        [
                            "file": .string(file), "changes": .array(outcome.plan.changes.map(\.json)),
                            "failures": .object(outcome.failures.mapValues(JSONValue.string)),
                        ]
                    }
                )
            }
        }
    }
}

extension WorkerControl {
    /// Reads a configuration on another thread, and goes on here where nothing is wrong with it.
    fileprivate func readSettings(
        _ request: Message,
        _ reply: Reply,
        _ then: @escaping (_ file: String, Settings) -> Void
    ) {
        do throws(ManagerError) {
            readSettings(try PayloadFields(request).text("file")) { result in
                switch result {
                case .success(let (file, settings)): then(file, settings)
                case .failure(let error): reply.refused(error)
                }
            }
        } catch {
            reply.refused(error)
        }
    }

    /// Reads a configuration, the manager's own where `file` is `nil`; `done` is called on the loop.
    func readSettings(
        _ file: String?,
        _ done: @escaping (Result<(String, Settings), ManagerError>) -> Void
    ) {
        guard let source = settingsSource else {
            return done(
                .failure(ManagerError(.conflict, "the program that runs this manager has no configuration file"))
            )
        }
        guard let file = file ?? source.file else {
            return done(
                .failure(ManagerError(.invalidParameters, "the manager was started without a file; name one"))
            )
        }
        guard file.hasPrefix("/") else {
            return done(.failure(ManagerError(.invalidParameters, "'file' must be an absolute path")))
        }
        let crossing = Crossing(done)
        Task.detached { [loop] in
            let result = Result { try source.load(file).settings }
                .mapError { ManagerError(.invalidWorkerConfig, "\($0)") }
            loop.execute { crossing.value(result.map { (file, $0) }) }
        }
    }
}
