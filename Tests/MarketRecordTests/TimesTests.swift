import Testing
import WireProtocol

@testable import MarketRecord

/// Messages are found by their times as if each had been looked at.
@Suite struct TimesTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Five blocks with holes; in the second and the last one some messages are late or early.
    private func fill(isInOrder: Bool) throws -> [(sequence: UInt64, time: Int64)] {
        var random = SplitMix(state: 5)
        var all: [(sequence: UInt64, time: Int64)] = []
        let record = try folder.open()
        try record.start()
        var body: [UInt8] = []
        for sequence in 1...20_000 as ClosedRange<UInt64> where sequence % 7 != 0 {
            var event = Bars.event(sequence)
            let isOdd = !isInOrder && (4096..<8192).contains(sequence) || !isInOrder && sequence > 16_384
            if isOdd, random.next() % 50 == 0 { event.eventTime = Bars.eventTime(random.next() % 25_000) }
            // Several with one time.
            if sequence % 5 == 0 { event.eventTime = all.last?.time ?? event.eventTime }
            body.removeAll()
            BinaryCodec.encode(event, into: &body)
            while !record.append(Bars.topic, body, sequence: sequence) {}
            all.append((sequence, event.eventTime))
        }
        record.stop()
        return all
    }

    private func check(_ all: [(sequence: UInt64, time: Int64)]) throws {
        let reader = try folder.reader()
        var random = SplitMix(state: 9)
        for _ in 0..<400 {
            let time = Bars.eventTime(random.next() % 22_000) + Int64(random.next() % 3) - 1
            let first = all.first { $0.time >= time }?.sequence
            #expect(try reader.range(Bars.topic, since: time, until: nil)?.from == first)
            let last = all.last { $0.time <= time }?.sequence
            #expect(try reader.range(Bars.topic, since: nil, until: time)?.to == last)
        }
    }

    @Test(arguments: [true, false]) func theyAreFound(_ isInOrder: Bool) throws {
        try check(fill(isInOrder: isInOrder))
        let blocks = try folder.reader().connection.integer("SELECT count(*) FROM blocks WHERE in_order")
        #expect(blocks == (isInOrder ? 5 : 3))
    }

    /// A record of the version before is brought up to date, and nothing is believed of its blocks that was not kept then.
    @Test func theyAreFoundInAnOlderRecord() throws {
        let all = try fill(isInOrder: true)
        let old = try Connection(path: folder.database, readOnly: false, busyTimeout: .zero)
        try old.execute(
            "DROP INDEX blocks_by_event_time; ALTER TABLE blocks DROP COLUMN in_order; PRAGMA user_version = 1"
        )
        let record = try folder.open()
        record.stop()
        try check(all)
        #expect(try folder.reader().connection.integer("SELECT count(*) FROM blocks WHERE in_order") == 0)
    }
}

/// Numbers that are the same in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
