import ArgumentParser
import WireProtocol

/// `quantcell status`
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one strategy in full.",
        discussion: """
            EXAMPLE
              quantcell status sma-btc
              quantcell status sma-btc --json | jq .last_error
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.status, workerID: id)
        guard let worker = answer["worker"] else {
            throw CommandFailure.badAnswer("the manager's answer to 'status' lacks 'worker'")
        }
        let output = Output()
        if json {
            try output.line(worker.text)
        } else {
            for line in Block.lines(WorkerText.block(worker, FieldText()), isColoured: output.isColoured) {
                try output.line(line)
            }
        }
        try output.flush()
    }
}
