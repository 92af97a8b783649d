import Glibc

/// The clock of what the journal says about itself.
enum JournalClock {
    static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}

extension JournalEntry {
    /// The journal's word about itself, now.
    static func ofJournal(cause: String, detail: String) -> JournalEntry {
        JournalEntry(
            time: JournalClock.nanoseconds(),
            kind: .journal,
            cause: cause,
            actor: "journal",
            detail: detail
        )
    }

    /// A signal's line in the history: enough to follow it there; the rest is in `emitted_signals`.
    static func telling(of signal: SignalRecord) -> JournalEntry {
        JournalEntry(
            time: signal.emittedAt,
            kind: .signal,
            workerID: signal.workerID,
            generation: signal.generation,
            cause: signal.name,
            actor: "worker",
            detail: signal.summary
        )
    }

    /// The journal's word about entries that it could not keep.
    static func reporting(_ losses: JournalLosses) -> JournalEntry {
        ofJournal(
            cause: "entries lost",
            detail: #"{"refusals":\#(losses.refusals),"others":\#(losses.others)}"#
        )
    }
}
