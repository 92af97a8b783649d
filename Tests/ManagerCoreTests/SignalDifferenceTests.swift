import EventJournal
import Testing

@testable import ManagerCore

@Suite("Signals of a replay beside those of then")
struct SignalDifferenceTests {
    private func signal(_ sequence: UInt64?, price: Double = 1, emittedAt: Int64 = 0) -> SignalRecord {
        SignalRecord(
            signalID: "w:X.kline:\(sequence ?? 0):1",
            workerID: "w",
            name: "close",
            symbol: "X",
            dataType: "kline",
            sequence: sequence,
            price: price,
            emittedAt: emittedAt
        )
    }

    private func difference(then: [SignalRecord], now: [SignalRecord]) -> SignalDifference {
        SignalDifference(
            then: then.compactMap(SignalDifference.Signal.init),
            now: now.compactMap(SignalDifference.Signal.init)
        )
    }

    @Test("alike, though emitted at another time")
    func same() {
        let difference = difference(
            then: [signal(1, emittedAt: 5), signal(2), signal(nil)],
            now: [signal(1, emittedAt: 9), signal(2)]
        )
        #expect(difference.isEmpty)
        #expect(difference.same == 2)
    }

    @Test("missing, extra, and otherwise")
    func different() {
        let difference = difference(
            then: [signal(1), signal(2), signal(3)],
            now: [signal(2), signal(3, price: 7), signal(4)]
        )
        #expect(!difference.isEmpty)
        #expect(difference.same == 1)
        #expect(difference.missing.map(\.sequence) == [1, 3])
        #expect(difference.extra.map(\.sequence) == [3, 4])
        #expect(difference.extra.map(\.price) == [7, 1])
    }
}
