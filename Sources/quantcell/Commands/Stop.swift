import ArgumentParser
import WireProtocol

/// `quantcell stop`
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a strategy, or all of them.",
        discussion: """
            Returns when the process and all its descendants are gone: it is asked first, then sent SIGTERM, then \
            SIGKILL.

            EXAMPLE
              quantcell stop sma-btc
              quantcell stop --all
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String?

    @Flag(help: "Stop every strategy.")
    var all = false

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if (id == nil) != all { throw ValidationError("Name one strategy, or say --all.") }
    }

    func run() throws {
        try WorkerCommand(type: .stop, manager: manager, json: json)
            .run(workerID: id, payload: all ? ["all": true] : [:])
    }
}
