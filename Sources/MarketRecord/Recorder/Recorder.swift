internal import CLinux
internal import CoreMetrics
internal import CrashPoints
internal import Glibc
internal import Logging
internal import Synchronization

/// Takes messages out of the ring and puts them into the database, many in one transaction.
///
/// All of it runs on one thread: before ``start`` on that of whoever opens the record, then on its own.
final class Recorder: @unchecked Sendable {
    private let configuration: RecordConfiguration
    private let ring: IntakeRing
    let store: RecordStore
    let mailbox: RecorderMailbox
    private let waker: Waker
    private let logger: Logger
    private let shared: RecorderShared
    private let commitTimer: CoreMetrics.Timer?
    var retention: Retention
    private var events = RecordEvents()
    /// Requests that wait for their barrier, or for the disk.
    var requests: [RecorderRequest] = []
    private var failure: RecordError?
    /// Whether there is time to drop what is old: not while the record is opened, nor when it is to stop.
    private var mayRetain = false
    private var retryDelay = Recorder.firstRetryDelay
    private var retryAt: Int64 = 0

    private static let firstRetryDelay = Duration.milliseconds(50)
    private static let longestRetryDelay = Duration.seconds(5)
    private static let retentionInterval = Duration.seconds(60)
    /// How long one transaction goes on dropping what is old, where it has not written for longer.
    private static let retentionSlice: Int64 = 4_000_000

    init(
        _ configuration: RecordConfiguration,
        ring: IntakeRing,
        store: RecordStore,
        mailbox: RecorderMailbox,
        waker: Waker,
        shared: RecorderShared,
        commitTimer: CoreMetrics.Timer?,
        logger: Logger
    ) {
        self.configuration = configuration
        self.ring = ring
        self.store = store
        self.mailbox = mailbox
        self.waker = waker
        self.shared = shared
        self.commitTimer = commitTimer
        self.logger = logger
        retention = Retention(configuration)
    }

    // MARK: The loop

    /// Runs until it is told to stop, and has recorded what there was.
    func run(_ events: RecordEvents) {
        self.events = events
        // Of what failed while the record was opened nobody could be told.
        if let failure { events.onFailure(failure) }
        while true {
            let isStopping = isAskedToStop
            mayRetain = !isStopping
            let outcome = pass()
            if isStopping, outcome != .more { break }
            switch outcome {
            case .more: continue
            case .done: waker.pause(configuration.linger)
            case .nothing: sleep()
            case .failed: waker.pause(.nanoseconds(max(retryAt - qc_monotonic_ns(), 0)))
            }
        }
        finish()
    }

    private func sleep() {
        do throws(RecordError) {
            guard try !store.shrink() else { return }
        } catch {
            // It is only about room, and is tried again; whatever is wrong with the disk shows when messages are written.
            logger.debug("\(configuration.path) does not get smaller: \(error)")
        }
        // Messages grow too old without anything happening.
        waker.sleep(retention.isOn ? Self.retentionInterval : nil) {
            ring.head != ring.tail || !mailbox.isEmpty || isAskedToStop
        }
    }

    /// Records what is in the ring when the record is opened.
    func recover() {
        while pass() == .more || (failure == nil && ring.head != ring.tail) {}
    }

    private var isRetaining: Bool { mayRetain && retention.hasWork }

    private var isAskedToStop: Bool { shared.isStopping.load(ordering: .acquiring) }

    private func finish() {
        let error = failure ?? RecordError.closed(configuration.path)
        for request in requests + mailbox.close() { request.answer(.failure(error)) }
        requests = []
        for job in retention.giveUp() { job.completion(.failure(error)) }
        let left = ring.head - ring.tail
        if left > 0 {
            logger.error(
                "\(left) bytes of messages stay in \(ring.path): they are recorded at the next start, \(error)"
            )
        }
    }

    // MARK: One transaction

    private enum Outcome {
        /// There is more to do at once.
        case more
        /// All that there was has been recorded; what has come meanwhile may gather.
        case done
        case nothing
        case failed
    }

    private func pass() -> Outcome {
        takeRequests()
        let (tail, head) = (ring.tail, ring.head)
        if tail == head, answerFlushes(through: tail), requests.isEmpty, !isRetaining {
            return .nothing
        }
        if let failure, qc_monotonic_ns() < retryAt, !isAskedToStop {
            failFlushes(failure)
            return .failed
        }
        do throws(RecordError) {
            try record(from: tail, to: head)
        } catch {
            failed(error)
            return .failed
        }
        // A disk that takes a transaction for every few messages is kept busy by nothing, and all who share it.
        return ring.tail >= head && mailbox.isEmpty && requests.isEmpty && !isRetaining ? .done : .more
    }

