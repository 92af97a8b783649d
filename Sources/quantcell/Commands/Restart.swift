import ArgumentParser
import WireProtocol

/// `quantcell restart`
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a strategy and start it in a new process.",
        discussion: """
            Also the way out of the state 'error'. A strategy's source is compiled again if it has changed.

            EXAMPLE
              quantcell restart sma-btc
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try WorkerCommand(type: .restart, manager: manager, json: json).run(workerID: id)
    }
}
