import Testing
import WireProtocol

@testable import WorkerRuntime

struct TopicTableTests {
    private func table(_ topics: String...) throws -> TopicTable {
        var table = TopicTable()
        for name in topics {
            let topic = try Array(name.utf8).withUnsafeBytes { try Topic(parsing: $0) }
            _ = table.subscribe(topic, .bar)
        }
        return table
    }

    private func find(_ name: String, in table: inout TopicTable) -> Int? {
        Array(name.utf8).withUnsafeBytes { table.find($0) }
    }

    @Test func topicsAreMatchedWhole() throws {
        var table = try table("market.BTC/USDT.kline", "market.BTC/USDT.tick")
        #expect(find("market.BTC/USDT.kline", in: &table) == 0)
        #expect(find("market.BTC/USDT.tick", in: &table) == 1)
        #expect(find("market.BTC/USDT.kline_1m", in: &table) == nil)
        #expect(find("market.BTC/USDT.klin", in: &table) == nil)
        #expect(find("market.ETH/USDT.kline", in: &table) == nil)
        #expect(find("", in: &table) == nil)
    }

    @Test func anUnsubscribedTopicIsNotFound() throws {
        var table = try table("market.A.kline")
        let topic = try Topic(symbol: "A", dataType: "kline")
        #expect(find("market.A.kline", in: &table) == 0)
        #expect(table.unsubscribe(topic) == 0)
        #expect(find("market.A.kline", in: &table) == nil)
        #expect(table.unsubscribe(topic) == nil)
        #expect(table.subscribed.isEmpty)
    }

    @Test func comingBackStartsTheSequenceAnew() throws {
        var table = try table("market.A.kline")
        let topic = try Topic(symbol: "A", dataType: "kline")
        table.advance(0, to: 5)
        _ = table.unsubscribe(topic)
        #expect(table.subscribe(topic, .bar) == 0)
        #expect(table.place(90, at: 0) == .next)
        #expect(table.subscribe(topic, .bar) == nil)
    }

    @Test func theMarkerSaysWhereATopicStood() throws {
        var table = try table("market.A.kline")
        #expect(table.index(of: "market.unknown.kline") == nil)
        table.advance(try #require(table.index(of: "market.A.kline")), to: 10)
        #expect(table.positions == ["market.A.kline": 10])
        #expect(table.place(10, at: 0) == .repeated)
        #expect(table.place(11, at: 0) == .next)
    }

    @Test func whatWasHandledIsSummedOverTheTopics() throws {
        var table = try table("market.A.kline", "market.B.kline")
        table.advance(0, to: 10)
        #expect(table.handledTotal == 10)
        table.advance(0, to: 12)
        table.advance(1, to: 100)
        #expect(table.handledTotal == 112)
        let topic = try Topic(symbol: "B", dataType: "kline")
        _ = table.unsubscribe(topic)
        #expect(table.handledTotal == 12 && table.index(of: "market.B.kline") == nil)
        _ = table.subscribe(topic, .bar)
        #expect(table.handledTotal == 12)
        table.advance(1, to: 101)
        #expect(table.handledTotal == 113)
    }

    @Test func anEventTimeThatGoesBackIsLate() throws {
        var table = try table("market.A.kline")
        #expect([5, 5, 4, 7, 6].map { table.isLate($0, at: 0) } == [false, false, true, false, true])
    }
}

struct SequenceTrackerTests {
    @Test func holesAreCountedAndRepeatsAreSeen() {
        var tracker = SequenceTracker()
        let places = [7, 8, 8, 7, 12, 13, 1].map { (sequence: UInt64) -> SequenceTracker.Place in
            let place = tracker.place(sequence)
            if place != .repeated { tracker.advance(to: sequence) }
            return place
        }
        #expect(places == [.next, .next, .repeated, .repeated, .gap(missing: 3), .next, .repeated])
        #expect(tracker.last == 13)
    }

    @Test func aHoleRightAfterTheMarkerIsAHole() {
        var tracker = SequenceTracker()
        tracker.advance(to: 0)
        #expect(tracker.place(3) == .gap(missing: 2))
    }
}

struct RateLimitTests {
    @Test func whatIsTurnedAwayIsCounted() {
        var limit = RateLimit(2, per: .nanoseconds(10))
        #expect([0, 1, 2, 3].map { limit.admit(at: $0) } == [0, 0, nil, nil])
        #expect(limit.admit(at: 10) == 2)
        #expect(limit.admit(at: 11) == 0)
    }
}
