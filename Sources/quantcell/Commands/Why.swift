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

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.why, workerID: id)
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            for line in WhyText.lines(answer, id: id) { try output.line(line) }
        }
        try output.flush()
    }
}
