internal import EventJournal
internal import WireProtocol

// What the journal keeps, without what must not be told.
extension KnownSecrets {
    func scrub(_ entry: JournalEntry) -> JournalEntry {
        var entry = entry
        entry.cause = entry.cause.map { scrub($0) }
        entry.detail = entry.detail.map { scrub($0) }
        return entry
    }

    func scrub(_ death: DeathRecord) -> DeathRecord {
        var death = death
        death.logTail = death.logTail.map { scrub($0) }
        death.backtrace = death.backtrace.map { scrub($0) }
        return death
    }

    func scrub(_ signal: SignalRecord) -> SignalRecord {
        var signal = signal
        signal.data = signal.data.map { scrub($0) }
        return signal
    }
}
