import Testing

@testable import WorkerRuntime

/// What conflation keeps.
struct LatestBodiesTests {
    private func put(_ byte: UInt8, at index: Int, _ latest: inout LatestBodies) throws {
        [byte].withUnsafeBytes { latest.put($0, at: index) }
    }

    private func takeAll(_ latest: inout LatestBodies) -> [[UInt8]] {
        var taken: [[UInt8]] = []
        while let index = latest.next() {
            latest.withBody(at: index) { taken.append([UInt8(index)] + $0) }
        }
        latest.removeAll()
        return taken
    }

    @Test func theLatestOfEachInTheOrderOfTheLatest() throws {
        var latest = LatestBodies()
        #expect(takeAll(&latest).isEmpty)
        for (byte, index) in [(1, 0), (2, 1), (3, 0), (4, 2), (5, 0)] { try put(UInt8(byte), at: index, &latest) }
        #expect(takeAll(&latest) == [[1, 2], [2, 4], [0, 5]])
        #expect(takeAll(&latest).isEmpty)
        try put(6, at: 1, &latest)
        #expect(takeAll(&latest) == [[1, 6]])
    }
}
