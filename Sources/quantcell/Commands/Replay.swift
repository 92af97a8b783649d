import ArgumentParser
import MarketFiles
import WireProtocol

/// `quantcell replay`
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Publish the rows of a CSV file.",
        discussion: """
            Columns are found by name: a time (timestamp, close_time, datetime, date and time, …) and
              kline    open high low close volume; if there: open_time turnover trades
              tick     price; if there: size bid ask bid_size ask_size
              trade    price size; if there: side trade_id
              quote    bid ask; if there: bid_size ask_size
            Times are ISO-8601 (UTC where no zone is written) or a count of seconds, milliseconds, microseconds or \
            nanoseconds.

            A row that is wrong is reported as FILE:LINE and skipped. Ctrl-C stops cleanly with a summary and exit code \
            130.

            EXAMPLE
              quantcell replay btc.csv --symbol BTC/USDT --interval 1m --speed 60x
              quantcell replay btc.csv --symbol BTC/USDT --from 2022-01-01 --to 2022-02-01
              quantcell replay es.csv --symbol ES --data-type quote --columns ts,bid,ask
            """
    )

    @Argument(help: "The file.", completion: .file(extensions: ["csv"]))
    var file: String

    @Option(help: "The instrument, such as BTC/USDT.")
    var symbol: String

    @Option(help: ArgumentHelp("The kind of data.", valueName: "type"))
    var dataType = "kline"

    @Option(help: ArgumentHelp("'max', 'realtime', or a multiple of it such as 60x.", valueName: "pace"))
    var speed = "max"

    @Option(help: ArgumentHelp("Only rows of this time and later.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Only rows before this time.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("Names of the columns in order, for a file without a header.", valueName: "list"))
    var columns: String?

    @Option(help: ArgumentHelp("Length of the bars, such as 1m; at most 8 characters.", valueName: "text"))
    var interval = ""

    @Flag(help: "Send JSON bodies instead of binary ones.")
    var jsonBodies = false

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        _ = try plan()
        guard interval.utf8.count <= 8, interval.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw ValidationError("--interval takes at most 8 ASCII characters.")
        }
    }

    func run() throws {
        let (plan, kind) = try plan()
        let reader = try openFile(kind)
        let publisher = try FeedPublisher(manager.locate(), timeout: manager.timeout ?? .seconds(10))
        Interrupt.becomesRequest()
        var run = ReplayRun(plan, reader: reader)
        let summary = try run.run(with: publisher)

        let output = Output()
        try output.line(json ? summary.json.text : summary.text)
        try output.flush()
        if summary.isInterrupted { throw CommandFailure.interrupted }
        if summary.sent == 0, summary.bad > 0 { throw CommandFailure.badFile("no row of \(file) is good") }
    }

    private func plan() throws -> (ReplayRun.Plan, DataKind) {
        let topic: Topic
        do {
            topic = try Topic(symbol: symbol, dataType: dataType)
        } catch {
            throw ValidationError("\(error)")
        }
        guard let kind = topic.kind, kind != .depth else {
            throw ValidationError("rows of a CSV file can be kline, tick, trade or quote, not '\(dataType)'.")
        }
        guard let speed = ReplaySpeed(speed) else {
            throw ValidationError("--speed is 'max', 'realtime', or a multiple such as 60x, not '\(speed)'.")
        }
        let lower = try Self.time(from, "--from") ?? .min
        let upper = try Self.time(to, "--to") ?? .max
        guard lower < upper else { throw ValidationError("--from must be before --to.") }
        return (
            ReplayRun.Plan(path: file, topic: topic, speed: speed, range: lower..<upper, usesJSON: jsonBodies), kind
        )
    }

    private static func time(_ text: String?, _ flag: String) throws -> Int64? {
        guard let text else { return nil }
        guard let time = TimeText.nanoseconds(from: text) else {
            throw ValidationError("\(flag) needs a time such as 2022-01-31 or 2022-01-31T23:01:00Z, not '\(text)'.")
        }
        return time
    }

    private func openFile(_ kind: DataKind) throws(CommandFailure) -> MarketFileReader {
        do throws(MarketFileError) {
            let names = columns.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            return try MarketFileReader(path: file, kind: kind, columns: names, interval: interval)
        } catch {
            let message = "\(error)"
            switch error.code {
            case .missing, .isFolder, .unreadable, .readFailed: throw .noInput(message)
            default: throw .badFile(message)
            }
        }
    }
}
