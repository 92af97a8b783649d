import ArgumentParser
import WireProtocol

/// `quantcell data gaps`
struct DataGaps: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gaps",
        abstract: "Show what is missing from the recorded market data, and why.",
        discussion: """
            EXAMPLE
              quantcell data gaps
              quantcell data gaps market.BTC/USDT.kline --json
            """
    )

    private static let columns: [Table.Column] = [
        .text("TOPIC"), .number("FROM"), .number("TO"), .text("REASON"),
    ]

    @Argument(help: "The topic, such as market.BTC/USDT.kline; all of them unless given.")
    var topic: TopicArgument?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        var payload: [String: JSONValue] = ["op": "gaps"]
        payload["topic"] = topic.map { .string($0.topic.description) }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(30))
        let answer = try client.ask(.history, payload: payload)
        guard let gaps = answer["gaps"]?.arrayValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'history' lacks 'gaps'")
        }
        let output = Output()
        if json {
            try output.line(JSONValue.array(gaps).text)
        } else if gaps.isEmpty {
            Diagnostics.print("no gaps")
        } else {
            var table = Table(Self.columns)
            let fields = FieldText()
            let rows = gaps.map { gap in ["topic", "from", "to", "reason"].map { Table.Cell(fields.plain(gap[$0])) } }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        try output.flush()
    }
}
