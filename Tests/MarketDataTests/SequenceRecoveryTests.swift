import Testing

@testable import MarketData

@Suite struct SequenceRecoveryTests {
    private struct Kept: Equatable {
        let topic: String
        let sequence: UInt64
        let isRecorded: Bool
    }

    private func recover(
        _ kept: [Kept],
        _ recorded: [String: UInt64],
        isSameBoot: Bool,
        capacity: Int = 8
    ) throws -> (kept: [Kept], corrections: [SequenceCorrection]) {
        let folder = try TemporaryFolder()
        var ledger = try TopicLedger.open(path: folder.ledger, capacity: capacity)
        for entry in kept {
            let index = try #require(Array(entry.topic.utf8).withUnsafeBytes { ledger.add($0) })
            ledger.set(index, entry.sequence, isRecorded: entry.isRecorded)
        }
        let corrections = SequenceRecovery.apply(to: &ledger, recorded: recorded, isSameBoot: isSameBoot)
        let after = (0..<ledger.count).map { index in
            Kept(
                topic: String(decoding: ledger.topic(index), as: UTF8.self),
                sequence: ledger.sequence(index),
                isRecorded: ledger.isRecorded(index)
            )
        }
        return (after, corrections)
    }

    @Test(arguments: [true, false]) func theRecordIsAhead(isSameBoot: Bool) throws {
        let (kept, corrections) = try recover(
            [Kept(topic: "a", sequence: 4, isRecorded: false), Kept(topic: "b", sequence: 9, isRecorded: false)],
            ["a": 5, "c": 3],
            isSameBoot: isSameBoot
        )
        #expect(
            kept == [
                Kept(topic: "a", sequence: 5, isRecorded: true), Kept(topic: "b", sequence: 9, isRecorded: false),
                Kept(topic: "c", sequence: 3, isRecorded: true),
            ]
        )
        #expect(
            corrections == [
                SequenceCorrection(topic: "a", from: 4, to: 5), SequenceCorrection(topic: "c", from: 0, to: 3),
            ]
        )
    }

    @Test func aPowerCutTakesBackWhatWasHandedToTheRecordAndNothingElse() throws {
        let before = [
            Kept(topic: "recorded", sequence: 9, isRecorded: true), Kept(topic: "not", sequence: 9, isRecorded: false),
            Kept(topic: "unknown", sequence: 9, isRecorded: true),
        ]
        let recorded: [String: UInt64] = ["recorded": 6, "not": 6]
        let cut = try recover(before, recorded, isSameBoot: false)
        #expect(cut.kept.map(\.sequence) == [6, 9, 9])
        #expect(cut.corrections == [SequenceCorrection(topic: "recorded", from: 9, to: 6)])
        let killed = try recover(before, recorded, isSameBoot: true)
        #expect(killed.kept == before)
        #expect(killed.corrections.isEmpty)
    }

    @Test func aTopicBeyondTheBoundIsLeftOut() throws {
        let (kept, corrections) = try recover([], ["a": 1, "b": 2], isSameBoot: true, capacity: 1)
        #expect(kept == [Kept(topic: "a", sequence: 1, isRecorded: true)])
        #expect(corrections.count == 1)
    }

    @Test func theMarkDoesNotHideTheTopic() throws {
        let folder = try TemporaryFolder()
        do {
            var ledger = try TopicLedger.open(path: folder.ledger, capacity: 2)
            let topic = String(repeating: "x", count: 118)
            let index = try #require(Array(topic.utf8).withUnsafeBytes { ledger.add($0) })
            ledger.set(index, 7, isRecorded: true)
        }
        let ledger = try TopicLedger.open(path: folder.ledger, capacity: 2)
        let (count, length, sequence, isRecorded) = (
            ledger.count, ledger.topic(0).count, ledger.sequence(0), ledger.isRecorded(0)
        )
        #expect(count == 1)
        #expect(length == 118)
        #expect(sequence == 7)
        #expect(isRecorded)
    }
}
