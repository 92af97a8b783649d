import Foundation
import Synchronization
import Testing

@testable import EventJournal

@Suite struct RetentionTests {
    let folder: TemporaryFolder
    let journal: EventJournal
    /// A day, in nanoseconds.
    let day: Int64 = 86_400_000_000_000
    let now = JournalClock.nanoseconds()

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    /// An entry that is so many days old.
    private func entry(_ days: Int64, _ kind: JournalKind = .worker, worker: String = "sma") -> JournalEntry {
        JournalEntry(time: now - days * day, kind: kind, workerID: worker, generation: 1, toState: "running")
    }

    private func places() throws -> [Int64] {
        try journal.entries(matching: JournalQuery(limit: 10_000)).filter { $0.entry.kind != .journal }.map(\.seq)
    }

    private func reports(of journal: EventJournal? = nil) throws -> [String] {
        try (journal ?? self.journal).entries(matching: JournalQuery(kind: .journal)).map { recorded in
            let detail = recorded.entry.detail ?? ""
            let object = try JSONSerialization.jsonObject(with: Data(detail.utf8)) as? [String: Any] ?? [:]
            func number(_ key: String) -> String { (object[key] as? NSNumber)?.description ?? "?" }
            return "\(recorded.entry.cause ?? ""): \(number("entries")) entries, \(number("signals")) signals, "
                + "up to \(number("up_to_seq"))"
        }
    }

    /// Entries of the past, as many as wanted, each with a text of so many bytes.
    private func fill(_ count: Int, bytes: Int = 10, daysOld: Int64 = 100) throws {
        try journal.pool.run(
            """
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count))
            INSERT INTO events (time, kind, worker_id, detail)
            SELECT \(now - daysOld * day) + n, 'worker', 'sma', printf('%.\(bytes)c', 'x') FROM numbers
            """
        )
    }

