/// Which entries to read; every condition that is set must hold.
public struct JournalQuery: Hashable, Sendable {
    /// The most entries that one query returns.
    public static let maximumLimit = 10_000

    /// Only entries about this worker.
    public var workerID: String?
    /// Only entries of this kind.
    public var kind: JournalKind?
    /// Only entries whose time is this or later, in nanoseconds since the Unix epoch.
    public var sinceNanoseconds: Int64?
    /// Only entries behind this place; with the last one read, it reads on where the last query ended.
    public var afterSequence: Int64?
    /// At most this many entries; held within 0 and ``maximumLimit``.
    public var limit: Int {
        didSet { limit = Self.clamp(limit) }
    }
    /// Which entries stay when there are more than ``limit``. The answer ascends in either case.
    public var keeping: JournalEnd

    /// A query; without arguments, the first 1,000 entries of the journal.
    public init(
        workerID: String? = nil,
        kind: JournalKind? = nil,
        sinceNanoseconds: Int64? = nil,
        afterSequence: Int64? = nil,
        limit: Int = 1000,
        keeping: JournalEnd = .oldest
    ) {
        self.workerID = workerID
        self.kind = kind
        self.sinceNanoseconds = sinceNanoseconds
        self.afterSequence = afterSequence
        self.limit = Self.clamp(limit)
        self.keeping = keeping
    }

    static func clamp(_ limit: Int) -> Int {
        min(max(limit, 0), maximumLimit)
    }
}

/// Which signals to read; every condition that is set must hold.
public struct SignalQuery: Hashable, Sendable {
    /// Only signals of this worker.
    public var workerID: String?
    /// Only signals behind this place; with the last one read, it reads on where the last query ended.
    public var afterSequence: Int64?
    /// At most this many signals; held within 0 and ``JournalQuery/maximumLimit``.
    public var limit: Int {
        didSet { limit = JournalQuery.clamp(limit) }
    }
    /// Which signals stay when there are more than ``limit``. The answer ascends in either case.
    public var keeping: JournalEnd

    /// A query; without arguments, the first 1,000 signals of the journal.
    public init(
        workerID: String? = nil,
        afterSequence: Int64? = nil,
        limit: Int = 1000,
        keeping: JournalEnd = .oldest
    ) {
        self.workerID = workerID
        self.afterSequence = afterSequence
        self.limit = JournalQuery.clamp(limit)
        self.keeping = keeping
    }
}

/// The two ends of the journal.
public enum JournalEnd: Hashable, Sendable {
    /// The beginning, which the first query of somebody who reads everything wants.
    case oldest
    /// The end, which somebody who asks what happened lately wants.
    case newest
}
