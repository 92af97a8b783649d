import CLinux
import Glibc
import Testing

@testable import MarketRecord

/// A disk that fails, and works again.
@Suite struct FailureTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func aFullDiskKeepsWhatCameAndSaysSoOnce() async throws {
        let record = try folder.open()
        let said = Log<RecordError.Code?>()
        try record.recorder.store.connection.execute("PRAGMA max_page_count = 1")
        try record.start(RecordEvents(onFailure: { said.add($0?.code) }))
        #expect(record.appendBars(1...3000))
        await said.wait(for: 1)
        #expect(said.elements == [.full])
        // Whoever waits is told, and does not wait for the disk.
        let error = try #require(await #expect(throws: RecordError.self) { try await record.flushed() })
        #expect(error.code == .full && error.message.contains("free some space"))
        await #expect(throws: RecordError.self) { try await record.flushed() }
        #expect(record.statistics.failure?.code == .full)
        // What fitted into the pages that there were may have been written.
        let statistics = record.statistics
        #expect(statistics.pendingMessages > 0 && statistics.pendingMessages + statistics.recorded == 3000)
        // A checkpoint waits; the later one of the same worker speaks for the earlier.
        let saved = Log<Bool>()
        record.save(Self.checkpoint(1)) { saved.add((try? $0.get()) != nil) }
        record.save(Self.checkpoint(2)) { saved.add((try? $0.get()) != nil) }
        #expect(record.appendBars(3001...3010))
        await record.onRecorder("PRAGMA max_page_count = 1000000")
        await said.wait(for: 2)
        #expect(said.elements == [.full, nil])
        await saved.wait(for: 2)
        #expect(saved.elements == [true, true])
        try await record.flushed()
        record.stop()
        #expect(said.elements == [.full, nil])
        #expect(record.statistics.failure == nil && record.statistics.recorded == 3010)
        #expect(try folder.reader().read((Bars.topic, 1...3010)).messages.count == 3010)
        #expect(try record.checkpoint(of: "sma")?.ordinal == 2)
    }

    @Test func theRingFillsUpWhileTheDiskFailsAndEmptiesAgain() async throws {
        let record = try folder.open { $0.ringBytes = 64 << 10 }
        let (said, room) = (Log<RecordError.Code?>(), Log<Void>())
        try record.recorder.store.connection.execute("PRAGMA query_only = 1")
        try record.start(RecordEvents(onRoom: { room.add(()) }, onFailure: { said.add($0?.code) }))
        var last: UInt64 = 0
        while record.appendBars(last + 1...last + 1) { last += 1 }
        await said.wait(for: 1)
        #expect(said.elements == [.readOnly])
        #expect(room.elements.isEmpty)
        await record.onRecorder("PRAGMA query_only = 0")
        await room.wait(for: 1)
        #expect(record.appendBars(last + 1...last + 1))
        try await record.flushed()
        record.stop()
        #expect(try folder.reader().read((Bars.topic, 1...last + 1)).messages.count == Int(last + 1))
    }

    @Test func whatCouldNotBeWrittenBeforeTheEndIsWrittenByTheNextLife() async throws {
        do {
            let record = try folder.open()
            #expect(record.appendBars(1...10, publisher: "p"))
            try record.recorder.store.connection.execute("PRAGMA max_page_count = 1")
            #expect(record.appendBars(11...500, publisher: "p"))
            let said = Log<RecordError.Code?>()
            let refused = Log<RecordError.Code?>()
            try record.start(RecordEvents(onFailure: { said.add($0?.code) }))
            await said.wait(for: 1)
            record.save(Self.checkpoint(1)) { result in
                if case .failure(let error) = result { refused.add(error.code) }
            }
            record.stop()
            #expect(refused.elements == [.full])
        }
        let record = try folder.open()
        #expect(record.recovered == [Bars.topic: 500] && record.publishers == ["p": 500])
        let messages = try folder.reader().read((Bars.topic, 1...500)).messages
        #expect(messages.count == 500)
    }

    /// A record that opens on a full disk still knows what is in its ring.
    @Test func whatCannotBeWrittenAtTheStartIsKnownAllTheSame() async throws {
        do {
            let record = try folder.open()
            #expect(record.appendBars(1...500, publisher: "p"))
        }
        let holder = try Connection(path: folder.database, readOnly: false, busyTimeout: .zero)
        try holder.execute("BEGIN IMMEDIATE")
        let record = try folder.open { $0.busyTimeout = .zero }
        #expect(record.recovered == [Bars.topic: 500] && record.publishers == ["p": 500])
        #expect(record.statistics.failure?.code == .locked && record.statistics.recorded == 0)
        let said = Log<RecordError.Code?>()
        try record.start(RecordEvents(onFailure: { said.add($0?.code) }))
        #expect(record.appendBars(501...501))
        await said.wait(for: 1)
        try holder.execute("COMMIT")
        await said.wait(for: 2)
        #expect(said.elements == [.locked, nil])
        try await record.flushed()
        record.stop()
        let messages = try folder.reader().read((Bars.topic, 1...501)).messages
        #expect(messages.map(\.position) == Array(1...501))
    }

    // MARK: Files that are not ours

    @Test func aDatabaseOfAnotherProgramIsLeftAlone() throws {
        let other = try Connection(path: folder.database, readOnly: false, busyTimeout: .zero)
        try other.execute("CREATE TABLE theirs (x)")
        let error = try #require(throws: RecordError.self) { try folder.open() }
        #expect(error.code == .foreign && error.message.contains("move the file away"))
        #expect(try other.integer("SELECT count(*) FROM sqlite_schema") == 1)
        #expect(access(folder.ring, F_OK) != 0)
    }

    @Test func aNewerRecordIsRefused() throws {
        _ = try folder.open()
        try Connection(path: folder.database, readOnly: false, busyTimeout: .zero).execute("PRAGMA user_version = 99")
        let error = try #require(throws: RecordError.self) { try folder.open() }
        #expect(error.code == .tooNew)
        #expect(throws: RecordError.self) { try folder.reader() }
    }

    @Test func textInPlaceOfTheDatabaseIsAnError() throws {
        try folder.write(Array(repeating: 0x41, count: 5000), to: "market.db")
        let error = try #require(throws: RecordError.self) { try folder.open() }
        #expect(error.code == .corrupt)
    }

    @Test func aReaderWithoutARecordSaysSo() throws {
        let error = try #require(throws: RecordError.self) { try folder.reader() }
        #expect(error.code == .cannotOpen)
        #expect(access(folder.database, F_OK) != 0)
    }

    @Test func everyCommitIsOnDiskBeforeItIsAnswered() throws {
        let record = try folder.open()
        let connection = record.recorder.store.connection
        #expect(try connection.integer("PRAGMA synchronous") == 2)
        #expect(try connection.integer("SELECT journal_mode = 'wal' FROM pragma_journal_mode") == 1)
        var info = stat()
        #expect(stat(folder.database, &info) == 0 && info.st_mode & 0o777 == 0o600)
        #expect(stat(folder.ring, &info) == 0 && info.st_mode & 0o777 == 0o600)
    }

    private static func checkpoint(_ ordinal: UInt64) -> CheckpointRecord {
        CheckpointRecord(
            workerID: "sma",
            generation: 1,
            ordinal: ordinal,
            positions: [:],
            state: "{}",
            strategy: "",
            reason: "stop",
            savedAt: 0
        )
    }
}

extension MarketRecord {
    /// Runs a statement on the recorder's thread and connection.
    fileprivate func onRecorder(_ sql: String) async {
        await withCheckedContinuation { done in
            flush { [recorder] _ in
                #expect(throws: Never.self) { try recorder.store.connection.execute(sql) }
                done.resume()
            }
        }
    }
}
