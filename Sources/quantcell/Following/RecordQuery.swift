import WireProtocol

/// A question for journal entries or signals, which are numbered and read on from a number.
struct RecordQuery {
    /// The most records that one answer holds.
    static let maxLimit = 1000

    /// What one answer brought.
    struct Page {
        /// In the order in which they happened.
        let records: [JSONValue]
        /// The number to read on from; 0 where nothing has happened yet.
        let last: Int64
    }

    private let type: MessageType
    private let recordsKey: String
    private let afterKey: String
    private let lastKey: String
    private let workerID: String?
    private let filter: [String: JSONValue]

    /// Journal entries; all of them where no condition is given.
    static func journal(workerID: String?, sinceNanoseconds: Int64?, kind: String?) -> RecordQuery {
        var filter: [String: JSONValue] = [:]
        filter["since_ns"] = sinceNanoseconds.map(JSONValue.integer)
        filter["kind"] = kind.map(JSONValue.string)
        return RecordQuery(.journal, "entries", "after_seq", "last_seq", workerID, filter)
    }

    /// Signals, of all workers or of one.
    static func signals(workerID: String?) -> RecordQuery {
        RecordQuery(.signals, "signals", "after_rowid", "last_rowid", workerID, [:])
    }

    private init(
        _ type: MessageType,
        _ recordsKey: String,
        _ afterKey: String,
        _ lastKey: String,
        _ workerID: String?,
        _ filter: [String: JSONValue]
    ) {
        self.type = type
        self.recordsKey = recordsKey
        self.afterKey = afterKey
        self.lastKey = lastKey
        self.workerID = workerID
        var filter = filter
        filter["worker_id"] = workerID.map(JSONValue.string)
        self.filter = filter
    }

    /// Asks once.
    ///
    /// - Parameters:
    ///   - client: Whom to ask.
    ///   - after: The number behind which to start; `nil` for the newest records.
    ///   - limit: How many at most, 1 to ``maxLimit``.
    func page(from client: borrowing AdminClient, after: Int64?, limit: Int) throws(CommandFailure) -> Page {
        var payload = filter
        payload["limit"] = .integer(Int64(limit))
        payload[afterKey] = after.map(JSONValue.integer)
        let answer = try client.ask(type, workerID: workerID, payload: payload)
        guard let records = answer[recordsKey]?.arrayValue else {
            throw .badAnswer("the manager's answer to '\(type.rawValue)' lacks '\(recordsKey)'")
        }
        let last = answer[lastKey]?.integerValue
        if last == nil, !records.isEmpty {
            throw .badAnswer("the manager's answer to '\(type.rawValue)' lacks '\(lastKey)'")
        }
        return Page(records: records, last: max(last ?? 0, after ?? 0))
    }

    /// Hands on records for ever as they come.
    ///
    /// Events only say that it is time to ask: what is shown comes from the journal, by number, so nothing is lost or
    /// shown twice. It also asks once a second without an event, since a subscription takes effect a moment after it
    /// was made, and because a manager that has gone sends none.
    func follow(
        _ client: borrowing AdminClient,
        _ events: borrowing EventSubscription,
        after start: Int64,
        _ handle: ([JSONValue]) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var last = start
        while true {
            try events.wait(upTo: .seconds(1))
            last = try readOn(client, after: last, handle)
        }
    }

    /// Hands on all records behind a number, page by page.
    ///
    /// - Returns: The number to read on from.
    func readOn(
        _ client: borrowing AdminClient,
        after start: Int64,
        _ handle: ([JSONValue]) throws(CommandFailure) -> Void
    ) throws(CommandFailure) -> Int64 {
        var last = start
        while true {
            let page = try page(from: client, after: last, limit: Self.maxLimit)
            last = page.last
            if page.records.isEmpty { return last }
            try handle(page.records)
        }
    }
}
