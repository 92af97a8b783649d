import Foundation
import Testing

@testable import EventJournal

/// What goes wrong while the journal is open.
@Suite struct FailureTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func aFullDiskFailsWhatItTouchesAndIsRemembered() async throws {
        let journal = try EventJournal(path: folder.database)
        try await journal.append(transition())
        try journal.pool.run("PRAGMA max_page_count = 1")
        let big = JournalEntry(time: 0, kind: .refused, detail: String(repeating: "x", count: 100_000))
        let first = try #require(await journal.errorOfAppend(big))
        #expect(first.code == .full)
        #expect(first.message.contains("free some space"))
        #expect(!first.message.contains("\n"))
        let failures = Log<JournalError.Code?>()
        var bigTransition = big
        bigTransition.kind = .transition
        journal.append(bigTransition) { failures.add($0.failureCode) }
        #expect(await journal.errorOfAppend(big)?.code == .full)
        #expect(failures.elements == [.full])

        try journal.pool.run("PRAGMA max_page_count = 1000000")
        // The first batch that gets through says what was lost before it, without a hole in the numbers.
        #expect(try await journal.append(transition()) == 3)
        let report = try journal.entries(matching: JournalQuery(kind: .journal))
        #expect(report.map(\.seq) == [2])
        #expect(report.map(\.entry.detail) == [#"{"refusals":2,"others":1}"#])
        #expect(try await journal.append(transition()) == 4)
        #expect(journal.statistics.lost.refusals == 2)
        #expect(journal.statistics.lost.others == 1)
        #expect(journal.statistics.committed == 3)
    }

    @Test func aReadOnlyDatabaseSaysSo() async throws {
        let journal = try EventJournal(path: folder.database)
        try journal.pool.run("PRAGMA query_only = 1")
        let error = try #require(await journal.errorOfAppend(transition()))
        #expect(error.code == .readOnly)
        #expect(error.message.contains("make the file and its folder writable"))
        try journal.pool.run("PRAGMA query_only = 0")
        try await journal.append(transition())
    }

    @Test func aLockedDatabaseSaysSoAndIsTriedAgain() async throws {
        let journal = try EventJournal(path: folder.database, busyTimeout: .milliseconds(1))
        let other = try folder.otherConnection()
        try other.run("BEGIN EXCLUSIVE")
        let error = try #require(await journal.errorOfAppend(transition()))
        #expect(error.code == .locked)
        #expect(error.message.contains("fuser \(folder.database)"))
        try other.run("ROLLBACK")
        try await journal.append(transition())
    }

    @Test func beyondTheBoundRefusalsGoFirst() async throws {
        let journal = try EventJournal(path: folder.database, limits: JournalLimits(pendingEntries: 4))
        let hold = await WriterHold(journal)
        let log = Log<String>()
        let refusal = JournalEntry(time: 0, kind: .refused)
        for name in ["r1", "r2", "r3"] { journal.append(refusal) { log.add("\(name) \($0.word)") } }
        for name in ["t1", "t2", "t3"] { journal.append(transition()) { log.add("\(name) \($0.word)") } }
        #expect(log.elements == ["r3 overloaded", "t3 overloaded"])
        #expect(journal.statistics.pending == 4)
        hold.letGo()
        journal.close()
        #expect(log.elements.suffix(4) == ["r1 ok", "r2 ok", "t1 ok", "t2 ok"])
        #expect(
            try folder.lines("SELECT cause, detail FROM manager_log").last
                == #"entries lost|{"refusals":1,"others":1}"#
        )
    }

    @Test func theTextThatWaitsIsBoundedToo() async throws {
        let journal = try EventJournal(path: folder.database, limits: JournalLimits(pendingTextBytes: 1000))
        let big = JournalEntry(time: 0, kind: .worker, detail: String(repeating: "x", count: 600))
        let hold = await WriterHold(journal)
        let log = Log<String>()
        journal.append(big) { log.add("first \($0.word)") }
        journal.append(big) { log.add("second \($0.word)") }
        hold.letGo()
        journal.close()
        #expect(log.elements == ["second overloaded", "first ok"])
    }

    @Test func roomComesBackAfterAFailedBatch() async throws {
        let limits = JournalLimits(pendingEntries: 1, pendingTextBytes: 10)
        let journal = try EventJournal(path: folder.database, limits: limits)
        try journal.pool.run("PRAGMA query_only = 1")
        let entry = JournalEntry(time: 0, kind: .worker, detail: "1234567890")
        for _ in 1...3 { #expect(await journal.errorOfAppend(entry)?.code == .readOnly) }
        #expect(journal.statistics.pending == 0)
    }

    @Test func closingDrainsAndIsFinal() async throws {
        let journal = try EventJournal(path: folder.database)
        let hold = await WriterHold(journal)
        let log = Log<String>()
        for _ in 1...2500 { journal.append(transition()) { log.add($0.word) } }
        // Leaves a reading connection open, which must not be the last one to close.
        #expect(try journal.entries(matching: JournalQuery()).count == 1)
        hold.letGo()
        journal.close()
        #expect(log.elements == Array(repeating: "ok", count: 2500))
        journal.close()
        #expect(await journal.errorOfAppend(transition())?.code == .closed)
        #expect(throws: JournalError.closed(folder.database)) { try journal.entries(matching: JournalQuery()) }
        // One file that can be copied, with everything in it.
        #expect(!FileManager.default.fileExists(atPath: folder.database + "-wal"))
        #expect(try folder.lines("SELECT count(*) FROM transitions") == ["2500"])
    }

    @Test func aCallbackMayClose() async throws {
        let journal = try EventJournal(path: folder.database)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            journal.append(transition()) { result in
                journal.close()
                continuation.resume(with: result.map { _ in }.mapError { $0 as any Error })
            }
        }
        #expect(await journal.errorOfAppend(transition())?.code == .closed)
        journal.close()
        #expect(try folder.lines("SELECT count(*) FROM transitions") == ["1"])
    }
}

extension Result where Failure == JournalError {
    fileprivate var failureCode: JournalError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }

    fileprivate var word: String {
        failureCode?.description ?? "ok"
    }
}
