import Testing

@testable import Supervision

@Suite struct StormBreakerTests {
    private typealias Instant = SuspendingClock.Instant
    private let start = SuspendingClock().now

    // MARK: The bucket

    @Test func aBurstPassesAndTheRestComesOneByOne() {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 10, burst: 3))
        for id in ["a", "b", "c"] { #expect(breaker.admit(id, for: .restart, at: start) == .now) }
        #expect(breaker.admit("d", for: .restart, at: start) == .at(start + .milliseconds(100)))
        #expect(breaker.admit("e", for: .restart, at: start) == .at(start + .milliseconds(200)))
        #expect(breaker.nextDeadline == start + .milliseconds(100))
        #expect(breaker.release(at: start + .milliseconds(99)) == [])
        #expect(breaker.release(at: start + .milliseconds(100)) == ["d"])
        #expect(breaker.release(at: start + .milliseconds(250)) == ["e"])
        #expect(breaker.nextDeadline == nil)
        // It fills again, and no further than to the brim.
        #expect(breaker.release(at: start + .seconds(100)) == [])
        for id in ["a", "b", "c"] { #expect(breaker.admit(id, for: .restart, at: start + .seconds(100)) == .now) }
        #expect(breaker.admit("d", for: .restart, at: start + .seconds(100)) != .now)
    }

    @Test func whatAPersonAsksForGoesFirst() {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 1, burst: 1))
        #expect(breaker.admit("a", for: .restart, at: start) == .now)
        #expect(breaker.admit("b", for: .restart, at: start) == .at(start + .seconds(1)))
        #expect(breaker.admit("c", for: .request, at: start) == .at(start + .seconds(1)))
        #expect(breaker.expected("b", at: start) == start + .seconds(2))
        #expect(breaker.waiting == ["c", "b"])
        #expect(breaker.release(at: start + .seconds(5)) == ["c"])
        #expect(breaker.release(at: start + .seconds(6)) == ["b"])
    }

    @Test func askingAgainOrLeavingKeepsNoOldPlace() {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 1, burst: 1))
        _ = breaker.admit("a", for: .request, at: start)
        for id in ["b", "c", "b"] { _ = breaker.admit(id, for: .restart, at: start) }
        #expect(breaker.waiting == ["c", "b"])
        breaker.forget("c")
        #expect(breaker.release(at: start + .seconds(1)) == ["b"])
        #expect(breaker.expected("c", at: start) == nil)
    }

    @Test(arguments: [(0.0, 0), (-1, -5), (0.001, 1)])
    func limitsOfNothingStillLetSomethingThrough(_ rate: Double, _ burst: Int) {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: rate, burst: burst))
        #expect(breaker.admit("a", for: .request, at: start) == .now)
        #expect(breaker.admit("b", for: .request, at: start) == .at(start + .seconds(100)))
    }

    // MARK: Storms

    @Test func fiveThatFailOfOneCauseWithinFiveSecondsAreAStorm() {
        var breaker = StormBreaker()
        for index in 0..<4 {
            let now = start + .seconds(index)
            #expect(breaker.failed("\(index)", of: .signal, at: now) == nil)
            // Other causes, and the same worker again, make no storm.
            #expect(breaker.failed("\(index)", of: .frozen, at: now) == nil)
            #expect(breaker.failed("0", of: .exitCode, at: now) == nil)
        }
        let now = start + .milliseconds(4999)
        let storm = breaker.failed("4", of: .signal, at: now)
        #expect(storm?.cause == .signal)
        #expect(storm?.workerIDs == ["0", "1", "2", "3", "4"])
        #expect(storm?.until == now + .seconds(5))
        // What follows belongs to it.
        for index in 5..<8 { #expect(breaker.failed("\(index)", of: .signal, at: now) == nil) }
        #expect(breaker.admit("4", for: .restart, at: now) == .at(now + .seconds(5)))
        #expect(breaker.admit("new", for: .request, at: now) == .now)
        #expect(breaker.nextDeadline == now + .seconds(5))
        #expect(breaker.release(at: now + .milliseconds(4999)) == [])
        #expect(breaker.release(at: now + .seconds(5)) == ["4"])
        // And after it another five are needed.
        #expect(breaker.failed("8", of: .signal, at: now + .seconds(5)) == nil)
    }

    @Test func whatIsLongAgoCountsNoMore() {
        var breaker = StormBreaker()
        for index in 0..<100 {
            #expect(breaker.failed("\(index)", of: .signal, at: start + .milliseconds(1250 * index)) == nil)
        }
    }

    /// The first is one alone; with the second it may be more, and restarts wait until it shows.
    @Test func afterTheSecondRestartsWaitToSeeWhetherMoreFollow() {
        let gathering = StormBreaker.gathering
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 1000, burst: 1000))
        #expect(breaker.failed("a", of: .signal, at: start) == nil)
        #expect(breaker.admit("a", for: .restart, at: start) == .now)
        let second = start + .milliseconds(30)
        #expect(breaker.failed("b", of: .signal, at: second) == nil)
        #expect(breaker.admit("b", for: .restart, at: second) == .at(second + gathering))
        #expect(breaker.admit("asked", for: .request, at: second) == .now)
        // It is not yet a storm, and each that follows puts it off.
        #expect(!breaker.isPaused(at: second))
        let third = second + .milliseconds(99)
        #expect(breaker.failed("c", of: .signal, at: third) == nil)
        #expect(breaker.admit("c", for: .restart, at: third) == .at(third + gathering))
        #expect(breaker.release(at: second + gathering) == [])
        #expect(breaker.nextDeadline == third + gathering)
        // Nothing more came: three that fell together make no storm.
        #expect(breaker.release(at: third + gathering) == ["b", "c"])
        #expect(breaker.nextDeadline == nil)
        let later = third + gathering
        #expect(breaker.failed("d", of: .signal, at: later) == nil)
        #expect(breaker.admit("d", for: .restart, at: later) == .now)
    }

    @Test func theSameWorkerAgainOrAnotherCauseGathersNothing() {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 1000, burst: 1000))
        for step in 0..<20 {
            let now = start + .milliseconds(step)
            #expect(breaker.failed("a", of: .signal, at: now) == nil)
            #expect(breaker.failed("b", of: .exitCode, at: now) == nil)
            for id in ["a", "b"] { #expect(breaker.admit(id, for: .restart, at: now) == .now) }
        }
    }

    @Test func fiftyThatFallTogetherLeaveOneReplaced() {
        var breaker = StormBreaker()
        var admitted: [String] = []
        var storms: [StormBreaker.Storm] = []
        for index in 0..<50 {
            let now = start + .milliseconds(index)
            if let storm = breaker.failed("w\(index)", of: .signal, at: now) { storms.append(storm) }
            if breaker.admit("w\(index)", for: .restart, at: now) == .now { admitted.append("w\(index)") }
        }
        #expect(admitted == ["w0"])
        #expect(storms.map(\.workerIDs) == [["w0", "w1", "w2", "w3", "w4"]])
        #expect(breaker.nextDeadline == start + .milliseconds(4) + .seconds(5))
        while let next = breaker.nextDeadline { admitted += breaker.release(at: next) }
        #expect(admitted == (0..<50).map { "w\($0)" })
    }

    // MARK: Invariants

    /// In any stretch of time no more is admitted than the burst and what the rate gives; nobody is lost, nobody overtakes; and whoever
    /// waits starts when it was told, unless somebody came between.
    @Test(arguments: 0..<20)
    func neverMoreThanRateAndBurst(_ seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        let rate = Double(Int.random(in: 1...50, using: &random))
        let burst = Int.random(in: 1...30, using: &random)
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: rate, burst: burst))
        var now = start
        var admitted: [Instant] = []
        var waiting: Set<String> = []
        for step in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...60, using: &random))
            if Int.random(in: 0..<100, using: &random) == 0 { now += .seconds(10) }
            let id = "\(step)"
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let purpose: StormBreaker.Purpose = Bool.random(using: &random) ? .request : .restart
                switch breaker.admit(id, for: purpose, at: now) {
                case .now: admitted.append(now)
                case .at(let instant):
                    #expect(instant >= now)
                    waiting.insert(id)
                }
            case 6:
                let storm = breaker.failed("\(step % 7)", of: .signal, at: now)
                if let storm { #expect(storm.workerIDs.count == 5) }
            case 7:
                if let gone = waiting.sorted().randomElement(using: &random) {
                    breaker.forget(gone)
                    waiting.remove(gone)
                }
            default:
                if let next = breaker.nextDeadline { now = max(now, next) }
                let released = breaker.release(at: now)
                for id in released {
                    admitted.append(now)
                    #expect(waiting.remove(id) != nil)
                }
                if let next = breaker.nextDeadline { #expect(next > now) }
            }
            #expect(Set(breaker.waiting) == waiting)
        }
        // Every stretch that begins and ends with an admission; the longer ones follow from the shorter.
        for first in admitted.indices {
            let isTooMuch = admitted.indices[first...].prefix(100).contains { last in
                let seconds = (admitted[last] - admitted[first]) / .seconds(1)
                return Double(last - first + 1) > Double(burst) + rate * seconds + 1e-6
            }
            #expect(!isTooMuch)
        }
        while let next = breaker.nextDeadline { waiting.subtract(breaker.release(at: next)) }
        #expect(waiting.isEmpty)
    }

    @Test func expectationsAreExactWhileNobodyComesBetween() {
        var breaker = StormBreaker(StormBreaker.Configuration(spawnsPerSecond: 7, burst: 4))
        for index in 0..<5 { _ = breaker.failed("\(index)", of: .signal, at: start) }
        var expected: [String: Instant] = [:]
        for index in 0..<30 {
            let id = "\(index)"
            if case .at(let instant) = breaker.admit(id, for: .restart, at: start) { expected[id] = instant }
        }
        #expect(expected.count == 30)
        while let next = breaker.nextDeadline {
            for id in breaker.release(at: next) { #expect(expected[id] == next) }
        }
    }
}
