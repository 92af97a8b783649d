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

    @OptionGroup var worker: WorkerOptions

    func run() throws {
        try worker.run(.resume)
    }
}
