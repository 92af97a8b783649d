public import CoreMetrics
import CrashPoints
import Dispatch
import GRDB
import Synchronization

/// The durable history of the manager: every transition, command, signal and refusal, in one SQLite file.
///
/// Appending never waits for the disk. What is appended waits in one queue, in order; a single writer takes what has
/// come together, writes it in one transaction with `synchronous=FULL`, and only then answers. Reading waits neither
/// for the writer nor for other readers.
///
/// The file has views for people: `sqlite3 journal.db 'select * from transitions'`; also `journal` (everything),
/// `commands`, `signals`, `refusals`, `manager_log`, `workers` (what is wanted of them, and their processes) and
/// `deaths_readable`.
///
/// When the journal cannot write, each entry that is lost gets its error, the next batch tries again, and the first
/// that succeeds records how many were lost, as an entry of kind ``JournalKind/journal``.
public final class EventJournal: Sendable {
    /// The database file.
    public let path: String

    let pool: DatabasePool
    private let pending: Mutex<PendingQueue>
    let retention = Mutex(RetentionState())
    /// The writer's thread. Callbacks run here too, outside of any database access, so that they may read.
    let writerQueue = DispatchQueue(label: "EventJournal.writer")
    private let isFinished = Atomic(false)
    private let commitTimer: CoreMetrics.Timer?
    private static let onWriterQueue = DispatchSpecificKey<ObjectIdentifier>()

    /// The most entries in one transaction: the first one need not wait for the hundred-thousandth.
    private static let transactionLimit = 4000

    /// Opens the journal, or creates it (mode 0600) with its folders (mode 0700).
    ///
    /// - Parameters:
    ///   - path: the database file.
    ///   - busyTimeout: how long to wait for another process that holds the file.
    ///   - limits: how much may wait to be written.
    ///   - commitTimer: told how long each transaction took, the disk included.
    /// - Throws: ``JournalError`` with what to do, when the file cannot be made, is locked, damaged or not a journal.
    public init(
        path: String,
        busyTimeout: Duration = .seconds(5),
        limits: JournalLimits = JournalLimits(),
        commitTimer: CoreMetrics.Timer? = nil
    ) throws(JournalError) {
        self.path = path
        self.commitTimer = commitTimer
        pool = try JournalFile.open(path, busyTimeout: busyTimeout)
        pending = Mutex(PendingQueue(limits: limits))
        writerQueue.setSpecific(key: Self.onWriterQueue, value: ObjectIdentifier(self))
    }

    /// What the journal has done since it was opened.
    public var statistics: JournalStatistics {
        var statistics = pending.withLock { $0.statistics }
        statistics.retention = retention.withLock { $0.statistics }
        return statistics
    }

    /// Appends an entry, without waiting for the disk.
    ///
    /// - Parameters:
    ///   - entry: what happened.
    ///   - onCommit: told the entry's place once it is on disk, or why it was lost. Called on the writer's thread, in
    ///     the order of the appends; the next batch waits for it, so it should be brief. An entry that is turned away
    ///     at the door (`closed`, `overloaded`) is answered at once, on the caller's thread.
    public func append(_ entry: JournalEntry, onCommit: @escaping @Sendable (Result<Int64, JournalError>) -> Void) {
        enqueue(.entry(entry, onCommit: onCommit))
    }

    /// Appends a signal and, if this worker's signal of that name is new, an entry about it, without waiting for the
    /// disk.
    ///
    /// - Parameters:
    ///   - signal: what was emitted.
    ///   - onCommit: as for an entry.
    public func append(
        signal: SignalRecord,
        onCommit: @escaping @Sendable (Result<SignalReceipt, JournalError>) -> Void
    ) {
        enqueue(.signal(signal, onCommit: onCommit))
    }

