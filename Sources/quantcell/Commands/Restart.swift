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

    @OptionGroup var worker: WorkerOptions

    func run() throws {
        try worker.run(.restart)
    }
}
