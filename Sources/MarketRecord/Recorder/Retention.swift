internal import CLinux

/// Decides what is too old to be kept, and drops it a little at a time.
struct Retention {
    /// Somebody's wish that a topic lose its messages up to a sequence.
    struct Job {
        typealias Completion = @Sendable (Result<UInt64, RecordError>) -> Void

        let topic: String
        let through: UInt64
        let completion: Completion
        var dropped: UInt64 = 0
    }

    private static let checkInterval: Int64 = 1_000_000_000

    private let maxAge: Duration?
    private let maxBytes: Int?
    private var nextCheck: Int64 = 0
    /// Whether there was something too old when that was looked at last.
    private var isOwed = false
    private var jobs: [Job] = []
    /// Jobs whose last step is in the transaction.
    private var done: [Job] = []

    init(_ configuration: RecordConfiguration) {
        maxAge = configuration.maxAge
        maxBytes = configuration.maxBytes
    }

    /// Whether there is anything that becomes too old.
    var isOn: Bool { maxAge != nil || maxBytes != nil }

    /// Whether a step may have something to do.
    var hasWork: Bool { isOwed || !jobs.isEmpty || (isOn && qc_monotonic_ns() >= nextCheck) }

    mutating func add(_ job: Job) {
        jobs.append(job)
    }

    /// Drops a little, within a transaction; returns how many messages, or `nil` when there is nothing to do.
    mutating func step(_ store: RecordStore) throws(RecordError) -> UInt64? {
        if let job = jobs.first {
            if let topic = store.topic(named: job.topic), let dropped = try store.pruneStep(topic, through: job.through)
            {
                jobs[0].dropped += dropped
                return dropped
            }
            done.append(jobs.removeFirst())
            return 0
        }
        if isOn, let topic = try overdue(store), let dropped = try store.pruneStep(topic, through: .max) {
            isOwed = true
            return dropped
        }
        isOwed = false
        nextCheck = qc_monotonic_ns() + Self.checkInterval
        return nil
    }

    /// The topic whose first messages are to go, if any.
    private func overdue(_ store: RecordStore) throws(RecordError) -> TopicState? {
        guard let oldest = try store.oldest() else { return nil }
        if let maxAge {
            let age = Int64(clamping: Int(maxAge / .nanoseconds(1)))
            if oldest.lastReceiveTime < qc_realtime_ns() - age { return oldest.topic }
        }
        if let maxBytes, try store.size().used > Int64(maxBytes) { return oldest.topic }
        return nil
    }

    /// Jobs that are on disk now.
    mutating func takeDone() -> [Job] {
        defer { done = [] }
        return done
    }

    /// All jobs, which cannot be done now.
    mutating func giveUp() -> [Job] {
        defer { (jobs, done, isOwed) = ([], [], false) }
        return done + jobs
    }
}
