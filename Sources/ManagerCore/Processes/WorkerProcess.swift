internal import ProcessControl
internal import WireProtocol
internal import ZeroMQ

/// One process of a worker, or a spare that waits to become one.
final class WorkerProcess {
    /// Names the process on the control socket and in the environment.
    let identity: String
    /// Proves that a `hello` comes from the process that was spawned.
    let token: String
    let child: any SupervisedProcess
    /// The control group that it and its descendants are in, where there are any.
    let group: ControlGroup?
    /// Whether it hosts whatever strategy it is told to, as a spare does.
    let isHost: Bool

    /// The worker that it belongs to; `nil` for a spare.
    var workerID: String?
    /// Whether it has been heard from.
    var isConnected = false
    /// The `start` that it has not answered for good, if one is on its way.
    var startMessageID: String?
    /// What it has been told and has not answered for good, by `msg_id`.
    var commands: [String: MessageType] = [:]
    /// The last command that could not be sent, since its socket was not there: that of a worker that was taken over comes back a little
    /// later than its heartbeats.
    var undelivered: [Message] = []
    /// Who waits for a checkpoint that it was asked for, by `msg_id`.
    var checkpointsAsked: [String: (Result<Void, ManagerError>) -> Void] = [:]
    /// Who waits for the last word on another command, by `msg_id`.
    var asked: [String: (Result<JSONValue, ManagerError>) -> Void] = [:]
    /// Waits for its end.
    var watch: EventLoop.Watch?

    init(identity: String, token: String, child: any SupervisedProcess, group: ControlGroup? = nil, isHost: Bool) {
        self.identity = identity
        self.token = token
        self.child = child
        self.group = group
        self.isHost = isHost
    }

    /// The process and everything that it has started.
    var tree: ProcessTree { ProcessTree(leader: child.fingerprint, token: token, controlGroup: group) }
}
