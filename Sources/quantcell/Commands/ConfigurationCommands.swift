import ArgumentParser
import WireProtocol

/// `quantcell plan`
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a configuration file would change in the manager that runs.",
        discussion: """
            For each key that differs: its value now, its value then, and what it takes. 'live' takes nothing; 'refused' takes \
            another manager. A file with anything wrong in it is refused, with line and column.

            EXAMPLE
              quantcell plan
              quantcell plan config/quantcell.yaml
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let answer = try options.ask(.plan)
        let output = Output()
        if options.json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            try ConfigurationText.write(answer, to: output)
        }
        try output.flush()
    }
}

/// `quantcell apply`
struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a configuration file in force in the manager that runs.",
        discussion: """
            Strategies are started, stopped, restarted, reloaded or given other parameters, as 'quantcell plan' shows; all \
            others do not notice. A file with anything wrong in it changes nothing. Without FILE the manager reads its own \
            again, as it does on SIGHUP. The exit code is 1 where it could not be done with all of them.

            EXAMPLE
              quantcell plan && quantcell apply
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let answer = try options.ask(.apply)
        let output = Output()
        let failures = answer["failures"]?.objectValue ?? [:]
        if options.json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            try ConfigurationText.write(answer, to: output)
        }
        try output.flush()
        for (id, reason) in failures.sorted(by: { $0.key < $1.key }) {
            Diagnostics.print("\(PlainText.oneLine(id)): \(reason.stringValue ?? "failed")")
        }
        if !failures.isEmpty { throw CommandFailure.badInputReported }
    }
}

/// What both commands are given.
struct ConfigurationOptions: ParsableArguments {
    @Argument(help: "The configuration file; the manager's own unless given.", completion: .file())
    var file: String?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func ask(_ type: MessageType) throws -> JSONValue {
        if let file { try InputFile.checkIsReadable(file) }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(600))
        return try client.ask(type, payload: file.map { ["file": .string(Path.absolute($0))] } ?? [:])
    }
}

/// Changes of a configuration, as a table.
enum ConfigurationText {
    static func write(_ answer: JSONValue, to output: Output) throws(CommandFailure) {
        let changes = answer["changes"]?.arrayValue ?? []
        if changes.isEmpty { return try output.line("nothing changes") }
        var table = Table([.text("KEY"), .text("NOW"), .text("THEN"), .text("TAKES")])
        let rows = changes.map { change in
            [
                Table.Cell(change["key"]?.stringValue ?? "-"), Table.Cell(change["old"]?.stringValue ?? "-"),
                Table.Cell(change["new"]?.stringValue ?? "-"), takes(change),
            ]
        }
        for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
    }

    private static func takes(_ change: JSONValue) -> Table.Cell {
        let workers = (change["workers"]?.stringArrayValue ?? []).joined(separator: ", ")
        switch change["effect"]?.stringValue {
        case "live": return Table.Cell("nothing, it is live")
        case "refused": return Table.Cell("refused: needs a restart of the manager", colour: .yellow)
        case "params": return Table.Cell("parameters of \(workers)")
        case "restart" where workers.isEmpty: return Table.Cell("nothing, no worker has it")
        case let effect?: return Table.Cell("\(effect) of \(workers)")
        case nil: return "-"
        }
    }
}
