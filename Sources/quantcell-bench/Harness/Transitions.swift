import MarketFiles
import WireProtocol

/// The history of one worker, as the journal tells it.
struct Transitions {
    /// A change of state.
    struct Change {
        let from: String?
        let to: String
        let generation: UInt64
        /// When it happened, nanoseconds since the Unix epoch.
        let time: Int64
    }

    /// Where the journal was read to.
    private var lastSequence: Int64

    /// Begins at the end of the journal.
    init(_ manager: Manager) throws {
        lastSequence = try manager.ask(.journal, nil, ["limit": 1])["last_seq"]?.integerValue ?? 0
    }

    /// What has happened to `workerID` since the last time this was asked; and when the last `start` of any was received.
    mutating func read(_ manager: Manager, of workerID: String) throws -> (changes: [Change], started: Int64?) {
        let answer = try manager.ask(.journal, nil, ["after_seq": .integer(lastSequence), "limit": 1000])
        lastSequence = answer["last_seq"]?.integerValue ?? lastSequence
        var changes: [Change] = []
        var started: Int64?
        for entry in answer["entries"]?.arrayValue ?? [] {
            guard let text = entry["time"]?.stringValue, let time = TimeText.nanoseconds(from: text) else {
                throw BenchError("a journal entry without a time: \(entry.text)")
            }
            switch entry["kind"]?.stringValue {
            case "command" where entry["cause"]?.stringValue == "start" && entry["detail"]?["result"] == nil:
                started = time
            case "transition" where entry["worker_id"]?.stringValue == workerID:
                changes.append(
                    Change(
                        from: entry["from_state"]?.stringValue,
                        to: entry["to_state"]?.stringValue ?? "",
                        generation: entry["generation"]?.integerValue.map { UInt64(clamping: $0) } ?? 0,
                        time: time
                    )
                )
            default: break
            }
        }
        return (changes, started)
    }
}
