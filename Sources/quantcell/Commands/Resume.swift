import ArgumentParser
import WireProtocol

/// `quantcell resume`
struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let data flow to a paused strategy again.",
        discussion: """
            Prints the id and the new state.

            EXAMPLE
              quantcell resume sma-btc
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try WorkerCommand(type: .resume, manager: manager, json: json).run(workerID: id)
    }
}
