import ArgumentParser
import WireProtocol

/// `quantcell remove`
struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a strategy where it is not stopped, and forget it.",
        discussion: """
            Its log, its signals and its checkpoint stay. What the configuration file names starts again with the next manager.

            EXAMPLE
              quantcell remove sma-btc
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(60))
        let answer = try client.ask(.remove, workerID: id)
        let output = Output()
        try output.line(json ? WorkerCommand.result(answer).text : "\(PlainText.oneLine(id)) removed")
        try output.flush()
    }
}
