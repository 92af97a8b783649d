import ArgumentParser
import WireProtocol

/// `quantcell reload`
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put new code in the place of a strategy that runs, without missing a message.",
        discussion: """
            The new code is compiled, takes over the saved state, and runs beside the old for a moment; its signals go nowhere. \
            Then the old stops between two messages and the new goes on behind them: every message is handled once, every \
            signal is emitted once. Where anything fails, the old has never stopped; the reason is printed, and the exit code is 1.

            With --compare both versions are shown the last messages of each topic first, and their signals are printed side by \
            side: '=' the same, '-' by the old only, '+' by the new only. With --keep that is all.

            A program that is a worker by itself is stopped and started instead.

            EXAMPLE
              quantcell reload sma-btc
              quantcell reload sma-btc sma_cross_2.swift --compare 500 --keep
              quantcell reload sma-btc sma_cross_2.swift --trial-time 30s --trial-messages 100000
            """
    )

    @Argument(help: "The strategy's id, as 'quantcell list' shows it.")
    var id: String

    @Argument(help: "The new code; the file that it was started from unless given.", completion: .file())
    var path: String?

    @Option(help: ArgumentHelp("The trial is over after so many messages …", valueName: "n"))
    var trialMessages: Int64?

    @Option(help: ArgumentHelp("… or after so long, whichever comes first.", valueName: "time"))
    var trialTime: TimeSpan?

    @Option(help: ArgumentHelp("Errors of callbacks that are forgiven on trial.", valueName: "n"))
    var trialErrors: Int64?

    @Option(help: ArgumentHelp("Show both versions the last so many messages of each topic first.", valueName: "n"))
    var compare: Int64?

    @Flag(help: "With --compare: compare only, and keep the old code.")
    var keep = false

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for (name, value) in [("--trial-messages", trialMessages), ("--trial-errors", trialErrors)] {
            if let value, value < 0 { throw ValidationError("\(name) must not be negative.") }
        }
        if let compare, compare < 1 { throw ValidationError("--compare must be 1 or more.") }
        if keep, compare == nil { throw ValidationError("--keep goes with --compare.") }
    }

    func run() throws {
        if let path { try InputFile.checkIsReadable(path) }
        var payload: [String: JSONValue] = [:]
        payload["path"] = path.map { .string(Path.absolute($0)) }
        payload["trial_messages"] = trialMessages.map(JSONValue.integer)
        payload["trial_seconds"] = trialTime.map { .number(Double($0.nanoseconds) / 1e9) }
        payload["trial_errors"] = trialErrors.map(JSONValue.integer)
        payload["compare"] = compare.map(JSONValue.integer)
        if keep { payload["keep"] = true }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(600))
        let answer = try client.ask(.reload, workerID: id, payload: payload) {
            Diagnostics.note("reloading \(PlainText.oneLine(id)) …")
        }
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            if let comparison = answer["comparison"] { try ComparisonText.write(comparison, to: output) }
            try output.line(Self.text(answer, id))
        }
        try output.flush()
    }

    private static func text(_ answer: JSONValue, _ id: String) -> String {
        let id = PlainText.oneLine(id)
        let state = answer["worker"]?["state"]?.stringValue ?? "done"
        if answer["restarted"]?.boolValue == true { return "\(id) restarted, \(state)" }
        guard answer["reloaded"]?.boolValue == true else { return "\(id) keeps its code, \(state)" }
        let trial = answer["trial_messages"].map { " after \(FieldText().count($0)) messages on trial" } ?? ""
        return "\(id) reloaded\(trial), \(state)"
    }
}

/// What two versions of a strategy emitted, side by side.
enum ComparisonText {
    static func write(_ comparison: JSONValue, to output: Output) throws(CommandFailure) {
        let fields = FieldText()
        let lines = comparison["lines"]?.arrayValue ?? []
        if !lines.isEmpty {
            var table = Table([.text(""), .text("TOPIC"), .number("SEQUENCE"), .text("OLD"), .text("NEW")])
            let rows = lines.flatMap { line in Self.rows(line, fields) }
            for line in table.lines(rows, isColoured: output.isColoured) { try output.line(line) }
        }
        if let left = comparison["lines_left_out"]?.integerValue, left > 0 {
            try output.line("… and \(left) more; those above differ")
        }
        try output.line(
            "\(fields.count(comparison["messages"])) messages compared; signals: \(fields.count(comparison["old_signals"])) old, "
                + "\(fields.count(comparison["new_signals"])) new; messages with signals: \(fields.count(comparison["same"])) same, "
                + "\(fields.count(comparison["different"])) different"
        )
    }

    private static func rows(_ line: JSONValue, _ fields: FieldText) -> [[Table.Cell]] {
        let old = (line["old"]?.arrayValue ?? []).map { text($0, fields) }
        let new = (line["new"]?.arrayValue ?? []).map { text($0, fields) }
        return (0..<max(old.count, new.count)).map { index in
            let (before, after) = (
                index < old.count ? old[index] : nil, index < new.count ? new[index] : nil
            )
            let sign = before == after ? "=" : after == nil ? "-" : before == nil ? "+" : "≠"
            return [
                Table.Cell(sign, colour: sign == "=" ? nil : .yellow), Table.Cell(fields.plain(line["topic"])),
                Table.Cell(fields.plain(line["sequence"])), Table.Cell(before ?? "-"), Table.Cell(after ?? "-"),
            ]
        }
    }

    private static func text(_ signal: JSONValue, _ fields: FieldText) -> String {
        ["name", "side", "price", "quantity", "data"].compactMap { key in
            signal[key].flatMap { $0 == .null || $0 == .object([:]) ? nil : fields.plain($0) }
        }.joined(separator: " ")
    }
}
