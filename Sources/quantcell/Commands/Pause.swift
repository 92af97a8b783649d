import ArgumentParser
import WireProtocol

/// `quantcell pause`
struct Pause: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold data back from a strategy; its process stays.",
        discussion: """
            The callback that runs is finished first. Data that is published meanwhile waits for 'quantcell resume'.

            EXAMPLE
              quantcell pause sma-btc
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try WorkerCommand(type: .pause, manager: manager, json: json).run(workerID: id)
    }
}
