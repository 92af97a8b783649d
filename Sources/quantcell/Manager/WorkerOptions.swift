import ArgumentParser
import WireProtocol

/// What a command about one strategy is given.
struct WorkerOptions: ParsableArguments {
    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// Sends the command and prints the state that followed.
    func run(_ type: MessageType) throws(CommandFailure) {
        try WorkerCommand(type: type, manager: manager, json: json).run(workerID: id)
    }
}
