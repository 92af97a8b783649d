import ArgumentParser
import WireProtocol

/// `quantcell topics`
struct Topics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the counters of the market data, topic by topic.",
        discussion: """
            SEQUENCE is the number of the topic's last message; it counts for the life of the data folder. The other \
            counters begin with the manager. REFUSED is what failed the checks at the door, RECORDED what was handed to the \
            record ('off' where the topic is not recorded), DISORDER what had an earlier event time than something before it.

            --json has more: unrecorded (found no room in the record), out_of_order (earlier than the message right before), \
            late (earlier than the newest), duplicates (the same as the message right before), and how far the disk is behind.

            EXAMPLE
              quantcell topics
              quantcell topics --json | jq '.topics[] | {topic, received}'
            """
    )

    private static let columns: [Table.Column] = [
        .text("TOPIC"), .number("SEQUENCE"), .number("RECEIVED"), .number("REFUSED"), .number("PUBLISHED"),
        .number("RECORDED"), .number("DISORDER"), .number("SUBSCRIBERS"), .text("LAST"),
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
                let isOff = topic["is_recorded"]?.boolValue == false
                let disorder = ["out_of_order", "late"].reduce(0) { $0 + (topic[$1]?.integerValue ?? 0) }
                return [Table.Cell(fields.plain(topic["topic"]))]
                    + ["sequence", "received", "refused", "published"].map { Table.Cell(fields.count(topic[$0])) }
                    + [
                        Table.Cell(isOff ? "off" : fields.count(topic["recorded"])),
                        Table.Cell(fields.count(.integer(disorder))),
                        Table.Cell(fields.count(topic["subscribers"])), Table.Cell(fields.relative(topic["last_time"])),
                    ]
            }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        if answer["record"]?["blocked"]?.boolValue == true {
            Diagnostics.print("the disk is behind: publishers have to wait until the record has room")
        }
        if let unrecorded = answer["unrecorded"]?.integerValue, unrecorded > 0 {
            Diagnostics.print("\(NumberText.counted(Int(unrecorded), "message")) not recorded: the disk was behind")
        }
        if let refused = answer["refused"]?.integerValue, refused > 0 {
            Diagnostics.print(
                "\(NumberText.counted(Int(refused), "message")) refused in all; see: quantcell journal --kind refused"
            )
        }
    }
}