    /// Appends an entry and returns its place when it is on disk.
    ///
    /// - Throws: ``JournalError`` when it was lost. Cancelling the task does not take the entry back.
    @discardableResult
    public func append(_ entry: JournalEntry) async throws(JournalError) -> Int64 {
        try await withCheckedContinuation { continuation in
            append(entry) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Appends a signal and returns its place when it is on disk.
    ///
    /// - Throws: ``JournalError`` when it was lost. Cancelling the task does not take the signal back.
    @discardableResult
    public func append(signal: SignalRecord) async throws(JournalError) -> SignalReceipt {
        try await withCheckedContinuation { continuation in
            append(signal: signal) { continuation.resume(returning: $0) }
        }.get()
    }

    /// The entries on disk that match, in the order of their places.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func entries(matching query: JournalQuery) throws(JournalError) -> [RecordedEntry] {
        try read { try JournalReader.entries($0, matching: query) }
    }

    /// The signals on disk that match, in the order of their places.
    ///
    /// - Throws: ``JournalError`` when the file cannot be read.
    public func signals(matching query: SignalQuery) throws(JournalError) -> [RecordedSignal] {
        try read { try JournalReader.signals($0, matching: query) }
    }

    /// Writes what waits, answers it, and closes the file. What is appended afterwards fails.
    ///
    /// Returns when that is done; in an `onCommit`, where waiting for it would be waiting for oneself, at once. May be
    /// called again.
    public func close() {
        pending.withLock { $0.close() }
        if DispatchQueue.getSpecific(key: Self.onWriterQueue) == ObjectIdentifier(self) {
            writerQueue.async { self.finish() }
        } else {
            writerQueue.sync { self.finish() }
        }
    }
}

extension EventJournal {
    func read<Value>(_ body: (Database) throws -> Value) throws(JournalError) -> Value {
        do {
            return try pool.read(body)
        } catch {
            throw JournalError(error, path: path)
        }
    }

    func enqueue(_ write: PendingWrite) {
        switch pending.withLock({ $0.admit(write) }) {
        case .first: writerQueue.async { self.drain() }
        case .queued: break
        case .overloaded: write.fail(.overloaded(path))
        case .closed: write.fail(.closed(path))
        }
    }

    /// Writes what waits. What has come meanwhile takes its turn in the queue, so that retention gets its own.
    private func drain() {
        if drainOnce() {
            checkRetention()
            writerQueue.async { self.drain() }
        }
    }

    private func drainOnce() -> Bool {
        guard let batch = pending.withLock({ $0.takeAll() }) else { return false }
        var rest = batch[...]
        while !rest.isEmpty {
            rest = commit(rest.prefix(Self.transactionLimit), of: rest)
        }
        return true
    }

    /// Writes a chunk of the batch in one transaction and answers it; returns what is left of the batch.
    private func commit(_ chunk: ArraySlice<PendingWrite>, of rest: ArraySlice<PendingWrite>) -> ArraySlice<
        PendingWrite
    > {
        do {
            let losses = pending.withLock { $0.unreported }
            let begin = DispatchTime.now().uptimeNanoseconds
            let receipts = try write(chunk, reporting: losses)
            commitTimer?.recordNanoseconds(DispatchTime.now().uptimeNanoseconds - begin)
            pending.withLock { $0.committed(chunk, reported: losses) }
            for (write, receipt) in zip(chunk, receipts) {
                CrashPoint.reach("journal.callback.before")
                write.succeed(receipt)
            }
            return rest.dropFirst(chunk.count)
        } catch {
            // All of the batch fails, not the chunk alone: with the busy timeout of each chunk, a locked file would
            // hold up the closing of the journal for minutes.
            let error = JournalError(error, path: path)
            pending.withLock { $0.failed(rest) }
            for write in rest { write.fail(error) }
            return []
        }
    }

    private func write(_ writes: ArraySlice<PendingWrite>, reporting losses: JournalLosses) throws -> [SignalReceipt] {
        var receipts: [SignalReceipt] = []
        receipts.reserveCapacity(writes.count)
        try pool.writeWithoutTransaction { db in
            CrashPoint.reach("journal.begin.before")
            try db.transaction {
                var writer = try JournalWriter(db)
                if losses != JournalLosses() {
                    _ = try writer.insert(.reporting(losses))
                }
                for write in writes {
                    receipts.append(try writer.write(write))
                }
                try writer.finish()
                CrashPoint.reach("journal.commit.before")
            }
            CrashPoint.reach("journal.commit.after")
        }
        return receipts
    }

    /// Whether the file is closed.
    var isClosed: Bool { isFinished.load(ordering: .acquiring) }

    private func finish() {
        while drainOnce() {}
        if isFinished.exchange(true, ordering: .acquiringAndReleasing) { return }
        // Readers first: the connection that closes last folds the -wal file into the database, if it can write.
        pool.releaseMemory()
        // All is on disk already, and there is nothing that a caller could do about a failure.
        try? pool.close()
    }
}
