import ArgumentParser
import WireProtocol

/// `quantcell replay-recorded`
struct ReplayRecorded: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-recorded",
        abstract: "Show a strategy the recorded data of a time once more, and compare its signals with those of then.",
        discussion: """
            The strategy runs in a process of its own, beside the one that may be running, with the same callbacks in the \
            same order; its signals go nowhere. A strategy that remembers more than the time that is shown begins with \
            less than it had then, so its first signals may differ. Signals of timers are not compared.

            The exit code is 1 where signals are missing, or there are others.

            EXAMPLE
              quantcell replay-recorded --worker sma-btc --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z
              quantcell replay-recorded --worker sma-btc --from 2h --json | jq .missing_signals
            """
    )

    @Option(help: ArgumentHelp("The strategy's id, as 'quantcell list' shows it.", valueName: "id"))
    var worker: String

    @Option(
        help: ArgumentHelp("From when on: a time, or how long ago, such as 15m; times of the data.", valueName: "time")
    )
    var from: Moment

    @Option(help: ArgumentHelp("Before when; to the end unless given.", valueName: "time"))
    var to: Moment?

    @OptionGroup var manager: ManagerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let to, to.nanoseconds <= from.nanoseconds { throw ValidationError("--from must be before --to.") }
    }

    func run() throws {
        var payload: [String: JSONValue] = ["since_ns": .integer(from.nanoseconds)]
        payload["until_ns"] = to.map { .integer($0.nanoseconds) }
        let client = try AdminClient(manager.locate(), timeout: manager.timeout ?? .seconds(600))
        let answer = try client.ask(.replay, workerID: worker, payload: payload) {
            Diagnostics.note("showing \(worker) the record …")
        }
        guard let missing = answer["missing"]?.integerValue, let extra = answer["extra"]?.integerValue else {
            throw CommandFailure.badAnswer("the manager's answer to 'replay' lacks 'missing' or 'extra'")
        }
        let output = Output()
        if json {
            try output.line(WorkerCommand.result(answer).text)
        } else {
            try printText(answer, missing: missing, extra: extra, output)
        }
        try output.flush()
        if missing > 0 || extra > 0 { throw CommandFailure.badInputReported }
    }

    private func printText(_ answer: JSONValue, missing: Int64, extra: Int64, _ output: Output) throws(CommandFailure) {
        let fields = FieldText()
        try output.line(
            "\(fields.count(answer["handled"])) of \(fields.count(answer["messages"])) messages shown; signals: \(fields.count(answer["same"])) same, "
                + "\(fields.count(answer["missing"])) missing, \(fields.count(answer["extra"])) extra"
        )
        for (key, sign, count) in [("missing_signals", "-", missing), ("extra_signals", "+", extra)] {
            let signals = answer[key]?.arrayValue ?? []
            for signal in signals {
                let words = ["topic", "sequence", "name", "side", "price", "quantity", "data"].compactMap { key in
                    signal[key].flatMap { $0 == .null ? nil : fields.plain($0) }
                }
                try output.line("\(sign) \(PlainText.oneLine(words.joined(separator: " ")))")
            }
            if count > signals.count { try output.line("\(sign) … and \(count - Int64(signals.count)) more") }
        }
    }
}
