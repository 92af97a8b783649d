internal import EventJournal
internal import WireProtocol

/// Something on its way to the journal.
struct Outgoing {
    enum Content {
        case entry(JournalEntry, [StateChange])
        case death(JournalEntry, DeathRecord, [StateChange])
        case signal(SignalRecord)
    }

    /// Its number among all that was recorded.
    let index: UInt64
    let content: Content

    /// Whether it may share one update with others. Refusals do not: the journal has less room for them, so that those who are refused by
    /// the million cannot crowd out anything else.
    var joinsOthers: Bool { entry.map { $0.kind != .refused } ?? false }

    var entry: JournalEntry? {
        if case .entry(let entry, _) = content { entry } else { nil }
    }

    var changes: [StateChange] {
        if case .entry(_, let changes) = content { changes } else { [] }
    }
}
