import ArgumentParser
import WireProtocol

/// `quantcell topics`
struct Topics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the counters of the market data, topic by topic.",
        discussion: """
            SEQUENCE is the number of the topic's last message; it counts for the life of the data folder. The other \
            counters begin with the manager. REFUSED is what failed the checks at the door.

            EXAMPLE
              quantcell topics
              quantcell topics --json | jq '.topics[] | {topic, received}'
            """
    )

    private static let columns: [Table.Column] = [
        .text("TOPIC"), .number("SEQUENCE"), .number("RECEIVED"), .number("REFUSED"), .number("PUBLISHED"),
        .number("SUBSCRIBERS"), .text("LAST"),
    ]

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        let answer = try client.ask(.topics)
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            try printTable(answer, output)
        }
        try output.flush()
    }

    private func printTable(_ answer: JSONValue, _ output: Output) throws {
        let topics = answer["topics"]?.arrayValue ?? []
        let fields = FieldText()
        if topics.isEmpty {
            Diagnostics.print("no market data yet; publish some with: quantcell publish SYMBOL TYPE JSON")
        } else {
            var table = Table(Self.columns)
            let rows = topics.map { topic in
                [Table.Cell(fields.plain(topic["topic"]))]
                    + ["sequence", "received", "refused", "published", "subscribers"].map {
                        Table.Cell(fields.count(topic[$0]))
                    }
                    + [Table.Cell(fields.relative(topic["last_time"]))]
            }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        if let refused = answer["refused"]?.integerValue, refused > 0 {
            Diagnostics.print(
                "\(NumberText.counted(Int(refused), "message")) refused in all; see: quantcell journal --kind refused"
            )
        }
    }
}
