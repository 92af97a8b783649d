internal import Supervision
internal import WireProtocol

/// `pause`: hold a worker's data back. Done once the worker says that it does: `workers`, with `worker_id` and `state`.
enum PauseCommand: AdminCommand {
    static let type = MessageType.pause
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        control.change(request, from: [.running, .starting, .paused], to: .paused, with: .pause(.operator), reply)
    }
}

/// `resume`: let a paused worker's data flow again. Done once the worker says so: `workers`, with `worker_id` and `state`.
enum ResumeCommand: AdminCommand {
    static let type = MessageType.resume
    static let isQuery = false

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        control.change(request, from: [.paused, .running], to: .running, with: .resume(.operator), reply)
    }
}
