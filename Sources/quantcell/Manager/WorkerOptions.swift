import ArgumentParser
import WireProtocol

/// What a command about one strategy is given.
struct WorkerOptions: ParsableArguments {
    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// Asks about the strategy, and prints the answer: as JSON, or in words.
    ///
    /// - Parameter patience: How long to wait for it, where nobody says otherwise.
    func ask(_ type: MessageType, patience: TimeSpan, words: (JSONValue) -> [String]) throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? patience)
        let answer = try client.ask(type, workerID: id)
        let output = Output()
        for line in json ? [WorkerCommand.result(answer).text] : words(answer) { try output.line(line) }
        try output.flush()
    }

    /// Sends the command and prints the state that followed.
    func run(_ type: MessageType) throws(CommandFailure) {
        try WorkerCommand(type: type, manager: manager, json: json).run(workerID: id)
    }
}
