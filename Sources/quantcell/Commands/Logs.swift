import ArgumentParser
import WireProtocol

/// `quantcell logs`
struct Logs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a strategy has logged and printed.",
        discussion: """
            With -f it goes on as the log grows, also when the file is cut or replaced; Ctrl-C ends it.

            EXAMPLE
              quantcell logs sma-btc --lines 20
              quantcell logs sma-btc -f
              quantcell logs sma-btc --json     (the path of the file)
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on as the log grows.")
    var follow = false

    @Option(help: ArgumentHelp("How many of the last lines to show.", valueName: "n"))
    var lines = 100

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print where the log is, as JSON.")
    var json = false

    func validate() throws {
        guard lines >= 0 else { throw ValidationError("--lines must not be negative.") }
        if json && follow { throw ValidationError("--json only names the file; leave out -f.") }
    }

    func run() throws {
        let answer = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10)).ask(
            .logs,
            workerID: id
        )
        guard let path = answer["path"]?.stringValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'logs' lacks 'path'")
        }
        let output = Output()
        if json {
            try output.line(JSONValue.object(["path": .string(path), "worker_id": .string(id)]).text)
            return try output.flush()
        }
        try show(path, output)
    }

    private func show(_ path: String, _ output: Output) throws(CommandFailure) {
        // The watch comes first: what is written while the file is read is seen by one or the other.
        var watch = follow ? try FileWatch(path: path) : nil
        var log = try LogTail(path: path)
        if !log.seek(toLastLines: lines) {
            Diagnostics.print("quantcell: showing the last \(LogTail.maxTailBytes >> 20) MiB; the log is \(path)")
        }
        try log.readOn(output.bytes)
        try output.flush()
        guard watch != nil else { return }
        Interrupt.endsWithSuccess()
        while true {
            try watch?.wait()
            // What is left of a file that has been replaced comes before its successor.
            try log.readOn(output.bytes)
            if log.reopenIfChanged() { try log.readOn(output.bytes) }
            try output.flush()
        }
    }
}
