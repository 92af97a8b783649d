import ArgumentParser
import WireProtocol

/// A command that changes one worker, or all of them, and says what became of each.
struct WorkerCommand {
    let type: MessageType
    let manager: ManagerOptions
    let json: Bool

    /// Sends the command and prints the states that followed.
    func run(workerID: String?, payload: [String: JSONValue] = [:]) throws(CommandFailure) {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(60))
        let answer = try client.ask(type, workerID: workerID, payload: payload) {
            Diagnostics.note("\(type.rawValue) \(workerID ?? "all"): accepted, waiting until it is done")
        }
        let output = Output()
        if json {
            try output.line(Self.result(answer).text)
        } else {
            let workers = answer["workers"]?.arrayValue ?? [answer["worker"] ?? answer]
            if workers.isEmpty { Diagnostics.print("no strategies") }
            for worker in workers {
                let id = worker["worker_id"]?.stringValue ?? workerID ?? "-"
                try output.line("\(PlainText.oneLine(id)) \(worker["state"]?.stringValue ?? "done")")
            }
        }
        try output.flush()
    }

    /// The answer's fields without the one that only says that it is the answer.
    static func result(_ answer: JSONValue) -> JSONValue {
        guard var members = answer.objectValue else { return answer }
        members["result"] = nil
        return .object(members)
    }
}
