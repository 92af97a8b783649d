import ArgumentParser
import WireProtocol

/// `quantcell why`
struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what happened to a strategy, what was done, and what comes next.",
        discussion: """
            The last changes of its state, what is known of its last deaths (how it ended, the callback that ran, the last lines of its \
            output, a backtrace where it was stuck), what comes next, and what you can do.

            EXAMPLE
              quantcell why sma-btc
            """
    )

    @OptionGroup var worker: WorkerOptions

    func run() throws {
        try worker.ask(.why, patience: .seconds(10)) { WhyText.lines($0, id: worker.id) }
    }
}
