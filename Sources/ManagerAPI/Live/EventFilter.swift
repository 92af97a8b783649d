internal import ManagerCore
internal import WireProtocol

/// Which events somebody wants to be told of.
struct EventFilter: Hashable, Sendable {
    /// The most kinds, and the most workers, that one may name.
    static let maxNames = 100

    /// `nil`: all.
    var kinds: Set<String>?
    /// `nil`: all, and what is about no worker.
    var workers: Set<String>?

    func admits(_ event: JournalEvent) -> Bool {
        if let kinds, !kinds.contains(event.kind) { return false }
        if let workers, !(event.workerID.map(workers.contains) ?? false) { return false }
        return true
    }

    /// The parameters of a request's query.
    static let parameters: [Parameter] = [
        .query("kinds", .list(.text(1...64), max: maxNames), "Only events of these kinds, such as transition,signal."),
        .query("workers", .list(.text(1...64), max: maxNames), "Only events about these workers."),
        .query("after", .count, "Goes on behind this place of the journal, without a snapshot."),
    ]

    init(kinds: Set<String>? = nil, workers: Set<String>? = nil) {
        self.kinds = kinds
        self.workers = workers
    }

    init(_ values: [String: JSONValue]) {
        kinds = values["kinds"]?.stringArrayValue.map { Set($0) }
        workers = values["workers"]?.stringArrayValue.map { Set($0) }
    }
}
