import Testing

@testable import EventJournal

@Suite struct DeathTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    @Test func everyFieldComesBack() async throws {
        let full = DeathRecord(
            workerID: "sma",
            generation: 3,
            time: 1_736_933_400_123_456_789,
            cause: "signal",
            exit: "signal 11 (SIGSEGV)",
            core: true,
            oom: false,
            lastHeartbeat: 1_736_933_399_000_000_000,
            lastTopic: "market.BTC/USDT.kline",
            lastSequence: 45_031,
            callback: "onBar",
            callbackSeconds: 0.25,
            peakRSS: 12 << 20,
            cpuUser: 1.5,
            cpuSystem: 0.1 + 0.2,
            logTail: "one\ntwo\n",
            backtrace: "#0 main"
        )
        let bare = DeathRecord(workerID: "rsi", generation: 1, time: 0, cause: "exit")
        #expect(try await journal.append(transition(), death: full) == 1)
        try await journal.append(transition())
        #expect(try await journal.append(transition(worker: "rsi"), death: bare) == 3)
        #expect(
            try journal.deaths(matching: DeathQuery()) == [
                RecordedDeath(seq: 3, death: bare), RecordedDeath(seq: 1, death: full),
            ]
        )
        #expect(
            try folder.lines("SELECT * FROM deaths_readable") == [
                "2025-01-15T09:30:00.123456Z|sma|3|signal|signal 11 (SIGSEGV)|yes|no|2025-01-15T09:29:59.000000Z"
                    + "|market.BTC/USDT.kline|45031|onBar|0.25|12.0|1.5|0.30000000000000004|one\ntwo\n|#0 main",
                "1970-01-01T00:00:00.000000Z|rsi|1|exit|||||||||||||",
            ]
        )
    }

    @Test func aDeathComesWithItsEntryAndItsChanges() async throws {
        try await journal.update([.want(wish("a", .running)), .keep(process("a", generation: 1))], with: [])
        let folder = folder
        let seen = Log<[String]?>()
        journal.append(
            transition(worker: "a", to: "error"),
            death: death("a"),
            changes: [.remove(workerID: "a", generation: 1)]
        ) { _ in
            seen.add(
                try? folder.lines(
                    "SELECT seq, to_state, (SELECT count(*) FROM worker_processes) FROM events JOIN deaths USING (seq)"
                )
            )
        }
        journal.close()
        #expect(seen.elements == [["1|error|0"]])
    }

    @Test func aDeathThatIsLostLeavesNothing() async throws {
        try await journal.update([.keep(process("a", generation: 1))], with: [transition()])
        try journal.pool.run("PRAGMA max_page_count = 1")
        var big = death("a")
        big.logTail = String(repeating: "x", count: 60_000)
        let error = await #expect(throws: JournalError.self) {
            try await journal.append(transition(), death: big, changes: [.remove(workerID: "a", generation: 1)])
        }
        #expect(error?.code == .full)
        #expect(try journal.deaths(matching: DeathQuery()) == [])
        #expect(try journal.entries(matching: JournalQuery()).count == 1)
        #expect(try journal.processRecords().count == 1)
    }

    @Test func queriesFilter() async throws {
        for index in 1...6 {
            let worker = index.isMultiple(of: 2) ? "even" : "odd"
            try await journal.append(transition(worker: worker), death: death(worker))
        }
        func places(_ query: DeathQuery) throws -> [Int64] {
            try journal.deaths(matching: query).map(\.seq)
        }
        #expect(try places(DeathQuery()) == [6, 5, 4, 3, 2, 1])
        #expect(try places(DeathQuery(workerID: "even")) == [6, 4, 2])
        #expect(try places(DeathQuery(beforeSequence: 3)) == [2, 1])
        #expect(try places(DeathQuery(workerID: "odd", beforeSequence: 5, limit: 1)) == [3])
        #expect(try places(DeathQuery(limit: 2)) == [6, 5])
        #expect(try places(DeathQuery(workerID: "x' OR 1 --")) == [])
        #expect(DeathQuery(limit: .max).limit == DeathQuery.maximumLimit)
        #expect(DeathQuery(limit: -1).limit == 0)
    }

    @Test func aLongLogKeepsItsLastLines() {
        let limit = DeathRecord.maximumTextBytes
        var record = death("a")
        let lines = (0..<20_000).map { "line \($0)\n" }
        record.logTail = lines.joined()
        let tail = record.logTail ?? ""
        #expect(tail.utf8.count <= limit)
        #expect(tail.utf8.count > limit - 20)
        #expect(lines.joined().hasSuffix(tail))
        #expect(tail.hasPrefix("line "))
        // What fits is kept as it is.
        record.logTail = String(repeating: "x", count: limit)
        #expect(record.logTail?.utf8.count == limit)
    }

    /// A euro sign has three bytes: cuts at three places in a row go through one twice.
    @Test(arguments: 0..<3)
    func cutsDoNotGoThroughACharacter(offset: Int) {
        let limit = DeathRecord.maximumTextBytes
        let text = String(repeating: "x", count: offset) + String(repeating: "€", count: limit)
        let record = DeathRecord(
            workerID: "a",
            generation: 1,
            time: 0,
            cause: "stuck",
            logTail: text + String(repeating: "y", count: offset),
            backtrace: text
        )
        let tail = record.logTail ?? ""
        let backtrace = record.backtrace ?? ""
        for part in [tail, backtrace] {
            #expect((limit - 2...limit).contains(part.utf8.count))
            #expect(!part.contains("\u{FFFD}"))
        }
        #expect(tail.hasPrefix("€") && tail.hasSuffix(String(repeating: "y", count: offset)))
        #expect(backtrace.hasSuffix("€") && text.hasPrefix(backtrace))
    }

    private func death(_ worker: String) -> DeathRecord {
        DeathRecord(workerID: worker, generation: 1, time: 5, cause: "exit", exit: "exit code 3")
    }
}
