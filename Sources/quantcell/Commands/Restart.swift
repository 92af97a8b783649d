import ArgumentParser
import WireProtocol

/// `quantcell restart`
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a strategy and start it in a new process, or all of them one after the other.",
        discussion: """
            Also the way out of the state 'error'. A strategy's source is compiled again if it has changed.

            With --all --rolling the next strategy is restarted when the one before runs again; the first that does not come \
            back ends it, and the rest is not touched.

            EXAMPLE
              quantcell restart sma-btc
              quantcell restart --all --rolling --max-unavailable 2
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String?

    @Flag(help: "Restart every strategy that is not stopped; needs --rolling.")
    var all = false

    @Flag(help: "One after the other, each waiting until the one before runs again.")
    var rolling = false

    @Option(help: ArgumentHelp("How many may be away at once.", valueName: "n"))
    var maxUnavailable = 1

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if (id == nil) != all { throw ValidationError("Name one strategy, or say --all --rolling.") }
        if all != rolling { throw ValidationError("--all and --rolling go together.") }
        if !(1...1000 ~= maxUnavailable) { throw ValidationError("--max-unavailable must be from 1 to 1000.") }
    }

    func run() throws {
        let payload: [String: JSONValue] =
            all ? ["all": true, "max_unavailable": .integer(Int64(maxUnavailable))] : [:]
        try WorkerCommand(type: .restart, manager: manager, json: json).run(workerID: id, payload: payload)
    }
}
