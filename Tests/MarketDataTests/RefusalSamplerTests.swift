import MarketData
import Testing

@Suite struct RefusalSamplerTests {
    private func admitted(_ perSecond: Int, at times: [Int64]) -> [UInt64?] {
        var sampler = RefusalSampler(perSecond: perSecond)
        return times.map { sampler.admit(at: $0) }
    }

    @Test func eachSecondHasItsOwnAllowance() {
        let second: Int64 = 1_000_000_000
        let times = [0, 1, 2, 3, second - 1, second, second + 1, second + 2, 5 * second].map { 7 * second + $0 }
        #expect(admitted(2, at: times) == [0, 0, nil, nil, nil, 3, 0, nil, 1])
    }

    @Test func whatWasLeftOutIsSaidOnce() {
        #expect(admitted(1, at: [0, 1, 1_000_000_000, 2_000_000_000]) == [0, nil, 1, 0])
    }

    @Test func anAllowanceOfNothingReportsNothing() {
        #expect(admitted(0, at: [0, 1_000_000_000]) == [nil, nil])
    }
}
