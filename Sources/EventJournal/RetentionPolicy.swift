/// How much history the journal keeps.
///
/// Entries go from the oldest on, those of deaths with their evidence. Signals stay, unless ``signalsToo`` says
/// otherwise, and so do the last transition of each worker and the durable state.
public struct RetentionPolicy: Hashable, Sendable {
    /// How old an entry may get; nil for any age. It may stay for up to 1/24 longer, so that there is something to do.
    ///
    /// Age is told by the clock of the machine: one that jumps ahead makes everything old. Entries go in the order of
    /// their places, so that one with an old time behind one with a young time stays for as long as that one.
    public var maxAge: Duration?
    /// How many bytes the database may hold, without its free pages and the -wal; nil for any number. When there are
    /// more, entries are dropped down to nine tenths.
    public var maxBytes: Int64?
    /// Whether signals go with their entries. One that is gone is taken for new when the worker sends it again.
    public var signalsToo: Bool
    /// How many of the newest entries are kept however many bytes there are: signals, which stay, might fill all the
    /// room.
    public var minEntries: Int

    /// A policy; the defaults are 30 days, 1 GiB, the signals kept and at least 10,000 entries.
    public init(
        maxAge: Duration? = .seconds(30 * 86_400),
        maxBytes: Int64? = 1 << 30,
        signalsToo: Bool = false,
        minEntries: Int = 10_000
    ) {
        self.maxAge = maxAge
        self.maxBytes = maxBytes
        self.signalsToo = signalsToo
        self.minEntries = minEntries
    }
}

/// What retention has done, and how large the journal is.
public struct RetentionStatistics: Hashable, Sendable {
    /// How many entries were dropped in the life of the file.
    public internal(set) var droppedEntries: Int64 = 0
    /// How many signals were dropped in the life of the file.
    public internal(set) var droppedSignals: Int64 = 0
    /// All entries up to this place are dropped, but for the last transition of each worker; 0 when none are.
    public internal(set) var upToSequence: Int64 = 0
    /// The time of the entry that had that place, in nanoseconds since the Unix epoch.
    public internal(set) var upToTime: Int64 = 0
    /// The bytes in use in the database.
    public internal(set) var usedBytes: Int64 = 0
    /// The bytes of the database that wait to be used again.
    public internal(set) var freeBytes: Int64 = 0
    /// Whether free pages are given back to the file system.
    ///
    /// They are in a file that this version made. One of an earlier version only uses them again, until somebody runs,
    /// while the manager is stopped: `sqlite3 FILE 'PRAGMA auto_vacuum = INCREMENTAL; VACUUM'`.
    public internal(set) var fileShrinks = false
    /// Why the last step could not be done; nil when it could.
    public internal(set) var failure: JournalError?
}
