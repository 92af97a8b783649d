/// Something that waits to be written, with who wants to know.
enum PendingWrite: Sendable {
    case entry(JournalEntry, onCommit: @Sendable (Result<Int64, JournalError>) -> Void)
    case signal(SignalRecord, onCommit: @Sendable (Result<SignalReceipt, JournalError>) -> Void)
    /// Told the place of the first of its entries.
    case update(JournalUpdate, onCommit: @Sendable (Result<Int64, JournalError>) -> Void)

    func succeed(_ receipt: SignalReceipt) {
        switch self {
        case .entry(_, let onCommit), .update(_, let onCommit): onCommit(.success(receipt.seq))
        case .signal(_, let onCommit): onCommit(.success(receipt))
        }
    }

    func fail(_ error: JournalError) {
        switch self {
        case .entry(_, let onCommit), .update(_, let onCommit): onCommit(.failure(error))
        case .signal(_, let onCommit): onCommit(.failure(error))
        }
    }

    var isRefusal: Bool {
        if case .entry(let entry, _) = self { entry.kind == .refused } else { false }
    }

    /// How many entries, signals and changes it is.
    var weight: Int {
        if case .update(let update, _) = self { update.weight } else { 1 }
    }

    /// The bytes of the texts whose length outsiders choose.
    var textSize: Int {
        switch self {
        case .entry(let entry, _): entry.textSize
        case .update(let update, _): update.textSize
        case .signal(let signal, _):
            (signal.data?.utf8.count ?? 0) + signal.signalID.utf8.count + signal.name.utf8.count
        }
    }
}

/// What waits between those who append and the one who writes, in order and within bounds.
struct PendingQueue: ~Copyable {
    enum Admission {
        /// Queued, and somebody has to start the writer.
        case first
        /// Queued behind others; the writer is at work.
        case queued
        case overloaded
        case closed
    }

    private let limits: JournalLimits
    private var waiting: [PendingWrite] = []
    private var isDraining = false
    private var isClosed = false
    private(set) var statistics = JournalStatistics()
    private var pendingText = 0
    /// What was lost since the last time that the journal could say so.
    private(set) var unreported = JournalLosses()

    init(limits: JournalLimits) {
        self.limits = limits
    }

    mutating func admit(_ write: PendingWrite) -> Admission {
        if isClosed { return .closed }
        // Refusals come from outside, by the million if somebody wants: half of the room is not theirs.
        let limit = write.isRefusal ? limits.pendingEntries / 2 : limits.pendingEntries
        let (weight, textSize) = (write.weight, write.textSize)
        guard statistics.pending + weight <= limit, pendingText + textSize <= limits.pendingTextBytes else {
            lose(write)
            return .overloaded
        }
        statistics.pending += weight
        pendingText += textSize
        waiting.append(write)
        if isDraining { return .queued }
        isDraining = true
        return .first
    }

    /// Everything that waits, or nil when the writer may go to sleep.
    mutating func takeAll() -> [PendingWrite]? {
        isDraining = !waiting.isEmpty
        defer { waiting = [] }
        return isDraining ? waiting : nil
    }

    mutating func committed(_ writes: ArraySlice<PendingWrite>, reported: JournalLosses) {
        statistics.committed += Int64(finish(writes))
        unreported.subtract(reported)
    }

    mutating func failed(_ writes: ArraySlice<PendingWrite>) {
        finish(writes)
        for write in writes { lose(write) }
    }

    /// Closes the door for new entries.
    mutating func close() {
        isClosed = true
    }

    /// Makes room; returns the weight of what has come to its end.
    @discardableResult
    private mutating func finish(_ writes: ArraySlice<PendingWrite>) -> Int {
        var weight = 0
        for write in writes {
            weight += write.weight
            pendingText -= write.textSize
        }
        statistics.pending -= weight
        return weight
    }

    private mutating func lose(_ write: PendingWrite) {
        unreported.add(write)
        statistics.lost.add(write)
    }
}

extension JournalLosses {
    fileprivate mutating func add(_ write: PendingWrite) {
        if write.isRefusal { refusals += 1 } else { others += Int64(write.weight) }
    }

    fileprivate mutating func subtract(_ other: JournalLosses) {
        refusals -= other.refusals
        others -= other.others
    }
}
