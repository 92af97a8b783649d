import ArgumentParser
import WireProtocol

/// `quantcell data export`
struct DataExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write recorded market data of a topic as CSV or JSON lines.",
        discussion: """
            CSV has a header; 'quantcell replay' reads it. Times are those of the data, and the second one is left out. \
            What is missing from the record is told on standard error; the exit code is then 1.

            EXAMPLE
              quantcell data export market.BTC/USDT.kline > bars.csv
              quantcell data export market.BTC/USDT.tick --from 2h --json | jq .price
            """
    )

    @Argument(help: "The topic, such as market.BTC/USDT.kline.")
    var topic: TopicArgument

    @Option(help: ArgumentHelp("From when on: a time, or how long ago, such as 15m.", valueName: "time"))
    var from: Moment?

    @Option(help: ArgumentHelp("Before when; to the end unless given.", valueName: "time"))
    var to: Moment?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        if let from, let to, to.nanoseconds <= from.nanoseconds { throw ValidationError("--from must be before --to.") }
    }

    func run() throws {
        let location = try manager.locate()
        let timeout = manager.timeout ?? .seconds(60)
        let output = Output()
        let columns = RecordedRow.columns(topic.topic.kind)
        if !json { try output.line(columns.joined(separator: ",")) }
        let lost = try range(AdminClient(location, timeout: timeout)).map { range throws(CommandFailure) in
            try HistoryClient(location, timeout: timeout).read(range) { body throws(CommandFailure) in
                let row = try row(body)
                try output.line(json ? row.fields.text : CSVText.line(row.fields, fields: columns))
                return row.sequence
            }
        }
        try output.flush()
        guard let lost, !lost.isEmpty else { return }
        for loss in lost {
            Diagnostics.print("quantcell: \(loss.range.from) to \(loss.range.to) are missing: \(loss.reason)")
        }
        throw CommandFailure.badInputReported
    }

    /// The sequences of the times that were asked for; `nil` where nothing is recorded of them.
    private func range(_ client: borrowing AdminClient) throws(CommandFailure) -> ReplayRange? {
        var payload: [String: JSONValue] = ["op": "range", "topic": .string(topic.topic.description)]
        payload["since_ns"] = from.map { .integer($0.nanoseconds) }
        payload["until_ns"] = to.map { .integer($0.nanoseconds) }
        let answer = try client.ask(.history, payload: payload)
        guard let from = answer["from"]?.sequenceValue, let to = answer["to"]?.sequenceValue else { return nil }
        return ReplayRange(topic: topic.topic.description, from: from, to: to)
    }

    private func row(_ body: [UInt8]) throws(CommandFailure) -> RecordedRow {
        do {
            return try RecordedRow(body, kind: topic.topic.kind)
        } catch {
            throw .badAnswer("a recorded message cannot be read: \(error)")
        }
    }
}
