import Foundation
import JournalChain
import Testing

@testable import EventJournal

/// The process dies at each point within a commit.
@Suite struct CrashPointTests {
    /// With the third commit: what was answered, and what is on disk.
    @Test(
        arguments: [
            ("journal.begin.before", 2, 2), ("journal.commit.before", 2, 2), ("journal.commit.after", 2, 3),
            ("journal.callback.before", 2, 3),
        ]
    )
    func whatWasAnsweredIsThere(point: String, answered: Int, onDisk: Int) async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .exitCode(42)) { [path = folder.path as String, point = point as String] in
            setenv("QUANTCELL_CRASH_POINT", "\(point):3", 1)
            let journal = try EventJournal(path: path + "/journal.db")
            for index in 1...5 {
                let seq = try await journal.append(transition(Int64(index)))
                try "\(seq)".write(toFile: path + "/answered", atomically: false, encoding: .utf8)
            }
        }
        #expect(try String(contentsOfFile: folder.path + "/answered", encoding: .utf8) == "\(answered)")

        let journal = try EventJournal(path: folder.database)
        #expect(try journal.entries(matching: JournalQuery()).map(\.entry.time) == Array(1...Int64(onDisk)))
        #expect(try journal.unfinishedIntents() == [])
        #expect(try await journal.append(transition()) == Int64(onDisk + 1))
        let result = try JournalVerifier(path: folder.database).verify()
        #expect(result.fault == nil)
        #expect(result.entries == Int64(onDisk + 1))
        #expect(try folder.lines("PRAGMA integrity_check") == ["ok"])
    }

    /// Between two answers of one batch: both entries are on disk, and only one was answered.
    @Test func someOfABatchMayBeAnswered() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .exitCode(42)) { [path = folder.path as String] in
            // The first answer is that of the entry that holds the writer.
            setenv("QUANTCELL_CRASH_POINT", "journal.callback.before:3", 1)
            let journal = try EventJournal(path: path + "/journal.db")
            let hold = await WriterHold(journal)
            for index in 1...2 {
                journal.append(transition(Int64(index))) { _ in
                    try? "\(index)".write(toFile: path + "/answered", atomically: false, encoding: .utf8)
                }
            }
            hold.letGo()
            journal.close()
        }
        #expect(try String(contentsOfFile: folder.path + "/answered", encoding: .utf8) == "1")
        #expect(try folder.lines("SELECT time FROM events") == ["0", "1", "2"])
        #expect(try JournalVerifier(path: folder.database).verify().fault == nil)
    }
}
