/// One happening in the life of the manager, as it is handed to the journal.
public struct JournalEntry: Hashable, Sendable {
    /// When it happened, in nanoseconds since the Unix epoch.
    public var time: Int64
    /// What sort of happening it is.
    public var kind: JournalKind
    /// The strategy slot it concerns, if any.
    public var workerID: String?
    /// The incarnation of that worker.
    public var generation: UInt64?
    /// The state before a transition.
    public var fromState: String?
    /// The state after a transition.
    public var toState: String?
    /// Why it happened: a short word or sentence; for a command, the command's name.
    public var cause: String?
    /// Who brought it about: policy, operator, worker, reload, ...
    public var actor: String?
    /// Evidence, as the text of one JSON value. The journal stores it as it is.
    public var detail: String?
    /// The place of the intent that an effect, an outcome, or any other entry belongs to.
    public var intent: Int64?

    /// An entry; every field but `time` and `kind` may be left out.
    public init(
        time: Int64,
        kind: JournalKind,
        workerID: String? = nil,
        generation: UInt64? = nil,
        fromState: String? = nil,
        toState: String? = nil,
        cause: String? = nil,
        actor: String? = nil,
        detail: String? = nil,
        intent: Int64? = nil
    ) {
        self.time = time
        self.kind = kind
        self.workerID = workerID
        self.generation = generation
        self.fromState = fromState
        self.toState = toState
        self.cause = cause
        self.actor = actor
        self.detail = detail
        self.intent = intent
    }

    /// The bytes of the texts whose length outsiders choose.
    var textSize: Int {
        (detail?.utf8.count ?? 0) + (cause?.utf8.count ?? 0)
    }
}

/// An entry as the journal holds it.
public struct RecordedEntry: Hashable, Sendable {
    /// The entry's place in the journal: 1, 2, 3, ... without holes, for the life of the file.
    public let seq: Int64
    /// What was recorded.
    public let entry: JournalEntry

    /// An entry with its place.
    public init(seq: Int64, entry: JournalEntry) {
        self.seq = seq
        self.entry = entry
    }
}