    private func record(from tail: UInt64, to head: UInt64) throws(RecordError) {
        let begin = qc_monotonic_ns()
        var batch = RecorderBatch(offset: tail)
        let advanced: [String: UInt64]
        do throws(RecordError) {
            CrashPoint.reach("record.batch.before")
            try store.begin()
            try fill(&batch, from: tail, to: head)
            for request in requests where request.barrier <= batch.offset { try apply(request.work) }
            try retain(&batch, since: begin)
            CrashPoint.reach("record.commit.before")
            advanced = try store.commit()
        } catch {
            store.rollback()
            throw error
        }
        // From here on it is on disk; where the process dies before the next line, the messages are found to be there already.
        CrashPoint.reach("record.commit.after")
        ring.release(through: batch.offset, nextPosition: store.nextPosition)
        succeeded(batch, duration: .nanoseconds(qc_monotonic_ns() - begin))
        CrashPoint.reach("record.answer.before")
        answer(through: batch.offset)
        for job in retention.takeDone() { job.completion(.success(job.dropped)) }
        if !advanced.isEmpty { events.onRecorded(advanced) }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if shared.isRoomWanted.exchange(false, ordering: .relaxed) { events.onRoom() }
    }

    private static let messagesBetweenYields = 32

    private func fill(_ batch: inout RecorderBatch, from tail: UInt64, to head: UInt64) throws(RecordError) {
        while batch.offset < head, batch.messages < configuration.batchMessages,
            batch.offset - tail < UInt64(configuration.batchBytes)
        {
            guard let entry = ring.next(&batch.offset, until: head) else {
                guard batch.offset < head else { return }
                batch.discardedBytes = head - batch.offset
                batch.offset = head
                return
            }
            batch.messages += 1
            // Whoever waits for this processor hands messages on to somebody; recording can wait.
            if batch.messages % Self.messagesBetweenYields == 0 { sched_yield() }
            switch try store.write(entry) {
            case .written: batch.written += 1
            case .repeated: batch.repeated += 1
            case .unreadable: batch.unreadable += 1
            }
        }
    }

    /// Drops what is old for as long as was written, so that it keeps up and never holds up much.
    private func retain(_ batch: inout RecorderBatch, since begin: Int64) throws(RecordError) {
        guard isRetaining else { return }
        try store.saveSums()
        let now = qc_monotonic_ns()
        let end = now + max(now - begin, Self.retentionSlice)
        while isRetaining, qc_monotonic_ns() < end, let dropped = try retention.step(store) {
            batch.pruned += dropped
        }
    }

    // MARK: Failure and success

    private func failed(_ error: RecordError) {
        failFlushes(error)
        for job in retention.giveUp() { job.completion(.failure(error)) }
        if failure?.code != error.code {
            logger.error("\(error); messages wait in \(ring.path), and publishers once it is full")
            events.onFailure(error)
        }
        failure = error
        retryAt = qc_monotonic_ns() + Int64(retryDelay / .nanoseconds(1))
        retryDelay = min(retryDelay * 2, Self.longestRetryDelay)
        shared.statistics.withLock { $0.failure = error }
    }

    private func succeeded(_ batch: RecorderBatch, duration: Duration) {
        commitTimer?.recordNanoseconds(Int64(duration / .nanoseconds(1)))
        if failure != nil {
            failure = nil
            retryDelay = Self.firstRetryDelay
            logger.notice("recording to \(configuration.path) works again")
            events.onFailure(nil)
        }
        if batch.discardedBytes > 0 {
            logger.error("\(batch.discardedBytes) bytes of \(ring.path) are damaged and were thrown away")
        }
        if batch.unreadable > 0 {
            logger.error("\(batch.unreadable) messages in \(ring.path) cannot be read and were not recorded")
        }
        // A size that cannot be read now can be the next time.
        let size = try? store.size().file
        shared.statistics.withLock { statistics in
            statistics.recorded += batch.written
            statistics.repeated += batch.repeated
            statistics.unreadable += batch.unreadable
            statistics.discardedBytes += batch.discardedBytes
            statistics.pruned += batch.pruned
            statistics.lastCommit = duration
            if let size { statistics.fileBytes = size }
            statistics.failure = nil
        }
    }
}

/// What went into one transaction.
private struct RecorderBatch {
    /// How far the ring was read.
    var offset: UInt64
    var messages = 0
    var written: UInt64 = 0
    var repeated: UInt64 = 0
    var unreadable: UInt64 = 0
    var pruned: UInt64 = 0
    var discardedBytes: UInt64 = 0
}

/// What the recorder's thread shares with others.
final class RecorderShared: Sendable {
    let isStopping = Atomic(false)
    /// Whether an append has found no room since the last release.
    let isRoomWanted = Atomic(false)
    let statistics = Mutex(RecordStatistics())
}
