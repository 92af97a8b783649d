internal import EventJournal
internal import WireProtocol

/// `journal`: entries of the journal.
///
/// Payload, all optional: `worker_id`, `kind`, `since_ns`, `after_seq`, `limit` (default 100, at most 1,000). Done: `entries`, ascending;
/// the last ones, or with `after_seq` the first ones behind it; and `last_seq`.
enum JournalCommand: AdminCommand {
    static let type = MessageType.journal
    static let isQuery = true

    /// One answer must stay below the largest envelope.
    static let maxLimit = 1000

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        let payload = request.payload
        let after = payload["after_seq"]?.integerValue
        let query = JournalQuery(
            workerID: payload["worker_id"]?.stringValue ?? request.workerID,
            kind: payload["kind"]?.stringValue.map(JournalKind.init(rawValue:)),
            sinceNanoseconds: payload["since_ns"]?.integerValue,
            afterSequence: after,
            limit: min(payload["limit"]?.integerValue.map { Int(clamping: $0) } ?? 100, maxLimit),
            keeping: after == nil ? .newest : .oldest
        )
        control.readJournal(reply) { journal in
            let entries = AnswerSize.fit(try journal.entries(matching: query), keeping: query.keeping) {
                $0.entry.detail?.utf8.count ?? 0
            }
            return [
                "entries": .array(entries.map(\.json)),
                "last_seq": (entries.last?.seq ?? after).map(JSONValue.integer) ?? .null,
            ]
        }
    }
}

/// `signals`: emitted signals.
///
/// Payload, all optional: `worker_id`, `after_rowid`, `limit` (default 100, at most 1,000). Done: `signals`, ascending, and `last_rowid`.
enum SignalsCommand: AdminCommand {
    static let type = MessageType.signals
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        let payload = request.payload
        let after = payload["after_rowid"]?.integerValue
        let query = SignalQuery(
            workerID: payload["worker_id"]?.stringValue ?? request.workerID,
            afterSequence: after,
            limit: min(payload["limit"]?.integerValue.map { Int(clamping: $0) } ?? 100, JournalCommand.maxLimit),
            keeping: after == nil ? .newest : .oldest
        )
        control.readJournal(reply) { journal in
            let signals = AnswerSize.fit(try journal.signals(matching: query), keeping: query.keeping) {
                $0.signal.data?.utf8.count ?? 0
            }
            return [
                "signals": .array(signals.map(\.signal.json)),
                "last_rowid": (signals.last?.seq ?? after).map(JSONValue.integer) ?? .null,
            ]
        }
    }
}

/// Keeps an answer well below the largest envelope; whoever pages by `after_…` gets the rest with the next request.
private enum AnswerSize {
    private static let maxBytes = 1 << 20
    /// What an entry takes beside its free text.
    private static let fixedBytes = 512

    static func fit<Element>(_ elements: [Element], keeping: JournalEnd, text: (Element) -> Int) -> [Element] {
        var bytes = 0
        func fits(_ element: Element) -> Bool {
            bytes += fixedBytes + text(element)
            return bytes <= maxBytes
        }
        return keeping == .oldest
            ? Array(elements.prefix(while: fits)) : elements.reversed().prefix(while: fits).reversed()
    }
}
