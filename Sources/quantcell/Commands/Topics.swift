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
        if topics.isEmpty {
            Diagnostics.print("no market data yet; publish some with: quantcell publish SYMBOL TYPE JSON")
        } else {
            for line in TopicsText.lines(answer, isColoured: output.isColoured) { try output.line(line) }
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
