import Dispatch
import GRDB
import Synchronization

extension EventJournal {
    /// Says how much history to keep; nil, which is the default, for all of it.
    ///
    /// Old entries are dropped on the journal's own thread, in steps of about 5 ms between its commits: at once, after
    /// commits (at most once a second) and every ten minutes. Of each pass that drops something an entry of kind
    /// ``JournalKind/journal`` tells how much, and up to where; a pass that is cut short by the end of the process is
    /// told of by the next one.
    ///
    /// A step that fails is tried again after a minute; ``RetentionStatistics/failure`` says why.
    public func setRetention(_ policy: RetentionPolicy?) {
        retention.withLock { $0.set(policy) }
        scheduleRetention()
        scheduleRetentionTick()
    }

    /// Has a step done when one is due, without being late for what waits to be written.
    func checkRetention() {
        if retention.withLock({ $0.isCheckDue }) { scheduleRetention() }
    }

    /// Does one step, on the writer's thread; returns whether there is more to do.
    func stepRetention() -> Bool {
        guard !isClosed, let (policy, pass) = retention.withLock({ $0.begin() }) else { return false }
        do {
            let (next, statistics) = try pool.writeWithoutTransaction { db in
                var next = try pass ?? RetentionPass(db, policy, now: JournalClock.nanoseconds())
                if try next?.step(db) == false {
                    next = nil
                    // Only now does the file get smaller. What a reader still needs waits for the next checkpoint.
                    _ = try? db.checkpoint(.passive)
                }
                return (next, try RetentionStatistics(db))
            }
            return retention.withLock { $0.end(policy, next, statistics) }
        } catch {
            let error = JournalError(error, path: path)
            retention.withLock { $0.fail(error) }
            return false
        }
    }

    /// Each step takes its turn in the queue: what waits to be written waits for one step at most.
    private func scheduleRetention() {
        guard retention.withLock({ $0.schedule() }) else { return }
        writerQueue.async { [weak self] in
            guard let self else { return }
            retention.withLock { $0.isScheduled = false }
            if stepRetention() { scheduleRetention() }
        }
    }

    /// What nobody writes to grows old, too.
    private func scheduleRetentionTick() {
        guard retention.withLock({ $0.scheduleTick() }) else { return }
        writerQueue.asyncAfter(deadline: .now() + .seconds(600)) { [weak self] in
            guard let self else { return }
            retention.withLock { $0.isTicking = false }
            if isClosed { return }
            scheduleRetention()
            scheduleRetentionTick()
        }
    }
}

/// What retention is about to do.
struct RetentionState {
    private var policy: RetentionPolicy?
    /// The pass that is under way.
    private var pass: RetentionPass?
    private var nextCheck = ContinuousClock.now
    /// Whether a step stands in the writer's queue.
    var isScheduled = false
    var isTicking = false
    /// nil until retention has looked for the first time.
    private(set) var statistics: RetentionStatistics?

    mutating func set(_ policy: RetentionPolicy?) {
        self.policy = policy
        pass = nil
    }

    var isCheckDue: Bool {
        policy != nil && !isScheduled && .now >= nextCheck
    }

    mutating func schedule() -> Bool {
        guard policy != nil, !isScheduled else { return false }
        isScheduled = true
        return true
    }

    mutating func scheduleTick() -> Bool {
        guard policy != nil, !isTicking else { return false }
        isTicking = true
        return true
    }

    func begin() -> (RetentionPolicy, RetentionPass?)? {
        policy.map { ($0, pass) }
    }

    /// Returns whether there is more to do.
    mutating func end(_ policy: RetentionPolicy, _ pass: RetentionPass?, _ statistics: RetentionStatistics) -> Bool {
        self.statistics = statistics
        nextCheck = .now + .seconds(1)
        // Where the policy has changed meanwhile, a new pass follows.
        guard policy == self.policy else { return self.policy != nil }
        self.pass = pass
        return pass != nil
    }

    mutating func fail(_ error: JournalError) {
        pass = nil
        nextCheck = .now + .seconds(60)
        statistics = statistics ?? RetentionStatistics()
        statistics?.failure = error
    }
}

extension RetentionStatistics {
    fileprivate init(_ db: Database) throws {
        let anchor = try RetentionAnchor(db)
        let space = try DatabaseSpace(db)
        droppedEntries = anchor.entries
        droppedSignals = anchor.signals
        upToSequence = anchor.seq
        upToTime = anchor.time
        usedBytes = space.usedBytes
        freeBytes = space.freeBytes
        fileShrinks = space.fileShrinks
    }
}
