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

    @OptionGroup var worker: WorkerOptions

    func run() throws {
        try worker.run(.pause)
    }
}
