import ArgumentParser
import WireProtocol

/// `quantcell data list`
struct DataList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what is recorded, topic by topic.",
        discussion: """
            PRUNED is up to which sequence messages were dropped for their age or the record's size, or by hand.

            EXAMPLE
              quantcell data list
              quantcell data list --json | jq '.topics[] | {topic, messages}'
            """
    )

    private static let columns: [Table.Column] = [
        .text("TOPIC"), .number("FIRST"), .number("LAST"), .number("MESSAGES"), .number("BYTES"), .number("PRUNED"),
        .text("LAST EVENT (UTC)"), .text("LAST"),
    ]

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(30))
        let answer = try client.ask(.history, payload: ["op": "list"])
        let output = Output()
        let topics = answer["topics"]?.arrayValue ?? []
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else if topics.isEmpty {
            Diagnostics.print("nothing is recorded yet; publish some with: quantcell publish SYMBOL TYPE JSON")
        } else {
            var table = Table(Self.columns)
            let fields = FieldText()
            let rows = topics.map { topic in
                [Table.Cell(fields.plain(topic["topic"]))]
                    + ["first", "last", "messages", "bytes", "pruned"].map { Table.Cell(fields.count(topic[$0])) }
                    + [
                        Table.Cell(fields.absolute(topic["last_event_time"])),
                        Table.Cell(fields.relative(topic["last_time"])),
                    ]
            }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        if let failure = answer["record"]?["failure"]?.stringValue { Diagnostics.print("recording fails: \(failure)") }
        try output.flush()
    }
}
