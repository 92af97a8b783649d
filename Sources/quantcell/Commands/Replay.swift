import ArgumentParser
import Glibc
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

            The command ends when the manager has every row on disk. Where the manager goes away, it waits for it to come \
            back (--timeout, 60s) and goes on; no row is lost and none is published twice.

            Where the command itself is stopped or killed, the same command goes on behind the last row that the manager \
            has: same file (path, size and time of change), topic, --from, --to and --columns. --restart begins at the \
            first row instead; after a month it is forgotten. A replay that was completed is forgotten: the same command then publishes the file again. \
            With --publisher ID it never does: the rows that the manager has of that id are left out, for good.

            EXAMPLE
              quantcell replay btc.csv --symbol BTC/USDT --interval 1m --speed 60x
              quantcell replay btc.csv --symbol BTC/USDT --from 2022-01-01 --to 2022-02-01
              quantcell replay es.csv --symbol ES --data-type quote --columns ts,bid,ask
              quantcell replay btc.csv --symbol BTC/USDT --publisher import-2022
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

    @Flag(help: "Begin at the first row, also where an earlier replay of the same was not completed.")
    var restart = false

    @OptionGroup var publishing: PublishingOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        _ = try plan()
        if restart, publishing.isPlain || publishing.publisher != nil {
            throw ValidationError("--restart is for replays that are remembered; not with --no-ack or --publisher.")
        }
        guard interval.utf8.count <= 8, interval.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw ValidationError("--interval takes at most 8 ASCII characters.")
        }
    }

    func run() throws {
        let (plan, kind) = try plan()
        let reader = try openFile(kind)
        let location = try publishing.manager.locate()
        let timeout = publishing.patience
        var run = ReplayRun(plan, reader: reader)
        let summary: ReplaySummary
        if publishing.isPlain {
            let publisher = try FeedPublisher(location, timeout: timeout)
            Interrupt.becomesRequest()
            summary = try run.run(with: publisher)
        } else if let id = publishing.publisher {
            let publisher = try AcknowledgedPublisher(location, publisher: id, timeout: timeout)
            Interrupt.becomesRequest()
            summary = try run.run(with: publisher)
        } else {
            let mark = try ReplayMark.open(in: folder(location), for: source(plan), restarts: restart)
            if let began = mark.resumedFrom {
                let time = DurationText.relative(began, now: WallClock.nanoseconds())
                Diagnostics.print("going on with the replay that began \(time) (--restart begins at the first row)")
            }
            let publisher = try AcknowledgedPublisher(location, publisher: mark.publisher, timeout: timeout)
            Interrupt.becomesRequest()
            summary = try run.run(with: publisher)
            if summary.isComplete { mark.complete() }
        }

        let output = Output()
        try output.line(json ? summary.json.text : summary.text)
        try output.flush()
        if summary.isInterrupted {
            if !publishing.isPlain { Diagnostics.print("the same command goes on from here; --restart begins again") }
            throw CommandFailure.interrupted
        }
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

    private func source(_ plan: ReplayRun.Plan) throws(CommandFailure) -> ReplaySource {
        try ReplaySource(path: file, topic: plan.topic, range: plan.range, columns: columns)
    }

    /// Where unfinished replays are remembered: with the data that they go into, where that is on this machine.
    private func folder(_ location: ManagerLocation) throws(CommandFailure) -> String {
        let client = try AdminClient(location, timeout: publishing.patience)
        let data = try client.ask(.ping)["data_dir"]?.stringValue
        if let data, access(data, W_OK) == 0 { return Path.join(data, "replays") }
        return Path.join(location.folder.path, "replays")
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
