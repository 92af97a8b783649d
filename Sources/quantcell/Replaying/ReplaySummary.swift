import MarketFiles
import WireProtocol

/// What a replay has done.
struct ReplaySummary: Hashable {
    let topic: Topic
    /// Rows that were sent.
    var sent = 0
    /// Rows that were wrong and skipped.
    var bad = 0
    /// Good rows before `--from`.
    var early = 0
    /// Event time of the first and the last row that were sent, nanoseconds since the Unix epoch.
    var first: Int64?
    var last: Int64?
    /// How long it took.
    var nanoseconds: Int64 = 0
    /// Whether the user stopped it.
    var isInterrupted = false
    /// Rows that the manager had before.
    var accepted = 0
    /// What became of the rows.
    var outcome = PublisherOutcome(safety: .sent)

    /// Whether nothing is left to do.
    var isComplete: Bool { !isInterrupted && outcome.unacknowledged == 0 }

    /// Counts a row that was sent.
    mutating func count(sentAt eventTime: Int64) {
        sent += 1
        if first == nil { first = eventTime }
        last = eventTime
    }

    /// Rows a second.
    var rate: Int { NumberText.rate(sent, nanoseconds: nanoseconds) }

    /// For people.
    var text: String {
        var text = "\(isInterrupted ? "interrupted: " : "")sent \(NumberText.counted(sent, "row")) to \(topic)"
        text += " in \(DurationText.short(nanoseconds: nanoseconds)) (\(NumberText.grouped(rate))/s)"
        switch outcome.safety {
        case .recorded: text += outcome.unacknowledged == 0 ? ", all recorded" : ""
        case .accepted: text += ", not all recorded: the manager does not record everything"
        case .sent: break
        }
        if outcome.unacknowledged > 0 {
            text += ", \(NumberText.counted(outcome.unacknowledged, "row")) not acknowledged"
        }
        if accepted > 0 { text += ", after \(NumberText.grouped(accepted)) that the manager had" }
        if bad > 0 { text += ", skipped \(NumberText.counted(bad, "bad row"))" }
        if early > 0 { text += ", passed over \(NumberText.grouped(early)) before --from" }
        return text
    }

    /// For scripts.
    var json: JSONValue {
        [
            "topic": .string(topic.description),
            "sent": .integer(Int64(sent)),
            "bad": .integer(Int64(bad)),
            "before_from": .integer(Int64(early)),
            "first_event_time": JSONValue(first.map { TimeText.iso8601(nanoseconds: $0) }),
            "last_event_time": JSONValue(last.map { TimeText.iso8601(nanoseconds: $0) }),
            "seconds": .number(Double(nanoseconds / 1000) / 1_000_000),
            "rate": .integer(Int64(rate)),
            "interrupted": .bool(isInterrupted),
            "safety": .string(outcome.safety.rawValue),
            "published_before": .integer(Int64(accepted)),
            "refused": .integer(Int64(outcome.refused)),
            "unacknowledged": .integer(Int64(outcome.unacknowledged)),
        ]
    }
}
