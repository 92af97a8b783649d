import ArgumentParser
import WireProtocol

/// `quantcell signals`
struct Signals: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the signals that strategies have emitted, the newest last.",
        discussion: """
            With --json: an array; with --json -f one object a line. Ctrl-C ends -f.

            EXAMPLE
              quantcell signals --worker sma-btc --limit 20
              quantcell signals -f --json | jq -r '[.emitted_at, .side, .symbol, .price] | @tsv'
            """
    )

    private static let columns: [Table.Column] = [
        .text("EMITTED (UTC)"), .text("WORKER"), .text("SIGNAL"), .text("SIDE"), .text("SYMBOL"), .number("PRICE"),
        .number("QUANTITY"), .text("EVENT TIME (UTC)"), .text("DATA"),
    ]

    @Option(help: ArgumentHelp("Only signals of this strategy.", valueName: "id"))
    var worker: String?

    @Option(help: ArgumentHelp("The newest so many, 1 to \(RecordQuery.maxLimit).", valueName: "n"))
    var limit = 100

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on as signals come.")
    var follow = false

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard 1...RecordQuery.maxLimit ~= limit else {
            throw ValidationError("--limit must be 1 to \(RecordQuery.maxLimit).")
        }
    }

    func run() throws {
        let printer = RecordPrinter(
            json ? .json : .table(Table(Self.columns), Self.row),
            isEndless: follow,
            whenEmpty: "no signals yet"
        )
        try RecordCommand(
            query: .signals(workerID: worker),
            topics: ["signal." + (worker ?? "")],
            manager: manager,
            beginning: .newest(limit),
            follow: follow
        ).run(printer)
    }

    private static func row(_ signal: JSONValue, _ fields: FieldText) -> [Table.Cell] {
        let side = signal["side"]?.stringValue
        return [
            Table.Cell(fields.absolute(signal["emitted_at"])),
            Table.Cell(fields.plain(signal["worker_id"])),
            Table.Cell(fields.plain(signal["name"])),
            Table.Cell(fields.plain(signal["side"]), colour: side == "buy" ? .green : side == "sell" ? .red : nil),
            Table.Cell(fields.plain(signal["symbol"])),
            Table.Cell(fields.plain(signal["price"])),
            Table.Cell(fields.plain(signal["quantity"])),
            Table.Cell(fields.absolute(signal["event_time"])),
            Table.Cell(fields.plain(signal["data"])),
        ]
    }
}
