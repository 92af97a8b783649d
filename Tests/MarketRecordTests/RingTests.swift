import Glibc
import Testing

@testable import MarketRecord

/// What is believed of the bytes in a ring file, and what is not.
@Suite struct RingTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Leaves messages in the ring, as a process does that dies.
    private func leave(_ range: ClosedRange<UInt64> = 1...100) throws {
        let record = try folder.open()
        #expect(record.appendBars(range))
    }

    private func change(_ offset: Int, _ bytes: [UInt8]) throws {
        try folder.write(bytes, to: "intake.ring", at: offset)
    }

    @Test func aRingOfAnotherBootIsNotTrusted() throws {
        try leave()
        try change(IntakeRing.bootOffset, Array("another".utf8) + [0])
        let record = try folder.open()
        #expect(!record.isSameBoot)
        #expect(record.discardedBytes > 100 * 104)
        #expect(record.recovered.isEmpty && record.publishers.isEmpty)
        #expect(record.statistics.recorded == 0)
    }

    @Test func aRingThatWasRecordedIsOfThisBootFromThenOn() throws {
        try leave()
        try change(IntakeRing.bootOffset, Array("another".utf8) + [0])
        _ = try folder.open()
        #expect(try folder.open().isSameBoot)
    }

    @Test func aForeignFileIsRefusedAndLeftAlone() throws {
        let text = Array("precious text of somebody else, which is longer than a few words".utf8)
        try folder.write(text, to: "intake.ring")
        let error = try #require(throws: RecordError.self) { try folder.open() }
        #expect(error.code == .foreign)
        #expect(error.message.contains("move it away") && error.message.contains(folder.ring))
        #expect(try folder.read("intake.ring") == text)
    }

    @Test func aFolderThatIsNotThereIsAnError() throws {
        let error = try #require(throws: RecordError.self) { try folder.open { $0.ringPath = "/nonexistent/ring" } }
        #expect(error.code == .cannotOpen && error.message.contains("/nonexistent/ring"))
    }

    @Test func reservedButNeverBegunIsNew() throws {
        try folder.write([UInt8](repeating: 0, count: 10_000), to: "intake.ring")
        let record = try folder.open()
        #expect(record.isSameBoot && record.discardedBytes == 0)
    }

    @Test func aTruncatedFileIsDiscardedWithACount() throws {
        try leave()
        #expect(truncate(folder.ring, 5000) == 0)
        let record = try folder.open()
        #expect(record.discardedBytes > 100 * 104 && record.recovered.isEmpty)
        #expect(record.appendBars(1...1))
    }

    /// Each byte of an entry's head, in the middle of others: what came before is recorded, the rest counted, and nothing crashes.
    @Test(arguments: Array(0..<IntakeLayout.text), [0x00, 0xFF, 0x80] as [UInt8])
    func damagedEntriesEndTheRecovery(_ byte: Int, _ value: UInt8) throws {
        try leave()
        let entry = IntakeLayout.bytes(topic: Bars.topic.utf8.count, publisher: 0, body: 104)
        try change(IntakeRing.headerBytes + 50 * entry + byte, [value])
        let record = try folder.open()
        let statistics = record.statistics
        #expect(statistics.recorded >= 50)
        #expect(statistics.recorded == 100 || statistics.discardedBytes > 0 || byte >= IntakeLayout.position)
        #expect(record.appendBars(1000...1000))
        let bars = try folder.reader().read((Bars.topic, 1...50)).messages
        #expect(bars.map(\.event) == (1...50).map { Bars.event($0) })
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func garbageIsNeverACrash(_ seed: UInt64) throws {
        try leave()
        var random = SeededGenerator(state: seed)
        let size = try folder.read("intake.ring").count
        for _ in 0..<20 {
            // Mostly where something is: the words of the header, and the first entries.
            let end = [256, 8192, 20_000, size - 8][Int.random(in: 0..<4, using: &random)]
            let offset = Int.random(in: 8..<end, using: &random)
            try change(offset, [UInt8.random(in: 0...255, using: &random)])
        }
        let record = try folder.open()
        try record.start()
        defer { record.stop() }
        #expect(record.appendBars(1_000_000...1_000_000))
    }

    @Test func twoManagersDoNotShareARing() throws {
        let record = try folder.open()
        try record.start()
        let error = try #require(throws: RecordError.self) { try folder.open() }
        #expect(error.code == .locked && error.message.contains("fuser \(folder.ring)"))
        record.stop()
        _ = try folder.open()
    }

    @Test func anEmptyRingIsUsedAgain() throws {
        for _ in 1...3 {
            let record = try folder.open()
            #expect(record.isSameBoot && record.discardedBytes == 0)
            try record.start()
            let last = record.recovered[Bars.topic] ?? 0
            #expect(record.appendBars(last + 1...last + 100))
            record.stop()
        }
        let word = try folder.read("intake.ring").withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: IntakeRing.headOffset, as: UInt64.self)
        }
        // It goes on where it was: its blocks are not made anew.
        #expect(word > 300 * 104)
    }

    @Test func anotherSizeIsTakenOnceTheRingIsEmpty() throws {
        try leave()
        do {
            let first = try folder.open { $0.ringBytes = 256 << 10 }
            #expect(first.statistics.ringBytes == 1 << 20 && first.statistics.recorded == 100)
        }
        #expect(try folder.open { $0.ringBytes = 256 << 10 }.statistics.ringBytes == 256 << 10)
        #expect(try folder.read("intake.ring").count == (256 << 10) + IntakeRing.headerBytes)
    }
}

/// SplitMix64: equal seeds, equal bytes.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
