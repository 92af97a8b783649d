import EventJournal
import GRDB
import Testing

@Suite struct QueryTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database, busyTimeout: .seconds(60))
    }

    private func sequences(_ query: JournalQuery) throws -> [Int64] {
        try journal.entries(matching: query).map(\.seq)
    }

    @Test func everyFilterHoldsAloneAndTogether() async throws {
        // The clock was set back between 3 and 4.
        for (time, worker, kind) in [
            (10, "a", JournalKind.transition), (20, "b", .transition), (30, "a", .command), (15, "a", .transition),
            (25, "b", .command), (40, "a", .transition),
        ] {
            try await journal.append(JournalEntry(time: Int64(time), kind: kind, workerID: worker))
        }
        #expect(try sequences(JournalQuery()) == [1, 2, 3, 4, 5, 6])
        #expect(try sequences(JournalQuery(workerID: "a")) == [1, 3, 4, 6])
        #expect(try sequences(JournalQuery(kind: .command)) == [3, 5])
        #expect(try sequences(JournalQuery(sinceNanoseconds: 20)) == [2, 3, 5, 6])
        #expect(try sequences(JournalQuery(sinceNanoseconds: 41)) == [])
        #expect(try sequences(JournalQuery(afterSequence: 4)) == [5, 6])
        #expect(try sequences(JournalQuery(workerID: "a", kind: .transition, sinceNanoseconds: 15)) == [4, 6])
        #expect(
            try sequences(JournalQuery(workerID: "a", kind: .transition, sinceNanoseconds: 15, afterSequence: 4)) == [6]
        )
        #expect(try sequences(JournalQuery(workerID: "c")) == [])
        #expect(try sequences(JournalQuery(workerID: "a' OR 1 --")) == [])
    }

    @Test func theLimitKeepsEitherEnd() async throws {
        for index in 1...5 { try await journal.append(transition(Int64(index))) }
        #expect(try sequences(JournalQuery(limit: 2)) == [1, 2])
        #expect(try sequences(JournalQuery(limit: 2, keeping: .newest)) == [4, 5])
        #expect(try sequences(JournalQuery(sinceNanoseconds: 2, limit: 2, keeping: .newest)) == [4, 5])
        #expect(try sequences(JournalQuery(limit: 0)) == [])
    }

    @Test func theLimitIsBounded() {
        #expect(JournalQuery(limit: .max).limit == 10_000)
        #expect(SignalQuery(limit: -1).limit == 0)
        var query = JournalQuery()
        query.limit = 10_001
        #expect(query.limit == JournalQuery.maximumLimit)
    }

    @Test func readingDoesNotWaitForAWriter() async throws {
        try await journal.append(transition())
        let other = try folder.otherConnection()
        let late = Log<Int64?>()
        try await other.writeWithoutTransaction { [journal] db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            journal.append(transition()) { late.add(try? $0.get()) }
            // Would wait for a minute, and then fail, if it had to wait for the append.
            #expect(try journal.entries(matching: JournalQuery()).map(\.seq) == [1])
            try db.execute(sql: "ROLLBACK")
        }
        journal.close()
        #expect(late.elements == [2])
    }

    @Test func aCallbackMayRead() async throws {
        let counts = Log<Int?>()
        journal.append(transition()) { [journal] _ in
            counts.add(try? journal.entries(matching: JournalQuery()).count)
        }
        journal.close()
        #expect(counts.elements == [1])
    }
}
