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
        let query: JournalQuery
        do throws(ManagerError) {
            query = try self.query(request)
        } catch {
            return reply.refused(error)
        }
        let after = query.afterSequence
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

    private static func query(_ request: Message) throws(ManagerError) -> JournalQuery {
        let fields = PayloadFields(request)
        let after = try fields.integer("after_seq", from: 0)
        return JournalQuery(
            workerID: try fields.text("worker_id") ?? request.workerID,
            kind: try fields.text("kind").map(JournalKind.init(rawValue:)),
            sinceNanoseconds: try fields.integer("since_ns", from: .min),
            afterSequence: after,
            limit: min(try fields.integer("limit", from: 1).map { Int(clamping: $0) } ?? 100, maxLimit),
            keeping: after == nil ? .newest : .oldest
        )
    }
}

/// `signals`: emitted signals.
///
/// Payload, all optional: `worker_id`, `after_rowid`, `limit` (default 100, at most 1,000). Done: `signals`, ascending, and `last_rowid`.
enum SignalsCommand: AdminCommand {
    static let type = MessageType.signals
    static let isQuery = true

    static func run(_ request: Message, on control: WorkerControl, reply: Reply) {
        let query: SignalQuery
        do throws(ManagerError) {
            query = try self.query(request)
        } catch {
            return reply.refused(error)
        }
        let after = query.afterSequence
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

    private static func query(_ request: Message) throws(ManagerError) -> SignalQuery {
        let fields = PayloadFields(request)
        let after = try fields.integer("after_rowid", from: 0)
        return SignalQuery(
            workerID: try fields.text("worker_id") ?? request.workerID,
            afterSequence: after,
            limit: min(try fields.integer("limit", from: 1).map { Int(clamping: $0) } ?? 100, JournalCommand.maxLimit),
            keeping: after == nil ? .newest : .oldest
        )
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
