import Testing

@testable import MarketData

@Suite struct EventOrderTests {
    private func order(_ times: [Int64]) -> EventOrder {
        var order = EventOrder()
        for (index, time) in times.enumerated() { order.note(eventTime: time, digest: UInt64(index + 1)) }
        return order
    }

    @Test(
        arguments: [
            ([], 0, 0), ([1, 2, 2, 3], 0, 0), ([10, 5], 1, 0), ([10, 5, 7, 9, 10, 11], 1, 2), ([10, 5, 4, 12], 2, 0),
            ([10, 0, 5, 11], 0, 1),
        ] as [([Int64], UInt64, UInt64)]
    )
    func whatGoesBack(times: [Int64], outOfOrder: UInt64, late: UInt64) {
        let order = order(times)
        #expect(order.outOfOrder == outOfOrder)
        #expect(order.late == late)
        #expect(order.duplicates == 0)
    }

    @Test func whatComesTwice() {
        var order = EventOrder()
        for (time, digest) in [(1, 7), (1, 7), (1, 8), (2, 8), (2, 8), (1, 7)] as [(Int64, UInt64)] {
            order.note(eventTime: time, digest: digest)
        }
        #expect(order.duplicates == 2)
    }

    @Test func everyByteCounts() {
        let bytes = [UInt8](0..<37)
        let digest = bytes.withUnsafeBytes { EventOrder.digest($0) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(changed.withUnsafeBytes { EventOrder.digest($0) } != digest)
        }
        #expect(bytes.dropLast().withUnsafeBytes { EventOrder.digest($0) } != digest)
        var head = bytes
        head[3] ^= 1
        #expect(
            head.withUnsafeBytes { EventOrder.digest($0, from: 8) }
                == bytes.withUnsafeBytes { EventOrder.digest($0, from: 8) }
        )
    }
}
