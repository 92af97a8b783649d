/// How much may wait to be written before the journal says no.
public struct JournalLimits: Hashable, Sendable {
    /// The most entries, signals and changes of state that wait. Of `refused` entries, at most half as many get in.
    public var pendingEntries: Int
    /// The most bytes of text in them.
    public var pendingTextBytes: Int

    /// Limits; the defaults are 100,000 entries and 64 MiB.
    public init(pendingEntries: Int = 100_000, pendingTextBytes: Int = 64 << 20) {
        self.pendingEntries = pendingEntries
        self.pendingTextBytes = pendingTextBytes
    }
}

/// What the journal has done since it was opened.
public struct JournalStatistics: Hashable, Sendable {
    /// How many entries, signals and changes of state wait or are being written.
    public internal(set) var pending = 0
    /// How many are on disk.
    public internal(set) var committed: Int64 = 0
    /// How many could not be kept.
    public internal(set) var lost = JournalLosses()
    /// What retention has done; nil as long as there is none.
    public internal(set) var retention: RetentionStatistics?
}

/// Entries that the journal could not keep, since it was overloaded or could not write.
public struct JournalLosses: Hashable, Sendable {
    /// Entries of kind `refused`.
    public internal(set) var refusals: Int64 = 0
    /// All others; whoever appended them was told.
    public internal(set) var others: Int64 = 0
}