    @Test func whatIsTooOldGoes() async throws {
        for days in [40, 35, 32, 29, 1] as [Int64] { try await journal.append(entry(days)) }
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(try places() == [4, 5])
        #expect(try reports() == ["dropped for age: 3 entries, 0 signals, up to 3"])
        let statistics = try #require(journal.statistics.retention)
        #expect(statistics.droppedEntries == 3)
        #expect(statistics.upToSequence == 3)
        #expect(statistics.upToTime == now - 32 * day)
        #expect(try folder.lines("SELECT seq, time FROM retention_anchor") == ["3|\(now - 32 * day)"])
        // Numbers go on, and what is left is found.
        #expect(try await journal.append(entry(0)) == 7)
        #expect(
            try journal.entries(matching: JournalQuery(sinceNanoseconds: now - 30 * day)).map(\.seq) == [4, 5, 6, 7]
        )
    }

    /// Otherwise there would be a pass, and an entry about it, for each entry that comes of age.
    @Test func entriesThatAreJustTooOldWaitForMore() async throws {
        try await journal.append(entry(31))
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(try places() == [1])
        #expect(try reports() == [])
        #expect(journal.statistics.retention?.droppedEntries == 0)
    }

    @Test func whatIsTooMuchGoesDownToNineTenths() throws {
        try fill(4000, bytes: 1000, daysOld: 1)
        journal.setRetention(RetentionPolicy(maxBytes: 8_000_000, minEntries: 100))
        journal.finishRetention()
        #expect(try reports() == [])
        journal.setRetention(RetentionPolicy(maxBytes: 2_000_000, minEntries: 100))
        journal.finishRetention()
        let statistics = try #require(journal.statistics.retention)
        #expect((1_700_000...1_810_000).contains(statistics.usedBytes))
        let left = try places()
        #expect(left.last == 4000)
        #expect(Int64(left.count) == 4000 - statistics.upToSequence)
        #expect(left.first == statistics.upToSequence + 1)
        #expect(statistics.droppedEntries == statistics.upToSequence)
        #expect(
            try reports() == [
                "dropped for size: \(statistics.droppedEntries) entries, 0 signals, "
                    + "up to \(statistics.upToSequence)"
            ]
        )
    }

    @Test func theNewestEntriesStayHoweverLargeTheJournalIs() throws {
        try fill(2000, daysOld: 1)
        journal.setRetention(RetentionPolicy(maxBytes: 0, minEntries: 800))
        journal.finishRetention()
        #expect(try places() == Array(1201...2000))
        // Still too large: the next pass waits until it is worth it.
        journal.finishRetention()
        try fill(98, daysOld: 1)
        journal.finishRetention()
        #expect(try reports().count == 1)
        try fill(1, daysOld: 1)
        journal.finishRetention()
        #expect(try reports().count == 2)
    }

    @Test func theLastTransitionOfAWorkerStaysUntilThereIsALaterOne() async throws {
        for worker in ["a", "b", "a"] { try await journal.append(entry(90, .transition, worker: worker)) }
        let death = DeathRecord(workerID: "b", generation: 1, time: 0, cause: "exit")
        try await journal.append(entry(90, .transition, worker: "b"), death: death)
        try await journal.append(entry(90, .transition, worker: "c"), death: death)
        try await journal.append(entry(90, .worker, worker: "a"))
        try await journal.append(entry(1, .transition, worker: "c"))
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(try places() == [3, 4, 7])
        #expect(try journal.deaths(matching: DeathQuery()).map(\.seq) == [4])
        #expect(try folder.lines("SELECT seq FROM retention_anchor") == ["6"])

        try await journal.append(entry(90, .transition, worker: "b"))
        try await journal.append(entry(80, .transition, worker: "a"))
        try await journal.append(entry(0, .transition, worker: "a"))
        // The young entry behind it, the report, keeps what follows; what 3 and 4 were kept for is over.
        try journal.pool.run("UPDATE events SET time = \(now - 90 * day) WHERE seq = 7")
        journal.finishRetention()
        #expect(try places() == [7, 9, 10, 11])
        #expect(try journal.deaths(matching: DeathQuery()) == [])
    }

    @Test func stateIsNotHistory() async throws {
        try await journal.update([.want(wish("a", .running)), .keep(process("a", generation: 1))], with: [entry(90)])
        journal.setRetention(RetentionPolicy(maxBytes: 0, minEntries: 0))
        journal.finishRetention()
        #expect(try places() == [])
        #expect(try journal.desiredWorkers().count == 1)
        #expect(try journal.processRecords().count == 1)
    }

    @Test func signalsStayUnlessTheyAreToGo() async throws {
        for index in 1...3 { try await journal.append(signal: signal("s\(index)")) }
        var fresh = signal("fresh")
        fresh.emittedAt = now
        try await journal.append(signal: fresh)
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(try places() == [4])
        #expect(try journal.signals(matching: SignalQuery()).count == 4)
        #expect(try await journal.append(signal: signal("s1")) == SignalReceipt(seq: 1, isNew: false))

        // Those whose entries are gone already go with the next pass.
        try journal.pool.run("UPDATE events SET time = 5 WHERE seq = 4")
        journal.setRetention(RetentionPolicy(signalsToo: true))
        journal.finishRetention()
        #expect(try journal.signals(matching: SignalQuery()) == [])
        #expect(try reports().last == "dropped for age: 1 entries, 4 signals, up to 4")
        #expect(journal.statistics.retention?.droppedSignals == 4)
        #expect(try await journal.append(signal: signal("s1")).isNew)
    }

    /// What is left is whole from some place on, so that a chain of hashes can begin there.
    @Test func anOldTimeBehindAYoungOneStays() async throws {
        for days in [90, 90, 1, 90, 90] as [Int64] { try await journal.append(entry(days)) }
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(try places() == [3, 4, 5])
    }

    @Test func stepsAreBoundedAndCommitsComeInBetween() async throws {
        try fill(30_000)
        let hold = await WriterHold(journal)
        let left = Log<Int?>()
        journal.setRetention(RetentionPolicy())
        let folder = folder
        for _ in 1...2 {
            // The first one finds the writer held; the second comes while a step waits, or is done.
            journal.append(entry(0)) { _ in
                left.add(try? folder.lines("SELECT count(*) FROM events").first.flatMap { Int($0) })
            }
        }
        hold.letGo()
        try await journal.append(entry(0))
        let first = try #require(left.elements.first ?? nil)
        // At most one step stood before it.
        #expect(first >= 25_000)
        journal.finishRetention()
        #expect(try reports() == ["dropped for age: 30001 entries, 0 signals, up to 30001"])
    }

    @Test func oneStepDropsNoMoreThanItMay() throws {
        try fill(12_000)
        journal.setRetention(nil)
        journal.retention.withLock { $0.set(RetentionPolicy()) }
        var steps = 0
        while journal.writerQueue.sync(execute: { journal.stepRetention() }) {
            steps += 1
            let dropped = try #require(journal.statistics.retention?.droppedEntries)
            #expect(dropped <= Int64(steps) * 5000)
        }
        #expect(steps >= 3)
        #expect(try places() == [])
    }

    @Test func aPassThatIsCutShortIsToldOfByTheNext() throws {
        try fill(12_000)
        journal.retention.withLock { $0.set(RetentionPolicy()) }
        #expect(journal.writerQueue.sync { journal.stepRetention() })
        let dropped = try #require(journal.statistics.retention?.droppedEntries)
        #expect(dropped > 0)
        #expect(try reports() == [])
        journal.close()

        let again = try EventJournal(path: folder.database)
        again.setRetention(RetentionPolicy(maxAge: nil, maxBytes: nil))
        again.finishRetention()
        #expect(
            try reports(of: again) == ["dropped for an earlier pass: \(dropped) entries, 0 signals, up to \(dropped)"]
        )
        again.finishRetention()
        #expect(try reports(of: again).count == 1)
        again.setRetention(RetentionPolicy())
        again.finishRetention()
        #expect(try reports(of: again).last == "dropped for age: \(12_000 - dropped) entries, 0 signals, up to 12000")
        #expect(again.statistics.retention?.droppedEntries == 12_000)
    }

    /// Without anybody's help: each time it ends with the entry that it makes itself.
    @Test(.timeLimit(.minutes(10))) func itRunsByItself() async throws {
        try fill(12_000)
        journal.setRetention(RetentionPolicy())
        while try reports().isEmpty {
            try Task.checkCancellation()
            try await journal.append(entry(0))
        }
        #expect(try reports() == ["dropped for age: 12000 entries, 0 signals, up to 12000"])
        // And again, when commits bring it about.
        try journal.pool.run("UPDATE events SET time = 0 WHERE kind = 'worker'")
        while try reports().count < 2 {
            try Task.checkCancellation()
            try await journal.append(entry(0))
        }
    }

    @Test func aStepThatFailsDisturbsNobody() async throws {
        try fill(100)
        try journal.pool.run("PRAGMA query_only = 1")
        journal.setRetention(RetentionPolicy())
        journal.finishRetention()
        #expect(journal.statistics.retention?.failure?.code == .readOnly)
        #expect(journal.statistics.lost == JournalLosses())
        try journal.pool.run("PRAGMA query_only = 0")
        #expect(try await journal.append(entry(0)) == 101)
        journal.finishRetention()
        #expect(journal.statistics.retention?.failure == nil)
        #expect(try places() == [101])
    }

    @Test func withoutAPolicyNothingIsDropped() async throws {
        try fill(100)
        journal.setRetention(RetentionPolicy())
        journal.setRetention(nil)
        try await journal.append(entry(0))
        journal.finishRetention()
        journal.close()
        journal.setRetention(RetentionPolicy())
        #expect(!journal.stepRetention())
    }

    @Test func extremePoliciesDoNotOverflow() async throws {
        try await journal.append(entry(1))
        for policy in [
            RetentionPolicy(maxAge: .seconds(Int64.max), maxBytes: .max, minEntries: .max),
            RetentionPolicy(maxAge: .seconds(Int64.max), maxBytes: .min, minEntries: .max),
        ] {
            journal.setRetention(policy)
            journal.finishRetention()
            #expect(try places() == [1])
        }
        journal.setRetention(RetentionPolicy(maxAge: .seconds(Int64.min), maxBytes: .min, minEntries: .min))
        journal.finishRetention()
        #expect(try places() == [])
    }
}
