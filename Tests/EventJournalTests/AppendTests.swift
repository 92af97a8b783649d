import EventJournal
import GRDB
import Testing

@Suite struct AppendTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    @Test func callbacksComeInTheOrderOfTheAppends() throws {
        let log = Log<Int64>()
        for index in 1...5000 {
            journal.append(transition(Int64(index))) { result in
                if let seq = try? result.get() { log.add(seq) }
            }
        }
        journal.close()
        #expect(log.elements == Array(1...5000))
        #expect(journal.statistics.committed == 5000)
        #expect(journal.statistics.pending == 0)
    }

    @Test func concurrentAppendersGetEveryNumberOnce() async throws {
        let journal = journal
        let numbers = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for worker in 0..<16 {
                group.addTask {
                    var numbers: [Int64] = []
                    for index in 0..<100 {
                        numbers.append(try await journal.append(transition(Int64(index), worker: "w\(worker)")))
                    }
                    return numbers
                }
            }
            return try await group.reduce(into: [[Int64]]()) { $0.append($1) }
        }
        #expect(numbers.allSatisfy { $0 == $0.sorted() })
        #expect(numbers.joined().sorted() == Array(1...1600))
        let times = try journal.entries(matching: JournalQuery(workerID: "w7")).map(\.entry.time)
        #expect(times == Array(0..<100))
    }

    @Test func anEntryIsOnDiskWhenItsCallbackRuns() async throws {
        let folder = folder
        let seen = Log<Int?>()
        for index in 1...20 {
            journal.append(transition(Int64(index))) { _ in
                seen.add(
                    try? folder.otherConnection().read { db in
                        try Int.fetchOne(db, sql: "SELECT count(*) FROM events WHERE time = \(index)")
                    }
                )
            }
        }
        journal.close()
        #expect(seen.elements == Array(repeating: 1, count: 20))
    }

    @Test func whatWaitsTogetherIsCommittedTogether() async throws {
        let folder = folder
        let hold = await WriterHold(journal)
        let counts = Log<Int?>()
        for _ in 1...100 {
            journal.append(transition()) { _ in
                counts.add(
                    try? folder.otherConnection().read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM events")
                    }
                )
            }
        }
        #expect(journal.statistics.pending == 100)
        hold.letGo()
        journal.close()
        // The first callback of the hundred sees the last of them.
        #expect(counts.elements == Array(repeating: 101, count: 100))
    }

    @Test func everyFieldComesBack() async throws {
        let entry = JournalEntry(
            time: 1_736_933_400_123_456_789,
            kind: .transition,
            workerID: "sma-βτc",
            generation: 3,
            fromState: "starting",
            toState: "running",
            cause: "joined",
            actor: "worker",
            detail: #"{"pid":7}"#
        )
        let unknown = JournalEntry(time: -1, kind: JournalKind(rawValue: "tomorrow's"))
        try await journal.append(entry)
        try await journal.append(unknown)
        #expect(
            try journal.entries(matching: JournalQuery()) == [
                RecordedEntry(seq: 1, entry: entry), RecordedEntry(seq: 2, entry: unknown),
            ]
        )
    }

    @Test func hostileValuesAreKept() async throws {
        let long = String(repeating: "x", count: 3_000_000)
        try await journal.append(
            JournalEntry(time: .max, kind: .refused, workerID: "a\0b", generation: .max, cause: "'; --", detail: long)
        )
        let entry = try #require(try journal.entries(matching: JournalQuery()).first?.entry)
        #expect(entry.workerID == "a\u{2400}b")
        #expect(entry.generation == UInt64(Int64.max))
        #expect(entry.cause == "'; --")
        #expect(entry.detail == long)
        #expect(entry.time == .max)
    }

    @Test func commitsAreDurable() throws {
        #expect(try journal.pragma("synchronous") == "2")
        #expect(try journal.pragma("journal_mode") == "wal")
        journal.close()
        #expect(try EventJournal(path: folder.database).pragma("synchronous") == "2")
    }

    @Test func aNewFileIsForItsOwnerOnly() throws {
        let inner = folder.path + "/a/b"
        let journal = try EventJournal(path: inner + "/journal.db")
        defer { journal.close() }
        #expect(try folder.mode(of: folder.path + "/a") == 0o700)
        #expect(try folder.mode(of: inner) == 0o700)
        #expect(try folder.mode(of: inner + "/journal.db") == 0o600)
        #expect(try folder.mode(of: inner + "/journal.db-wal") == 0o600)
    }

    @Test func aReopenedJournalGoesOn() async throws {
        try await journal.append(transition())
        try await journal.append(transition())
        journal.close()
        // Even when retention has taken everything: a number is never given twice.
        try folder.otherConnection().run("DELETE FROM events")
        let again = try EventJournal(path: folder.database)
        #expect(try await again.append(transition()) == 3)
    }
}
