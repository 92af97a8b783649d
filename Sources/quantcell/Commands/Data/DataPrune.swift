import ArgumentParser
import WireProtocol

/// `quantcell data prune`
struct DataPrune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Drop old messages of a topic from the record.",
        discussion: """
            What was dropped can no longer be fetched by a strategy that missed it. Retention by age and size needs no \
            command: record.max_age and record.max_bytes in the configuration.

            EXAMPLE
              quantcell data prune market.BTC/USDT.kline --before 7d
              quantcell data prune market.BTC/USDT.kline --before 2026-01-01
            """
    )

    @Argument(help: "The topic, such as market.BTC/USDT.kline.")
    var topic: TopicArgument

    @Option(help: ArgumentHelp("Drop what happened before: a time, or how long ago, such as 12h.", valueName: "time"))
    var before: Moment

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(600))
        let answer = try client.ask(
            .history,
            payload: [
                "op": "prune", "topic": .string(topic.topic.description), "before_ns": .integer(before.nanoseconds),
            ]
        )
        let output = Output()
        let dropped = answer["dropped"]?.integerValue ?? 0
        try output.line(
            json
                ? WorkerCommand.result(answer).text : "dropped \(NumberText.counted(Int(clamping: dropped), "message"))"
        )
        try output.flush()
    }
}
