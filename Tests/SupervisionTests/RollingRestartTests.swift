import Testing

@testable import Supervision

@Suite struct RollingRestartTests {
    @Test func oneAfterTheOther() {
        var rolling = RollingRestart(["a", "b", "c"])
        #expect(rolling.on(.begin) == [.restart("a")])
        #expect(rolling.on(.begin).isEmpty)
        #expect(rolling.on(.ready("a")) == [.restart("b")])
        #expect(rolling.on(.ready("b")) == [.restart("c")])
        #expect(!rolling.isOver)
        #expect(rolling.on(.ready("c")) == [.finished])
        #expect(rolling.isOver)
        #expect(rolling.done == ["a", "b", "c"])
    }

    @Test func itStopsAtTheFirstThatDoesNotComeBack() {
        var rolling = RollingRestart(["a", "b", "c", "d", "e"], maxUnavailable: 2)
        #expect(rolling.on(.begin) == [.restart("a"), .restart("b")])
        #expect(rolling.on(.ready("b")) == [.restart("c")])
        #expect(rolling.on(.failed("a", reason: "exit code 1")) == [.aborted(at: "a", reason: "exit code 1")])
        #expect(rolling.on(.ready("c")).isEmpty)
        #expect(rolling.on(.failed("c", reason: "too")).isEmpty)
        #expect(rolling.waiting == ["d", "e"])
    }

    @Test func whatIsSaidOfOthersChangesNothing() {
        var rolling = RollingRestart(["a", "b"])
        #expect(rolling.on(.ready("a")).isEmpty)
        rolling = RollingRestart(["a", "b"])
        _ = rolling.on(.begin)
        #expect(rolling.on(.ready("b")).isEmpty)
        #expect(rolling.on(.failed("x", reason: "unknown")).isEmpty)
        #expect(rolling.on(.ready("a")) == [.restart("b")])
        #expect(rolling.on(.ready("a")).isEmpty)
    }

    @Test func nobodyIsFinishedAtOnceAndTwiceIsOnce() {
        var nobody = RollingRestart([])
        #expect(nobody.on(.begin) == [.finished])
        var twice = RollingRestart(["a", "a"], maxUnavailable: 0)
        #expect(twice.on(.begin) == [.restart("a")])
        #expect(twice.on(.ready("a")) == [.finished])
    }

    @Test(arguments: 1...6)
    func neverMoreAreAwayThanAllowed(_ limit: Int) {
        var random = SeededGenerator(state: UInt64(limit))
        let ids = (0..<50).map(String.init)
        var rolling = RollingRestart(ids, maxUnavailable: limit)
        var away: Set<String> = []
        var order: [String] = []
        var actions = rolling.on(.begin)
        while !rolling.isOver {
            for case .restart(let id) in actions {
                away.insert(id)
                order.append(id)
            }
            #expect(away.count <= limit)
            #expect(away == rolling.away)
            guard let back = away.sorted().randomElement(using: &random) else { break }
            away.remove(back)
            actions = rolling.on(.ready(back))
        }
        #expect(actions == [.finished])
        #expect(order == ids)
    }
}
