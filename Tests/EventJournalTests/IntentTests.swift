import EventJournal
import Testing

/// What was begun and not ended is found.
@Suite struct IntentTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    private func entry(_ kind: JournalKind, _ cause: String, of intent: Int64? = nil) -> JournalEntry {
        JournalEntry(
            time: 5,
            kind: kind,
            workerID: "sma",
            generation: 1,
            cause: cause,
            actor: "manager",
            intent: intent
        )
    }

    @Test func anIntentIsUnfinishedUntilItsOutcome() async throws {
        let start = try await journal.append(entry(.intent, "start"))
        let stop = try await journal.append(entry(.intent, "stop"))
        let spawned = try await journal.append(entry(.effect, "process spawned", of: start))
        #expect(
            try journal.unfinishedIntents() == [
                UnfinishedIntent(
                    seq: start,
                    intent: entry(.intent, "start"),
                    effects: [RecordedEntry(seq: spawned, entry: entry(.effect, "process spawned", of: start))]
                ),
                UnfinishedIntent(seq: stop, intent: entry(.intent, "stop"), effects: []),
            ]
        )
        try await journal.append(entry(.outcome, "done", of: start))
        #expect(try journal.unfinishedIntents().map(\.seq) == [stop])
        #expect(
            try folder.lines("SELECT seq, worker, intent, effects, outcome FROM intents") == [
                "1|sma|start|process spawned|done", "2|sma|stop||",
            ]
        )
    }

    @Test func anOutcomeComesWithTheStateThatItTells() async throws {
        let intent = try await journal.append(entry(.intent, "stop"))
        try await journal.update([.want(wish("sma", .stopped))], with: [entry(.outcome, "done", of: intent)])
        #expect(try journal.unfinishedIntents() == [])
    }

    @Test func anOutcomeOfNothingEndsNothing() async throws {
        let intent = try await journal.append(entry(.intent, "start"))
        for other in [nil, intent + 5] { try await journal.append(entry(.outcome, "done", of: other)) }
        #expect(try journal.unfinishedIntents().map(\.seq) == [intent])
    }

    @Test func aLaterLifeFindsThem() async throws {
        try await journal.append(entry(.intent, "start"))
        journal.close()
        let again = try EventJournal(path: folder.database)
        #expect(try again.unfinishedIntents().map(\.intent.cause) == ["start"])
    }
}
