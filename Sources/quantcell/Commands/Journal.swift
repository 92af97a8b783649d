import ArgumentParser
import MarketFiles
import WireProtocol

/// `quantcell journal`
struct Journal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what happened: states, commands, signals, refused messages, the manager's starts and stops.",
        discussion: """
            Shows the newest entries that match, or with --since all, in the order in which they happened. With --json: \
            an array; with --json -f one object a line. Ctrl-C ends -f. The whole journal is a SQLite database: 'quantcell ping' names its folder.

            ACTOR is, for a command, who gave it and from where: 'uid:1000 ipc pid:4711', 'key:desk tcp:10.0.0.5'.

            Kinds are transition, command, signal, refused, manager, worker, intent, effect, outcome and journal.

            EXAMPLE
              quantcell journal --worker sma-btc --kind transition
              quantcell journal --since 15m --csv > last-quarter.csv
              quantcell journal --since 2026-01-31T08:00:00Z -f
            """,
        subcommands: [JournalVerify.self]
    )

    private static let fields = [
        "seq", "time", "kind", "worker_id", "generation", "from_state", "to_state", "cause", "actor", "detail",
        "who", "from",
    ]

    private static let columns: [Table.Column] = [
        .number("SEQ"), .text("TIME (UTC)"), .text("KIND"), .text("WORKER"), .number("GEN"), .text("FROM"), .text("TO"),
        .text("CAUSE"), .text("ACTOR"), .text("DETAIL"),
    ]

    @Option(help: ArgumentHelp("Only entries about this strategy.", valueName: "id"))
    var worker: String?

    @Option(help: ArgumentHelp("Only entries since then: a time, or how long ago, such as 15m.", valueName: "time"))
    var since: Moment?

    @Option(help: "Only entries of this kind.")
    var kind: String?

    @Option(
        help: ArgumentHelp(
            "The newest so many, 1 to \(RecordQuery.maxLimit); unless given, 100, or with --since all.",
            valueName: "n"
        )
    )
    var limit: Int?

    @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on as things happen.")
    var follow = false

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print comma-separated values with a header.")
    var csv = false

    func validate() throws {
        guard 1...RecordQuery.maxLimit ~= limit ?? 100 else {
            throw ValidationError("--limit must be 1 to \(RecordQuery.maxLimit).")
        }
        if json && csv { throw ValidationError("--json and --csv exclude each other.") }
    }

    func run() throws {
        let format: RecordPrinter.Format =
            json ? .json : csv ? .csv(Self.fields) : .table(Table(Self.columns), Self.row)
        try RecordCommand(
            query: .journal(workerID: worker, sinceNanoseconds: since?.nanoseconds, kind: kind),
            topics: ["transition.", "command.", "signal.", "refused", "manager"],
            manager: manager,
            beginning: limit == nil && since != nil ? .all : .newest(limit ?? 100),
            follow: follow
        ).run(RecordPrinter(format, isEndless: follow, whenEmpty: "no such entries"))
    }

    private static func row(_ entry: JSONValue, _ fields: FieldText) -> [Table.Cell] {
        let states = ["from_state", "to_state"].map { name in
            Table.Cell(fields.plain(entry[name]), colour: entry[name]?.stringValue.map(Colour.init(state:)))
        }
        return [
            Table.Cell(fields.plain(entry["seq"])),
            Table.Cell(fields.absolute(entry["time"])),
            Table.Cell(fields.plain(entry["kind"])),
            Table.Cell(fields.plain(entry["worker_id"])),
            Table.Cell(fields.plain(entry["generation"])),
        ] + states + [
            Table.Cell(fields.plain(entry["cause"])),
            Table.Cell(actor(entry, fields)),
            Table.Cell(PlainText.cut(fields.plain(entry["detail"]), to: 120)),
        ]
    }

    /// Of a command, who gave it and from where; of anything else, what part of the system did it.
    private static func actor(_ entry: JSONValue, _ fields: FieldText) -> String {
        guard let who = entry["who"]?.stringValue else { return fields.plain(entry["actor"]) }
        return "\(PlainText.cut(who, to: 60)) \(PlainText.cut(entry["from"]?.stringValue ?? "", to: 60))"
    }
}
