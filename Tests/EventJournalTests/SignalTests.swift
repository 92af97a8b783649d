import EventJournal
import Testing

@Suite struct SignalTests {
    let folder: TemporaryFolder
    let journal: EventJournal

    init() throws {
        folder = try TemporaryFolder()
        journal = try EventJournal(path: folder.database)
    }

    @Test func everyFieldComesBack() async throws {
        let full = SignalRecord(
            signalID: "s1",
            workerID: "sma",
            generation: 2,
            number: 7,
            name: "cross_up",
            side: "buy",
            symbol: "BTC/USDT",
            dataType: "kline",
            sequence: 45_031,
            eventTime: 1_736_933_400_000_000_000,
            price: 0.1 + 0.2,
            quantity: 1e-9,
            data: #"{"fast":1}"#,
            emittedAt: 1_736_933_400_000_000_001
        )
        #expect(try await journal.append(signal: full) == SignalReceipt(seq: 1, isNew: true))
        #expect(try await journal.append(signal: signal("s2")) == SignalReceipt(seq: 2, isNew: true))
        #expect(
            try journal.signals(matching: SignalQuery()) == [
                RecordedSignal(seq: 1, signal: full), RecordedSignal(seq: 2, signal: signal("s2")),
            ]
        )
    }

    @Test func aSignalStandsInTheHistoryToo() async throws {
        var buy = signal("s1")
        buy.generation = 4
        buy.side = "buy"
        buy.price = 42_000.5
        try await journal.append(signal: buy)
        let entry = JournalEntry(
            time: 5,
            kind: .signal,
            workerID: "sma",
            generation: 4,
            cause: "cross_up",
            actor: "worker",
            detail: #"{"signal_id":"s1","side":"buy","price":42000.5}"#
        )
        #expect(try journal.entries(matching: JournalQuery()) == [RecordedEntry(seq: 1, entry: entry)])
    }

    @Test func aSignalSentTwiceIsKeptOnce() async throws {
        try await journal.append(transition())
        try await journal.append(signal: signal("s1"))
        try await journal.append(transition())
        var again = signal("s1")
        again.generation = 9
        #expect(try await journal.append(signal: again) == SignalReceipt(seq: 2, isNew: false))
        #expect(try journal.signals(matching: SignalQuery()).map(\.signal) == [signal("s1")])
        #expect(try journal.entries(matching: JournalQuery(kind: .signal)).map(\.seq) == [2])
    }

    @Test func duplicatesInOneBatchAreFoundToo() async throws {
        let receipts = Log<SignalReceipt?>()
        let hold = await WriterHold(journal)
        for id in ["a", "b", "a"] {
            journal.append(signal: signal(id)) { receipts.add(try? $0.get()) }
        }
        hold.letGo()
        journal.close()
        #expect(receipts.elements.map(\.?.isNew) == [true, true, false])
        #expect(receipts.elements.map(\.?.seq) == [2, 3, 2])
    }

    @Test func twoWorkersMayUseTheSameName() async throws {
        #expect(try await journal.append(signal: signal("1", worker: "a")).isNew)
        #expect(try await journal.append(signal: signal("1", worker: "b")).isNew)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func aPriceThatIsNoNumberBreaksNothing(price: Double) async throws {
        var odd = signal("odd")
        odd.price = price
        try await journal.append(signal: odd)
        let stored = try #require(try journal.signals(matching: SignalQuery()).first)
        #expect(stored.signal.price == (price.isNaN ? nil : price))
        let entry = try #require(try journal.entries(matching: JournalQuery()).first?.entry)
        #expect(entry.detail == #"{"signal_id":"odd"}"#)
    }

    private func numbered(_ id: String, _ number: UInt64, generation: UInt64) -> SignalRecord {
        SignalRecord(
            signalID: id,
            workerID: "sma",
            generation: generation,
            number: number,
            name: "cross_up",
            emittedAt: 5
        )
    }

    @Test func theLastNumberIsKnownByWorkerAndGeneration() async throws {
        #expect(try journal.lastSignalNumber(of: "sma", generation: 1) == 0)
        for number in 1...3 as ClosedRange<UInt64> {
            try await journal.append(signal: numbered("a\(number)", number, generation: 1))
        }
        // What is sent again under an earlier number takes nothing back.
        try await journal.append(signal: numbered("a2", 2, generation: 1))
        try await journal.append(signal: signal("without", worker: "sma"))
        #expect(try journal.lastSignalNumber(of: "sma", generation: 1) == 3)
        #expect(try journal.lastSignalNumber(of: "sma", generation: 2) == 0)
        #expect(try journal.lastSignalNumber(of: "ema", generation: 1) == 0)
    }

    /// A replay numbers anew what is known already: the worker must not be asked for it for ever.
    @Test func aDuplicateUnderANewNumberCounts() async throws {
        try await journal.append(signal: numbered("a", 1, generation: 1))
        #expect(!(try await journal.append(signal: numbered("a", 1, generation: 2)).isNew))
        #expect(try await journal.append(signal: numbered("b", 2, generation: 2)).isNew)
        #expect(try journal.lastSignalNumber(of: "sma", generation: 2) == 2)
        #expect(try journal.signals(matching: SignalQuery()).map(\.signal.generation) == [1, 2])
    }

    @Test func numbersOfOldGenerationsAreForgotten() async throws {
        for generation in 1...40 as ClosedRange<UInt64> {
            try await journal.append(signal: numbered("g\(generation)", 1, generation: generation))
        }
        #expect(
            try folder.lines("SELECT count(*), min(generation), max(generation) FROM signal_numbers") == ["16|25|40"]
        )
        #expect(try journal.lastSignalNumber(of: "sma", generation: 40) == 1)
    }

    @Test func queriesFilter() async throws {
        for index in 1...6 {
            try await journal.append(signal: signal("\(index)", worker: index.isMultiple(of: 2) ? "even" : "odd"))
        }
        func ids(_ query: SignalQuery) throws -> [String] {
            try journal.signals(matching: query).map(\.signal.signalID)
        }
        #expect(try ids(SignalQuery(workerID: "even")) == ["2", "4", "6"])
        #expect(try ids(SignalQuery(afterSequence: 4)) == ["5", "6"])
        #expect(try ids(SignalQuery(limit: 2)) == ["1", "2"])
        #expect(try ids(SignalQuery(limit: 2, keeping: .newest)) == ["5", "6"])
        #expect(try ids(SignalQuery(workerID: "odd", afterSequence: 1, limit: 1, keeping: .newest)) == ["5"])
        #expect(try ids(SignalQuery(workerID: "nobody")) == [])
    }
}
