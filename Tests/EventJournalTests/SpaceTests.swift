import Foundation
import GRDB
import Testing

@testable import EventJournal

/// What becomes of the room of what was dropped.
@Suite struct SpaceTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func fileSize() throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.database)
        return try #require(attributes[.size] as? Int)
    }

    private func fill(_ journal: EventJournal) throws {
        try journal.pool.run(
            """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
            INSERT INTO events (time, kind, detail) SELECT n, 'worker', printf('%.2000c', 'x') FROM numbers
            """
        )
        try journal.pool.run("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    @Test func aNewFileShrinks() throws {
        let journal = try EventJournal(path: folder.database)
        try fill(journal)
        let full = try fileSize()
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        let statistics = try #require(journal.statistics.retention)
        #expect(statistics.fileShrinks)
        #expect(statistics.droppedEntries == 5000)
        #expect(full > 10_000_000)
        #expect(try fileSize() < 500_000)
        #expect(statistics.usedBytes + statistics.freeBytes == Int64(try fileSize()))
    }

    @Test func aSmallPartOfTheFileIsKeptForWhatComes() throws {
        let journal = try EventJournal(path: folder.database)
        try fill(journal)
        let full = try fileSize()
        journal.setRetention(RetentionPolicy(maxAge: nil, maxBytes: 10_000_000, minEntries: 10))
        journal.finishRetention()
        #expect(journal.statistics.retention?.droppedEntries ?? 0 > 0)
        #expect(try fileSize() == full)
    }

    /// The remedy that the documentation names for it works, too.
    @Test func aFileOfTheFirstVersionDoesNotUntilItIsWrittenAnew() throws {
        try SpineDatabase.write(to: folder.database)
        let journal = try EventJournal(path: folder.database)
        try fill(journal)
        let full = try fileSize()
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(journal.statistics.retention?.fileShrinks == false)
        #expect(try fileSize() >= full)
        let report = try journal.entries(matching: JournalQuery(kind: .journal)).last?.entry.detail ?? ""
        #expect(report.contains(#""file_shrinks":false"#))
        journal.close()

        try folder.otherConnection().run("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
        #expect(try fileSize() < 500_000)
        let again = try EventJournal(path: folder.database)
        try fill(again)
        again.setRetention(RetentionPolicy(maxBytes: 0, minEntries: 0))
        again.finishRetention()
        #expect(again.statistics.retention?.fileShrinks == true)
        again.close()
        #expect(try fileSize() < 500_000)
        #expect(try folder.lines("PRAGMA integrity_check") == ["ok"])
    }

    @Test func theLogOfWritesIsCutAfterALongRead() async throws {
        let journal = try EventJournal(path: folder.database)
        #expect(try journal.pragma("journal_size_limit") == "\(64 << 20)")
    }
}
