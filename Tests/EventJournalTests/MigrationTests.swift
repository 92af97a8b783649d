import GRDB
import JournalChain
import Testing

@testable import EventJournal

/// A journal of the first version is taken on with everything in it.
@Suite struct MigrationTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try SpineDatabase.write(to: folder.database)
    }

    @Test func nothingIsLost() async throws {
        // As the file of the first version was read before it was changed.
        // New columns, which are empty, come last.
        let columns = [
            "events": "seq, time, kind, worker_id, generation, from_state, to_state, cause, actor, detail",
            "emitted_signals": """
            seq, signal_id, worker_id, generation, name, side, symbol, data_type, sequence, event_time, price, quantity, \
            data, emitted_at
            """,
        ]
        func read(_ columns: (String) -> String) throws -> [[String]] {
            try ["events", "emitted_signals"].map { try folder.lines("SELECT \(columns($0)) FROM \($0)") }
        }
        let before = try read { _ in "*" }
        #expect(before.map(\.count) == [13, 3])
        let journal = try EventJournal(path: folder.database)
        #expect(try read { columns[$0] ?? "" } == before)
        #expect(try journal.entries(matching: JournalQuery()).count == 13)
        #expect(try journal.signals(matching: SignalQuery()).map(\.signal.signalID) == ["s1", "s2", "s3"])
        let last = try journal.entries(
            matching: JournalQuery(workerID: "sma", kind: .transition, limit: 1, keeping: .newest)
        )
        #expect(last.map(\.entry.generation) == [3])
        #expect(try folder.lines("PRAGMA integrity_check") == ["ok"])

        #expect(try journal.desiredWorkers() == [])
        #expect(try journal.processRecords() == [])
        #expect(try journal.deaths(matching: DeathQuery()) == [])
        #expect(try await journal.append(transition()) == 14)
    }

    @Test func whoGaveACommandIsSeenAndOldEntriesStayVerifiable() async throws {
        // A journal with hashes, from before it was known who gives commands.
        let path = folder.database + ".3"
        let old = try DatabaseQueue(path: path)
        try JournalSchema.migrator.migrate(old, upTo: "3 numbers, intents and hashes")
        try old.close()
        var journal = try EventJournal(path: path)
        _ = try await journal.append(JournalEntry(time: 1, kind: .command, cause: "stop", detail: #"{"msg_id":"a"}"#))
        let detail = #"{"msg_id":"b","who":"uid:7","from":"ipc pid:9"}"#
        _ = try await journal.append(JournalEntry(time: 2, kind: .command, cause: "stop", detail: detail))
        journal.close()
        journal = try EventJournal(path: path)
        defer { journal.close() }
        let rows = try await DatabaseQueue(path: path).read { db in
            try Row.fetchAll(db, sql: "SELECT who, \"from\" FROM commands").map { [$0["who"] as String?, $0["from"]] }
        }
        #expect(rows == [[nil, nil], ["uid:7", "ipc pid:9"]])
        let verification = try JournalVerifier(path: path).verify()
        #expect(verification.fault == nil)
        #expect(verification.entries == 2)
    }

    @Test func everythingNewWorks() async throws {
        let journal = try EventJournal(path: folder.database)
        let death = DeathRecord(workerID: "sma", generation: 3, time: 5, cause: "exit")
        try await journal.update(
            [.want(wish("sma", .running)), .keep(process("sma", generation: 3))],
            with: [transition()]
        )
        try await journal.append(
            transition(to: "error"),
            death: death,
            changes: [.remove(workerID: "sma", generation: 3)]
        )
        #expect(try folder.lines("SELECT worker, wanted, state, pid FROM workers") == ["sma|running|error|"])
        #expect(try journal.deaths(matching: DeathQuery()) == [RecordedDeath(seq: 15, death: death)])
        #expect(try await journal.append(signal: signal("s1")) == SignalReceipt(seq: 4, isNew: false))
        journal.close()
        // The second opening finds nothing to do.
        #expect(try EventJournal(path: folder.database).desiredWorkers() == [wish("sma", .running)])
    }

    @Test func theOldFileIsKeptWhenTheMigrationFails() throws {
        let other = try folder.otherConnection()
        try other.run("CREATE TABLE deaths (seq INTEGER)")
        let error = #expect(throws: JournalError.self) { try EventJournal(path: folder.database) }
        #expect(error?.message.contains("deaths already exists") == true)
        #expect(try folder.lines("SELECT count(*) FROM sqlite_schema WHERE name = 'desired_workers'") == ["0"])
        try other.run("DROP TABLE deaths")
        try EventJournal(path: folder.database).close()
    }
}
