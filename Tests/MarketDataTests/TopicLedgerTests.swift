import CLinux
import Glibc
import Testing

@testable import MarketData

@Suite struct TopicLedgerTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open(capacity: Int = 4) throws -> TopicLedger {
        try TopicLedger.open(path: folder.ledger, capacity: capacity)
    }

    private func add(_ topic: String, to ledger: inout TopicLedger) -> Int? {
        Array(topic.utf8).withUnsafeBytes { ledger.add($0) }
    }

    private func advance(_ index: Int, in ledger: inout TopicLedger) -> UInt64 {
        ledger.set(index, ledger.sequence(index) + 1, isRecorded: false)
        return ledger.sequence(index)
    }

    private func topics(of ledger: borrowing TopicLedger) -> [String] {
        (0..<ledger.count).map { String(decoding: ledger.topic($0), as: UTF8.self) }
    }

    private func sequences(of ledger: borrowing TopicLedger) -> [UInt64] {
        (0..<ledger.count).map { ledger.sequence($0) }
    }

    @Test func aNewLedgerIsEmptyPrivateAndAllocatedWhole() throws {
        let ledger = try open()
        let (count, capacity) = (ledger.count, ledger.capacity)
        #expect(count == 0)
        #expect(capacity == 4)
        #expect(try folder.size(of: "ledger") == 64 + 4 * 128)
        var info = stat()
        #expect(stat(folder.ledger, &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
        // Blocks, not a hole: a store to a hole on a full disk would kill the process.
        #expect(Int(info.st_blocks) * 512 >= 64 + 4 * 128)
    }

    @Test func topicsAndSequencesSurvive() throws {
        do {
            var ledger = try open()
            let indices = ["market.A.tick", "market.B.tick"].map { add($0, to: &ledger) }
            #expect(indices == [0, 1])
            let numbers = [0, 1, 1, 1].map { advance($0, in: &ledger) }
            #expect(numbers == [1, 1, 2, 3])
        }
        var ledger = try open()
        #expect(topics(of: ledger) == ["market.A.tick", "market.B.tick"])
        #expect(sequences(of: ledger) == [1, 3])
        let next = advance(1, in: &ledger)
        #expect(next == 4)
    }

    @Test func whatIsStoredIsThereForEverybodyAtOnce() throws {
        var writer = try open()
        #expect(add("market.A.tick", to: &writer) == 0)
        for _ in 0..<1000 { _ = advance(0, in: &writer) }
        // As after a kill -9: nothing was closed or synced.
        let reader = try open()
        #expect(topics(of: reader) == ["market.A.tick"])
        #expect(sequences(of: reader) == [1000])
    }

    @Test func aFullLedgerTakesNoMoreAndKeepsWhatItHas() throws {
        var ledger = try open(capacity: 2)
        #expect(add("market.A.tick", to: &ledger) == 0)
        #expect(add("market.B.tick", to: &ledger) == 1)
        #expect(add("market.C.tick", to: &ledger) == nil)
        #expect(topics(of: ledger) == ["market.A.tick", "market.B.tick"])
    }

    @Test func theLongestTopicFitsAndAByteMoreThanAnEntryDoesNot() throws {
        var ledger = try open()
        let longest = String(repeating: "x", count: 118)
        #expect(add(longest, to: &ledger) == 0)
        #expect(add(longest + "x", to: &ledger) == nil)
        #expect(topics(of: ledger) == [longest])
    }

    @Test func aLedgerGrowsAndNeverShrinks() throws {
        do {
            var ledger = try open(capacity: 1)
            #expect(add("market.A.tick", to: &ledger) == 0)
            _ = advance(0, in: &ledger)
        }
        do {
            var ledger = try open(capacity: 3)
            let capacity = ledger.capacity
            #expect(capacity == 3)
            #expect(add("market.B.tick", to: &ledger) == 1)
            _ = advance(1, in: &ledger)
        }
        let ledger = try open(capacity: 1)
        let capacity = ledger.capacity
        #expect(capacity == 3)
        #expect(topics(of: ledger) == ["market.A.tick", "market.B.tick"])
        #expect(sequences(of: ledger) == [1, 1])
    }

    @Test(arguments: ["QCSEQ002 and more", "not a ledger at all", "QCS"])
    func aForeignFileIsLeftAlone(_ content: String) throws {
        let path = try folder.write(Array(content.utf8), to: "ledger")
        let error = #expect(throws: BrokerError.self) { _ = try open() }
        #expect(error?.description == "\(path) is not a sequence ledger; move it away, topics then count from 1 again")
    }

    @Test func aFileThatWasReservedButNeverBegunIsANewOne() throws {
        try folder.write([UInt8](repeating: 0, count: 64), to: "ledger")
        var ledger = try open()
        #expect(add("market.A.tick", to: &ledger) == 0)
        let again = try open()
        #expect(topics(of: again) == ["market.A.tick"])
    }

    @Test func aMissingFolderSaysSo() throws {
        let error = #expect(throws: BrokerError.self) {
            _ = try TopicLedger.open(path: "/no/such/folder/ledger", capacity: 1)
        }
        #expect(error?.description == "cannot open /no/such/folder/ledger: No such file or directory")
    }

    @Test func moreThanTheDiskHoldsSaysSo() throws {
        let error = #expect(throws: BrokerError.self) { _ = try open(capacity: 1 << 50) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("cannot reserve 144115188075855936 bytes for \(folder.ledger): "))
        #expect(text.hasSuffix("; free some space"))
    }
}
