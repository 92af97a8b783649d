import Foundation
import JournalChain
import Testing

@testable import EventJournal

/// What nobody but the journal did to the file is found, at the first place where it was done.
@Suite struct ChainTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    private func verify(containing mark: ChainState.Mark? = nil) throws -> JournalVerification {
        try JournalVerifier(path: folder.database).verify(containing: mark)
    }

    private func fault(containing mark: ChainState.Mark? = nil) throws -> String {
        guard let fault = try verify(containing: mark).fault else { return "none" }
        #expect(fault.description.contains("\(fault.seq)") || fault.seq == 0)
        return "\(fault.deed.rawValue) \(fault.seq)"
    }

    /// Ten entries: a death at 3, signals at 4, 5 and 6, an intent at 7.
    private func fill() async throws {
        try await journal.append(transition())
        try await journal.append(JournalEntry(time: 7, kind: .command, cause: "stop", detail: "{}"))
        let death = DeathRecord(workerID: "sma", generation: 1, time: 8, cause: "exit", core: false, cpuUser: -0.0)
        try await journal.append(transition(to: "error"), death: death)
        for index in 1...3 { try await journal.append(signal: full("s\(index)", price: index == 2 ? .nan : -0.0)) }
        try await journal.append(JournalEntry(time: 9, kind: .intent, workerID: "ema", cause: "start"))
        for _ in 8...10 { try await journal.append(transition(worker: "a\0b")) }
    }

    private func full(_ id: String, price: Double) -> SignalRecord {
        SignalRecord(
            signalID: id,
            workerID: "sma",
            generation: 3,
            number: 1,
            name: "up",
            side: "buy",
            symbol: "BTC/USDT",
            dataType: "kline",
            sequence: .max,
            eventTime: .min,
            price: price,
            quantity: .infinity,
            data: "",
            emittedAt: 5
        )
    }

    @Test func whatTheJournalWroteIsRight() async throws {
        #expect(try verify().fault == nil)
        try await fill()
        // While the journal is open, and when it is closed.
        for isOpen in [true, false] {
            if !isOpen { journal.close() }
            let result = try verify()
            #expect(result.fault == nil)
            #expect(result.entries == 10)
            #expect(result.signals == 3)
            #expect(result.deaths == 1)
            #expect(result.uncovered == 0)
            #expect(result.anchor == 0)
            #expect(result.head.seq == 10)
        }
    }

    /// The form that the documentation describes, made by another program.
    @Test func theHashIsWhatTheDocumentationSays() throws {
        try journal.pool.run(
            "UPDATE hash_chain SET anchor_hash = zeroblob(32), head_hash = zeroblob(32), head_seq = 0, anchor_seq = 0"
        )
        let record = SignalRecord(
            signalID: "s1",
            workerID: "sma",
            generation: 2,
            number: 1,
            name: "up",
            price: 0.5,
            emittedAt: 5
        )
        journal.append(signal: record) { _ in }
        journal.close()
        let script = """
            import hashlib, sqlite3, struct, sys
            def column(value):
                if value is None: return b'n'
                if isinstance(value, int): return b'i' + struct.pack('<q', value)
                if isinstance(value, float): return b'r' + struct.pack('<d', value)
                text = value.encode()
                return b't' + struct.pack('<I', len(text)) + text
            db = sqlite3.connect(sys.argv[1])
            signal = db.execute('''SELECT seq, signal_id, worker_id, generation, name, side, symbol, data_type, sequence,
                event_time, price, quantity, data, emitted_at, number FROM emitted_signals''').fetchone()
            entry = db.execute('''SELECT seq, time, kind, worker_id, generation, from_state, to_state, cause, actor, detail,
                intent FROM events''').fetchone()
            inner = hashlib.sha256(b's' + b''.join(map(column, signal))).digest()
            hash = hashlib.sha256(b'e' + b''.join(map(column, entry)) + b's' + inner + b'p' + bytes(32))
            print(hash.hexdigest())
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, folder.database]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let hash = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(hash.count == 65)
        #expect(try verify().head.hash.description + "\n" == hash)
    }

    @Test(
        arguments: [
            ("UPDATE events SET time = 8 WHERE seq = 2", "altered 2"),
            ("UPDATE events SET kind = 'worker' WHERE seq = 2", "altered 2"),
            ("UPDATE events SET worker_id = 'x' WHERE seq = 1", "altered 1"),
            ("UPDATE events SET worker_id = NULL WHERE seq = 1", "altered 1"),
            ("UPDATE events SET generation = 0 WHERE seq = 2", "altered 2"),
            ("UPDATE events SET from_state = '' WHERE seq = 9", "altered 9"),
            ("UPDATE events SET to_state = 'stopped' WHERE seq = 10", "altered 10"),
            ("UPDATE events SET cause = actor, actor = cause WHERE seq = 2", "altered 2"),
            ("UPDATE events SET detail = '{} ' WHERE seq = 2", "altered 2"),
            ("UPDATE events SET intent = 1 WHERE seq = 2", "altered 2"),
            ("UPDATE events SET hash = zeroblob(32) WHERE seq = 2", "altered 2"),
            ("UPDATE events SET hash = NULL WHERE seq = 2", "added 2"),
            ("UPDATE events SET detail = 'x' WHERE seq IN (9, 2, 5)", "altered 2"),
            ("UPDATE emitted_signals SET side = 'sell' WHERE seq = 5", "altered 5"),
            ("UPDATE emitted_signals SET price = 1 WHERE seq = 5", "altered 5"),
            ("UPDATE emitted_signals SET number = 2 WHERE seq = 6", "altered 6"),
            ("UPDATE emitted_signals SET hash = NULL WHERE seq = 6", "added 6"),
            ("UPDATE emitted_signals SET side = 'sell', hash = zeroblob(32) WHERE seq = 6", "altered 6"),
            ("DELETE FROM emitted_signals WHERE seq = 4", "altered 4"),
            ("DELETE FROM emitted_signals", "altered 4"),
            (
                "INSERT INTO emitted_signals (seq, signal_id, worker_id, name, emitted_at) VALUES (9, 'x', 'x', 'x', 5)",
                "added 9"
            ),
            (
                "INSERT INTO emitted_signals (seq, signal_id, worker_id, name, emitted_at) VALUES (11, 'x', 'x', 'x', 5)",
                "added 11"
            ),
            ("UPDATE deaths SET cause = 'signal'", "altered 3"),
            ("UPDATE deaths SET core = 1", "altered 3"),
            ("DELETE FROM deaths", "altered 3"),
            ("UPDATE deaths SET seq = 2", "altered 2"),
            ("DELETE FROM events WHERE seq = 1", "removed 1"),
            ("DELETE FROM events WHERE seq = 5", "removed 5"),
            ("DELETE FROM events WHERE seq BETWEEN 5 AND 7", "removed 5"),
            ("DELETE FROM events WHERE seq = 10", "removed 10"),
            ("DELETE FROM events WHERE seq > 6", "removed 7"),
            ("DELETE FROM events", "removed 1"),
            ("DELETE FROM events WHERE seq = 9; UPDATE events SET seq = 9 WHERE seq = 10", "altered 9"),
            (
                "UPDATE events SET seq = 20 WHERE seq = 8; UPDATE events SET seq = 8 WHERE seq = 9; UPDATE events SET seq = 9 WHERE seq = 20",
                "altered 8"
            ),
            ("INSERT INTO events (time, kind) VALUES (5, 'worker')", "added 11"),
            ("DELETE FROM events WHERE seq > 6; UPDATE hash_chain SET head_seq = 6", "altered 6"),
            ("UPDATE hash_chain SET head_seq = 11", "removed 11"),
            ("UPDATE hash_chain SET head_hash = zeroblob(32)", "altered 10"),
            ("UPDATE hash_chain SET anchor_hash = zeroblob(32)", "altered 1"),
            ("UPDATE hash_chain SET anchor_seq = 2", "added 1"),
            ("UPDATE hash_chain SET kept_entries = randomblob(32)", "removed 0"),
            ("UPDATE hash_chain SET kept_signals = randomblob(32)", "removed 0"),
        ]
    )
    func whatWasDoneToItIsFound(sql: String, expected: String) async throws {
        try await fill()
        #expect(try fault() == "none")
        try folder.otherConnection().run("PRAGMA foreign_keys = OFF; \(sql)")
        #expect(try fault() == expected)
        // What the journal writes afterwards does not cover it up, and is written.
        try await journal.append(transition())
        #expect(try fault() != "none")
    }

    @Test func theEndOfTheChainIsNeeded() async throws {
        try await fill()
        for sql in ["UPDATE hash_chain SET head_hash = x'00'", "DELETE FROM hash_chain"] {
            try folder.otherConnection().run(sql)
            let error = try #require(throws: VerificationError.self) { try verify() }
            #expect(error.code == .damaged)
            #expect(error.description.contains("hash_chain"))
            #expect(await journal.errorOfAppend(transition())?.code == .corrupt)
        }
    }

    // MARK: Retention

    /// An entry that is so many days old.
    private func old(_ kind: JournalKind, worker: String) -> JournalEntry {
        JournalEntry(time: 5, kind: kind, workerID: worker, generation: 1, toState: "running")
    }

    /// 1 to 6 are dropped, but for 2 with its death, and 4; signals are at 3 and 5, of which 6 is the last of "b".
    private func drop(signalsToo: Bool = false) async throws {
        try await journal.append(old(.worker, worker: "a"))
        let death = DeathRecord(workerID: "a", generation: 1, time: 8, cause: "exit")
        try await journal.append(old(.transition, worker: "a"), death: death)
        try await journal.append(signal: full("s1", price: 1))
        try await journal.append(old(.transition, worker: "b"))
        try await journal.append(signal: full("s2", price: 2))
        try await journal.append(old(.worker, worker: "a"))
        let now = JournalClock.nanoseconds()
        for index in 7...9 { try await journal.append(transition(now, worker: "w\(index)")) }
        journal.setRetention(RetentionPolicy(signalsToo: signalsToo))
        journal.finishRetention()
        #expect(try folder.lines("SELECT seq FROM events") == ["2", "4", "7", "8", "9", "10"])
        #expect(try folder.lines("SELECT count(*) FROM emitted_signals") == [signalsToo ? "0" : "2"])
    }

    @Test(arguments: [false, true])
    func whatRetentionLeavesIsRight(signalsToo: Bool) async throws {
        try await drop(signalsToo: signalsToo)
        let result = try verify()
        #expect(result.fault == nil)
        #expect(result.entries == 6)
        #expect(result.signals == (signalsToo ? 0 : 2))
        #expect(result.deaths == 1)
        #expect(result.anchor == 6)
        #expect(result.head.seq == 10)
    }

    @Test func whatWasKeptGoesWithoutATrace() async throws {
        try await drop()
        // What 2 and 4 were kept for is over, and the signals are to go.
        for worker in ["a", "b"] { try await journal.append(old(.transition, worker: worker)) }
        #expect(try fault() == "none")
        journal.setRetention(RetentionPolicy(maxAge: .zero, signalsToo: true))
        journal.finishRetention()
        #expect(
            try folder.lines("SELECT seq FROM events WHERE kind <> 'journal'") == ["7", "8", "9", "11", "12"]
        )
        #expect(try folder.lines("SELECT count(*) FROM kept_entries") == ["5"])
        #expect(try folder.lines("SELECT count(*) FROM emitted_signals") == ["0"])
        #expect(try fault() == "none")
        try await journal.append(transition(worker: "a"))
        #expect(try fault() == "none")
    }

    @Test(
        arguments: [
            ("UPDATE events SET time = 8 WHERE seq = 2", "altered 2"),
            ("UPDATE deaths SET cause = 'signal'", "altered 2"),
            ("DELETE FROM events WHERE seq = 4", "removed 4"),
            ("DELETE FROM events WHERE seq = 4; DELETE FROM kept_entries WHERE seq = 4", "removed 0"),
            ("DELETE FROM events WHERE seq = 7", "removed 7"),
            ("UPDATE events SET time = 8 WHERE seq = 7", "altered 7"),
            ("INSERT INTO events (seq, time, kind) VALUES (3, 5, 'worker')", "added 3"),
            ("UPDATE emitted_signals SET side = 'sell' WHERE seq = 3", "altered 3"),
            ("UPDATE emitted_signals SET side = 'sell', hash = NULL WHERE seq = 3", "added 3"),
            ("DELETE FROM emitted_signals WHERE seq = 5", "removed 0"),
            ("UPDATE deaths SET seq = 1", "added 1"),
            ("UPDATE hash_chain SET anchor_seq = 5", "removed 6"),
            ("UPDATE hash_chain SET anchor_hash = zeroblob(32)", "altered 7"),
            ("UPDATE hash_chain SET start_seq = 6", "removed 0"),
        ]
    )
    func whatWasDoneAfterRetentionIsFound(sql: String, expected: String) async throws {
        try await drop()
        try folder.otherConnection().run("PRAGMA foreign_keys = OFF; \(sql)")
        #expect(try fault() == expected)
    }

    @Test func rowsOfSomebodyElseDoNotKeepTheJournalFromWriting() async throws {
        try await fill()
        let other = try folder.otherConnection()
        try other.run("INSERT INTO events (seq, time, kind) VALUES (15, 5, 'worker')")
        #expect(try await journal.append(transition()) == 16)
        #expect(try fault() == "removed 11")
        try other.run("DELETE FROM events WHERE seq = 15")
        #expect(try fault() == "removed 11")
    }

    @Test func aCommitThatFailedLeavesNoHole() async throws {
        try await fill()
        try journal.pool.run("PRAGMA query_only = 1")
        #expect(await journal.errorOfAppend(transition()) != nil)
        try journal.pool.run("PRAGMA query_only = 0")
        try await journal.append(transition())
        #expect(try fault() == "none")
        #expect(try verify().entries == 12)
    }

    // MARK: A hash that was noted

    @Test func aNotedHashTellsOfAChainThatWasMadeAnew() async throws {
        try await fill()
        let noted = try verify().head
        try await journal.append(transition())
        #expect(try fault(containing: noted) == "none")
        #expect(try fault(containing: ChainState.Mark(seq: 10, hash: .zero)) == "altered 10")
        #expect(try fault(containing: ChainState.Mark(seq: 12, hash: noted.hash)) == "removed 12")
    }

    @Test func aNotedHashOfADroppedEntrySaysNothing() async throws {
        try await drop()
        let error = try #require(throws: VerificationError.self) {
            try verify(containing: ChainState.Mark(seq: 3, hash: .zero))
        }
        #expect(error.code == .notVerifiable)
    }

    @Test func hashesAreReadBackFromTheirDigits() throws {
        let hash = try #require(ChainHash(hexadecimal: String(repeating: "0f", count: 31) + "A9"))
        #expect(hash.description == String(repeating: "0f", count: 31) + "a9")
        for text in ["", "0f", String(repeating: "0g", count: 32), String(repeating: "é", count: 32)] {
            #expect(ChainHash(hexadecimal: text) == nil)
        }
    }

    // MARK: Other files

    @Test func anOldJournalIsChainedFromNowOn() async throws {
        journal.close()
        let old = folder.path + "/old.db"
        try SpineDatabase.write(to: old)
        let before = try #require(throws: VerificationError.self) { try JournalVerifier(path: old).verify() }
        #expect(before.code == .notVerifiable)
        #expect(before.description.contains("gets one when a manager starts on it"))

        let journal = try EventJournal(path: old)
        #expect(try JournalVerifier(path: old).verify().fault == nil)
        try await journal.append(transition())
        try await journal.append(signal: signal("new"))
        var result = try JournalVerifier(path: old).verify()
        #expect(result.fault == nil)
        #expect(result.entries == 2)
        #expect(result.signals == 1)
        #expect(result.uncovered == 16)
        #expect(result.anchor == 13)
        // Retention goes through what is older than the chain, and on.
        journal.setRetention(RetentionPolicy(maxAge: .zero))
        journal.finishRetention()
        result = try JournalVerifier(path: old).verify()
        #expect(result.fault == nil)
        #expect(result.anchor >= 15)
        try journal.pool.run("UPDATE emitted_signals SET side = 'x' WHERE signal_id = 'new'")
        #expect(try JournalVerifier(path: old).verify().fault?.seq == 15)
    }

    @Test func whatIsNoJournalIsNotVerified() throws {
        func code(_ path: String) throws -> VerificationError.Code {
            let error = try #require(throws: VerificationError.self) { try JournalVerifier(path: path).verify() }
            #expect(error.description.contains(path))
            return error.code
        }
        #expect(try code(folder.path + "/nothing.db") == .cannotRead)
        #expect(try code(folder.path) == .cannotRead)
        let text = folder.path + "/text.db"
        try Data(repeating: 65, count: 10_000).write(to: URL(fileURLWithPath: text))
        #expect(try code(text) == .notVerifiable)
        let empty = folder.path + "/empty.db"
        try Data().write(to: URL(fileURLWithPath: empty))
        #expect(try code(empty) == .notVerifiable)
    }

    @Test func aDamagedFileIsSaidToBeSo() async throws {
        for _ in 1...2000 { journal.append(transition()) { _ in } }
        journal.close()
        let handle = try #require(FileHandle(forWritingAtPath: folder.database))
        try handle.truncate(atOffset: 150_000)
        try handle.close()
        let error = try #require(throws: VerificationError.self) { try verify() }
        #expect(error.code == .damaged)
    }

    @Test func progressIsTold() throws {
        for _ in 1...60_000 { journal.append(transition()) { _ in } }
        journal.close()
        let told = Log<Int64>()
        let result = try JournalVerifier(path: folder.database).verify { progress in
            #expect(progress.last == 60_000)
            told.add(progress.seq)
        }
        #expect(told.elements == [50_000])
        #expect(result.entries == 60_000)
    }
}
