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

            EXAMPLE
              quantcell publish BTC/USDT tick '{"price": 46319.5, "size": 0.2}'
              quantcell publish X kline '{"open":1,"high":3,"low":1,"close":2,"volume":9}'
              my-feed | quantcell publish BTC/USDT trade
              zcat recorded.jsonl.gz | quantcell publish -
            """
    )

    private static let maxReports = 100

    @Argument(help: "The instrument; '-', or nothing, for envelopes on standard input.")
    var symbol: String?

    @Argument(help: "The kind of data, such as kline, tick, trade, quote or depth.")
    var type: String?

    @Argument(help: "The data as JSON.")
    var data: String?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        _ = try topic()
    }

    func run() throws {
        let topic = try topic()
        let single = try data.map { try check($0, topic) }
        let publisher = try FeedPublisher(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        var sent = 0
        var bad = 0
        Interrupt.becomesRequest()
        if let single {
            sent = try publisher.send(topic: single.topic, body: single.body) ? 1 : 0
        } else {
            (sent, bad) = try publishLines(topic, with: publisher)
        }
        try publisher.finish()
        try report(sent: sent, bad: bad)
        if Interrupt.isRequested { throw CommandFailure.interrupted }
        if bad > 0 { throw CommandFailure.badInputReported }
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

    private func publishLines(
        _ topic: Topic?,
        with publisher: borrowing FeedPublisher
    ) throws(CommandFailure) -> (sent: Int, bad: Int) {
        if isatty(STDIN_FILENO) == 1 { Diagnostics.note("reading JSON lines from standard input; Ctrl-D ends") }
        var reader = LineReader()
        var sent = 0
        var bad = 0
        while !Interrupt.isRequested, let line = try reader.next() {
            switch Self.message(line, topic) {
            case nil: continue
            case .success(let message)?:
                guard try publisher.send(topic: message.topic, body: message.body) else { return (sent, bad) }
                sent += 1
            case .failure(let error)?:
                bad += 1
                if bad <= Self.maxReports { Diagnostics.print("line \(reader.number): \(error)") }
                if bad == Self.maxReports { Diagnostics.print("more bad lines are only counted") }
            }
        }
        return (sent, bad)
    }

    /// What a line says; `nil` for a blank one.
    private static func message(_ line: LineReader.Line, _ topic: Topic?) -> Result<PublishMessage, ProtocolError>? {
        switch line {
        case .tooLong: return .failure(ProtocolError("longer than \(LineReader.maxBytes) bytes"))
        case .text(let text):
            if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
            return text.withUnsafeBytes { bytes in
                Result { () throws(ProtocolError) in try PublishMessage(parsing: bytes, topic: topic) }
            }
        }
    }

    private func report(sent: Int, bad: Int) throws(CommandFailure) {
        let output = Output()
        if json {
            try output.line(JSONValue.object(["published": .integer(Int64(sent)), "bad": .integer(Int64(bad))]).text)
        } else {
            let skipped = bad > 0 ? ", skipped \(NumberText.counted(bad, "bad line"))" : ""
            try output.line("published \(NumberText.counted(sent, "message"))\(skipped)")
        }
        try output.flush()
    }
}
