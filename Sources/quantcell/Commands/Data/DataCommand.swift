import ArgumentParser
import WireProtocol

/// `quantcell data`
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "List, export and prune the recorded market data.",
        discussion: """
            What the manager accepts is recorded (record.mode in the configuration), in a SQLite database that plain SQL \
            reads: market.db in the data folder, with the views recorded_topics, bars_readable and ticks_readable.

            EXAMPLE
              quantcell data list
              quantcell data export market.BTC/USDT.kline --from 2h > bars.csv
              quantcell data gaps
            """,
        subcommands: [DataList.self, DataExport.self, DataGaps.self, DataPrune.self]
    )
}

/// A topic as a user writes it: whole, `market.BTC/USDT.kline`.
struct TopicArgument: ExpressibleByArgument {
    let topic: Topic

    init?(argument: String) {
        let parsed = Array(argument.utf8).withUnsafeBytes { try? Topic(parsing: $0) }
        guard let parsed else { return nil }
        topic = parsed
    }
}
