extension EventJournal {
    /// Changes the durable state, with the entries that belong to the change, without waiting for the disk.
    ///
    /// Changes and entries go through the journal's one queue, in order, and are on disk together or not at all. State
    /// is as safe as history is: where the update is lost, both are, and `onCommit` is told.
    ///
    /// - Parameters:
    ///   - changes: what changes, carried out in this order.
    ///   - entries: what is said about it.
    ///   - onCommit: told the places of the entries, as for ``append(_:onCommit:)``.
    public func update(
        _ changes: [StateChange],
        with entries: [JournalEntry],
        onCommit: @escaping @Sendable (Result<[Int64], JournalError>) -> Void
    ) {
        let update = JournalUpdate(changes: changes, entries: entries, death: nil)
        enqueue(
            .update(update) { result in
                // Within one transaction the numbers follow upon each other.
                onCommit(result.map { first in entries.indices.map { first + Int64($0) } })
            }
        )
    }

    /// Changes the durable state, with the entries that belong to the change; returns when they are on disk.
    ///
    /// - Returns: the places of the entries.
    /// - Throws: ``JournalError`` when all of it was lost. Cancelling the task does not take the update back.
    @discardableResult
    public func update(
        _ changes: [StateChange],
        with entries: [JournalEntry]
    ) async throws(JournalError) -> [Int64] {
        try await withCheckedContinuation { continuation in
            update(changes, with: entries) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Appends an entry with the evidence of the death that it tells, and the changes of the state that follow from
    /// it, as one, without waiting for the disk.
    ///
    /// - Parameters:
    ///   - entry: what happened; the death is found by its place.
    ///   - death: the evidence.
    ///   - changes: what changes with it, such as the removal of the process.
    ///   - onCommit: told the place of the entry, as for ``append(_:onCommit:)``.
    public func append(
        _ entry: JournalEntry,
        death: DeathRecord,
        changes: [StateChange] = [],
        onCommit: @escaping @Sendable (Result<Int64, JournalError>) -> Void
    ) {
        enqueue(.update(JournalUpdate(changes: changes, entries: [entry], death: death), onCommit: onCommit))
    }

    /// Appends an entry with the evidence of the death that it tells, as one; returns when it is on disk.
    ///
    /// - Returns: the place of the entry.
    /// - Throws: ``JournalError`` when all of it was lost. Cancelling the task does not take the entry back.
    @discardableResult
    public func append(
        _ entry: JournalEntry,
        death: DeathRecord,
        changes: [StateChange] = []
    ) async throws(JournalError) -> Int64 {
        try await withCheckedContinuation { continuation in
            append(entry, death: death, changes: changes) { continuation.resume(returning: $0) }
        }.get()
    }

    /// What is wanted of every worker, on disk, by name.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func desiredWorkers() throws(JournalError) -> [DesiredWorker] {
        try read { try JournalReader.desiredWorkers($0) }
    }

    /// Every process that lived at the last commit, by worker and generation.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func processRecords() throws(JournalError) -> [ProcessRecord] {
        try read { try JournalReader.processRecords($0) }
    }

    /// The deaths on disk that match, newest first.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func deaths(matching query: DeathQuery) throws(JournalError) -> [RecordedDeath] {
        try read { try JournalReader.deaths($0, matching: query) }
    }
}
