import ArgumentParser
import Glibc
import WireProtocol

/// `quantcell publish`
struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish market data by hand, or from another program.",
        discussion: """
            JSON is the data object of one message. Without it, standard input is read: one JSON object a line, each a \
            data object for SYMBOL and TYPE, or a whole envelope with a msg_type. Data without a timestamp happens now.

            Every message is checked as the manager checks it. Bad lines are reported with their number and skipped; \
            the exit code is then 1.

            The command ends when the manager has every message on disk. Where the manager goes away, it waits for it to \
            come back (--timeout, 60s) and goes on; no message is lost and none is published twice. With --publisher ID \
            the messages of one id are counted from 1 on, and those that the manager has are not sent again: the same \
            input can be published again after a crash.

            EXAMPLE
              quantcell publish BTC/USDT tick '{"price": 46319.5, "size": 0.2}'
              quantcell publish X kline '{"open":1,"high":3,"low":1,"close":2,"volume":9}'
              my-feed | quantcell publish BTC/USDT trade
              zcat recorded.jsonl.gz | quantcell publish - --publisher import-7
            """
    )

    @Argument(help: "The instrument; '-', or nothing, for envelopes on standard input.")
    var symbol: String?

    @Argument(help: "The kind of data, such as kline, tick, trade, quote or depth.")
    var type: String?

    @Argument(help: "The data as JSON.")
    var data: String?

    @OptionGroup var publishing: PublishingOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        _ = try topic()
    }

    func run() throws {
        let topic = try topic()
        let single = try data.map { try check($0, topic) }
        let location = try publishing.manager.locate()
        if publishing.isPlain {
            let publisher = try FeedPublisher(location, timeout: publishing.patience)
            try run(topic, single, with: publisher)
        } else {
            let id = publishing.publisher ?? "publish-\(MessageID.make())"
            let publisher = try AcknowledgedPublisher(location, publisher: id, timeout: publishing.patience)
            try run(topic, single, with: publisher)
        }
    }

    private func run<Publisher: MessagePublisher & ~Copyable>(
        _ topic: Topic?,
        _ single: PublishMessage?,
        with publisher: consuming Publisher
    ) throws {
        Interrupt.becomesRequest()
        var run = PublishRun(topic: topic)
        if let single {
            _ = try run.send(single, line: 1, to: &publisher)
        } else {
            if isatty(STDIN_FILENO) == 1 { Diagnostics.note("reading JSON lines from standard input; Ctrl-D ends") }
            try run.sendLines(to: &publisher)
        }
        let outcome = try run.finish(publisher)
        try report(run, outcome)
        if Interrupt.isRequested { throw CommandFailure.interrupted }
        if run.bad > 0 { throw CommandFailure.badInputReported }
    }

    /// What bare data objects are about; `nil` when only envelopes are expected.
    private func topic() throws -> Topic? {
        switch (symbol, type) {
        case (nil, _), ("-", nil): return nil
        case (_, nil): throw ValidationError("TYPE is missing, such as kline or tick.")
        case (let symbol?, let type?):
            do {
                return try Topic(symbol: symbol, dataType: type)
            } catch {
                throw ValidationError("\(error)")
            }
        }
    }

    private func check(_ text: String, _ topic: Topic?) throws(CommandFailure) -> PublishMessage {
        let result = Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(ProtocolError) in try PublishMessage(parsing: bytes, topic: topic) }
        }
        switch result {
        case .success(let message): return message
        case .failure(let error): throw .badInput("\(error)")
        }
    }

    private func report(_ run: PublishRun, _ outcome: PublisherOutcome) throws(CommandFailure) {
        let output = Output()
        try output.line(json ? run.json(outcome).text : run.text(outcome))
        try output.flush()
    }
}
