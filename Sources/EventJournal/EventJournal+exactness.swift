extension EventJournal {
    /// The last number that is on disk of a worker's signals in one of its newest generations; 0 when there is none.
    ///
    /// Duplicates count: what was sent again under a new number need not be sent once more.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func lastSignalNumber(of workerID: String, generation: UInt64) throws(JournalError) -> UInt64 {
        try read { try JournalReader.lastSignalNumber($0, workerID, generation) }
    }

    /// The intents on disk that have no outcome, in the order of their places; at most
    /// ``JournalQuery/maximumLimit``.
    ///
    /// A start of the manager finds here what the one before it did not bring to its end. It puts that right, and
    /// appends an outcome for each. An intent that retention drops is found no more.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func unfinishedIntents() throws(JournalError) -> [UnfinishedIntent] {
        try read { try JournalReader.unfinishedIntents($0) }
    }
}
