import GRDB

/// One round of retention, in steps of one short transaction each, so that commits come in between.
struct RetentionPass {
    private enum Phase {
        /// Signals whose entries went while signals were kept.
        case signals
        case entries
        /// Transitions that were the last of their worker when their time came, and are not any more.
        case leftovers(after: Int64)
        case report
        case pages
    }

    /// A step ends with the row, or the page, during which this time has passed, or after so many rows.
    private static let stepDuration = Duration.milliseconds(5)
    private static let stepRows = 5000
    /// How many rows are looked at together.
    private static let chunk = 250

    private let cause: String
    private let dropsSignals: Bool
    /// Entries before this time go.
    private let cutoff: Int64?
    /// Entries up to this place go until no more than `targetBytes` are in use.
    private let lastForSize: Int64
    private let targetBytes: Int64?
    private var phase: Phase

    /// A pass, or nil when there is nothing to do.
    init?(_ db: Database, _ policy: RetentionPolicy, now: Int64) throws {
        let anchor = try RetentionAnchor(db)
        let space = try DatabaseSpace(db)
        let oldest = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT time FROM events WHERE seq > ? ORDER BY seq LIMIT 1"),
            arguments: [anchor.seq]
        )
        let maxAge = policy.maxAge.map(Self.nanoseconds)
        let isOld = if let maxAge, let oldest { oldest < now - maxAge - maxAge / 24 } else { false }

        let last = try Int64.fetchOne(db, sql: "SELECT max(seq) FROM events") ?? 0
        let minEntries = Int64(min(max(policy.minEntries, 0), 1 << 48))
        let lastForSize = last - minEntries
        // Where signals alone are too many there are passes for ever, but not one for each entry.
        let isLarge =
            if let maxBytes = policy.maxBytes {
                space.usedBytes > maxBytes && lastForSize - anchor.seq >= max(1, minEntries / 8)
            } else { false }

