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

    @OptionGroup var worker: WorkerOptions

    func run() throws {
        try worker.ask(.remove, patience: .seconds(60)) { _ in ["\(PlainText.oneLine(worker.id)) removed"] }
    }
}
