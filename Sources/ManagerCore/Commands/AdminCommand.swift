internal import WireProtocol

/// A request that a client may make over admin: one type, in one file, for each.
///
/// The types are stateless: what they need is the control side, the request, and a way to answer.
protocol AdminCommand: SendableMetatype {
    /// The `msg_type` of the request.
    static var type: MessageType { get }
    /// Whether it changes nothing. What changes something is journaled, and carried out once for each `msg_id`.
    static var isQuery: Bool { get }
    /// Whether this request changes nothing, where that depends on what it asks for.
    static func isQuery(_ request: Message) -> Bool
    /// Carries it out. `reply` must be used exactly once for good, at any later time.
    static func run(_ request: Message, on control: WorkerControl, reply: Reply)
}

extension AdminCommand {
    static func isQuery(_ request: Message) -> Bool { isQuery }
}

/// How a command tells what became of it.
struct Reply {
    /// The command is under way; the last word follows. For commands that take a while.
    let accepted: () -> Void
    /// The last word.
    let finish: (Result<[String: JSONValue], ManagerError>) -> Void

    func done(_ details: [String: JSONValue] = [:]) { finish(.success(details)) }
    func refused(_ error: ManagerError) { finish(.failure(error)) }
}

/// All commands, by the `msg_type` that asks for them.
enum CommandTable {
    static let commands: [MessageType: any AdminCommand.Type] = Dictionary(
        uniqueKeysWithValues: [
            StartCommand.self, StopCommand.self, PauseCommand.self, ResumeCommand.self, RestartCommand.self,
            ListCommand.self, StatusCommand.self, JournalCommand.self, SignalsCommand.self, LogsCommand.self,
            TopicsCommand.self, PingCommand.self, WhyCommand.self, CheckpointCommand.self,
            HistoryCommand.self, ReplayCommand.self,
            RemoveCommand.self, ScaleCommand.self, TokenCommand.self, LoginCommand.self,
        ].map { (command: any AdminCommand.Type) in (command.type, command) }
    )
}

extension WorkerControl {
    /// The worker that a request is about.
    func worker(of request: Message) throws(ManagerError) -> Worker {
        guard let id = request.workerID, !id.isEmpty else {
            throw ManagerError(.invalidParameters, "'worker_id' is missing")
        }
        guard let worker = workers[id] else {
            throw ManagerError(.workerNotFound, "there is no worker '\(id.prefix(64))'; 'quantcell list' shows all")
        }
        return worker
    }
}