        guard isOld || isLarge || anchor.isUnreported || space.isSpare else { return nil }
        cause = isOld && isLarge ? "age and size" : isOld ? "age" : isLarge ? "size" : "an earlier pass"
        dropsSignals = policy.signalsToo
        cutoff = maxAge.map { now - $0 }
        self.lastForSize = lastForSize
        targetBytes = isLarge ? policy.maxBytes.map { $0 / 10 * 9 } : nil
        phase = dropsSignals ? .signals : .entries
    }

    /// Does one step; returns whether there is more to do. After an error, a new pass finds what is left.
    mutating func step(_ db: Database) throws -> Bool {
        var isMore = true
        try db.inTransaction(.immediate) {
            var anchor = try RetentionAnchor(db)
            var chain = try RetentionChain(db)
            var budget = StepBudget(duration: Self.stepDuration, rows: Self.stepRows)
            switch phase {
            case .signals:
                if try dropSignals(db, &anchor, &chain, &budget) { phase = .entries }
            case .entries:
                if try dropEntries(db, &anchor, &chain, &budget) { phase = .leftovers(after: 0) }
            case .leftovers(let after):
                if let last = try dropLeftovers(db, after: after, &anchor, &chain, &budget) {
                    phase = .leftovers(after: last)
                } else {
                    phase = .report
                }
            case .report:
                try report(db, &anchor)
                isMore = try DatabaseSpace(db).isSpare
                phase = .pages
            case .pages:
                isMore = try !releasePages(db, &budget)
            }
            try anchor.save(db)
            try chain.save()
            return .commit
        }
        return isMore
    }

    private func dropSignals(
        _ db: Database,
        _ anchor: inout RetentionAnchor,
        _ chain: inout RetentionChain,
        _ budget: inout StepBudget
    ) throws -> Bool {
        let next = try db.cachedStatement(
            sql: "SELECT seq, hash FROM emitted_signals WHERE seq <= ? ORDER BY seq LIMIT \(Self.chunk)"
        )
        while true {
            let rows = try Row.fetchAll(next, arguments: [anchor.seq])
            if rows.isEmpty { return true }
            for row in rows {
                try dropSignal(db, try row.decode(atIndex: 0), &anchor)
                chain.drop(keptSignal: try row.hash(atIndex: 1))
                guard budget.spend() else { return false }
            }
        }
    }

    private func dropEntries(
        _ db: Database,
        _ anchor: inout RetentionAnchor,
        _ chain: inout RetentionChain,
        _ budget: inout StepBudget
    ) throws -> Bool {
        let next = try db.cachedStatement(
            sql: "SELECT seq, time, hash FROM events WHERE seq > ? ORDER BY seq LIMIT \(Self.chunk)"
        )
        while true {
            let rows = try Row.fetchAll(next, arguments: [anchor.seq])
            if rows.isEmpty { return true }
            for row in rows {
                let seq: Int64 = try row.decode(atIndex: 0)
                let time: Int64 = try row.decode(atIndex: 1)
                guard try isDue(db, seq, time) else { return true }
                let isKept = try !dropEntry(db, seq, &anchor)
                if dropsSignals { try dropSignal(db, seq, &anchor) }
                try chain.pass(seq, row.hash(atIndex: 2), isKept: isKept, keepsSignal: !dropsSignals)
                anchor.seq = seq
                anchor.time = time
                guard budget.spend() else { return false }
            }
        }
    }

    /// Returns where to go on, or nil at the end.
    private func dropLeftovers(
        _ db: Database,
        after: Int64,
        _ anchor: inout RetentionAnchor,
        _ chain: inout RetentionChain,
        _ budget: inout StepBudget
    ) throws -> Int64? {
        let next = try db.cachedStatement(
            sql: "SELECT seq, hash FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT \(Self.chunk)"
        )
        var last = after
        while true {
            let rows = try Row.fetchAll(next, arguments: [last, anchor.seq])
            if rows.isEmpty { return nil }
            for row in rows {
                let seq: Int64 = try row.decode(atIndex: 0)
                if try dropEntry(db, seq, &anchor) { chain.drop(keptEntry: try row.hash(atIndex: 1)) }
                last = seq
                guard budget.spend() else { return last }
            }
        }
    }

    private func isDue(_ db: Database, _ seq: Int64, _ time: Int64) throws -> Bool {
        if let cutoff, time < cutoff { return true }
        guard let targetBytes, seq <= lastForSize else { return false }
        return try DatabaseSpace(db).usedBytes > targetBytes
    }

    /// Drops an entry, unless it is the last transition of its worker: generations are counted from it. Returns whether
    /// it is gone.
    private func dropEntry(_ db: Database, _ seq: Int64, _ anchor: inout RetentionAnchor) throws -> Bool {
        try db.cachedStatement(
            sql: """
                DELETE FROM events WHERE seq = ? AND NOT (
                    kind = 'transition' AND worker_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM events AS later INDEXED BY events_transitions
                        WHERE later.kind = 'transition' AND later.worker_id = events.worker_id
                            AND later.seq > events.seq))
                """
        ).run([seq])
        let count = db.changesCount
        anchor.countEntries(count)
        return count > 0
    }

    private func dropSignal(_ db: Database, _ seq: Int64, _ anchor: inout RetentionAnchor) throws {
        try db.cachedStatement(sql: "DELETE FROM emitted_signals WHERE seq = ?").run([seq])
        anchor.countSignals(db.changesCount)
    }

    private func report(_ db: Database, _ anchor: inout RetentionAnchor) throws {
        guard anchor.isUnreported else { return }
        let space = try DatabaseSpace(db)
        let detail = """
            {"entries":\(anchor.unreportedEntries),"signals":\(anchor.unreportedSignals),\
            "up_to_seq":\(anchor.seq),"up_to_time":\(anchor.time),\
            "used_bytes":\(space.usedBytes),"file_shrinks":\(space.fileShrinks)}
            """
        var writer = try JournalWriter(db)
        _ = try writer.insert(.ofJournal(cause: "dropped for \(cause)", detail: detail))
        try writer.finish()
        anchor.reported()
    }

    /// Gives free pages back to the file system, but for a reserve that saves the next entries from asking again.
    private func releasePages(_ db: Database, _ budget: inout StepBudget) throws -> Bool {
        while try DatabaseSpace(db).isAboveReserve {
            try db.execute(sql: "PRAGMA incremental_vacuum(8)")
            guard budget.spend() else { return false }
        }
        return true
    }

    /// At most a century, with which there is no need to look out for overflow.
    private static func nanoseconds(_ age: Duration) -> Int64 {
        let (seconds, attoseconds) = min(max(age, .zero), .seconds(100 * 365 * 86_400)).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// How much one step may do.
private struct StepBudget {
    private let end: ContinuousClock.Instant
    private var rows: Int

    init(duration: Duration, rows: Int) {
        end = .now + duration
        self.rows = rows
    }

    /// Whether there may be another one.
    mutating func spend() -> Bool {
        rows -= 1
        return rows > 0 && .now < end
    }
}
