import ArgumentParser
import WireProtocol

/// `quantcell scale`
struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the instances of a strategy, or the warm spares, to a number.",
        discussion: """
            All workers of one file are instances of it. What is missing is started with the configuration of the first \
            one; what is too many is stopped, the latest first.

            EXAMPLE
              quantcell scale sma-btc --instances 3
              quantcell scale --spares 5
            """
    )

    @Argument(help: "A worker's id, or the path of a strategy.")
    var strategy: String?

    @Option(help: "How many workers are to run it, from 0 to 1000.")
    var instances: Int?

    @Option(help: "How many warm spares are kept, from 0 to the configuration's pool.max_size.")
    var spares: Int?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (spares == nil) == (strategy != nil), (instances == nil) == (strategy == nil) else {
            throw ValidationError("Name a strategy and --instances, or say --spares.")
        }
        if let instances, !(0...1000 ~= instances) { throw ValidationError("--instances must be from 0 to 1000.") }
        if let spares, !(0...1000 ~= spares) { throw ValidationError("--spares must be from 0 to 1000.") }
    }

    func run() throws {
        var payload: [String: JSONValue] = [:]
        payload["strategy"] = strategy.map { .string($0.contains("/") ? Path.absolute($0) : $0) }
        payload["instances"] = instances.map { .integer(Int64($0)) }
        payload["spares"] = spares.map { .integer(Int64($0)) }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(120))
        let answer = try client.ask(.scale, payload: payload)
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else if let spares {
            try output.line("\(spares) spares")
        } else {
            for worker in answer["workers"]?.arrayValue ?? [] {
                let id = worker["worker_id"]?.stringValue ?? "-"
                try output.line("\(PlainText.oneLine(id)) \(worker["state"]?.stringValue ?? "-")")
            }
        }
        try output.flush()
    }
}
