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
        #expect(table.place(5, at: 0) == .next)
        _ = table.unsubscribe(topic)
        #expect(table.subscribe(topic, .bar) == 0)
        #expect(table.place(90, at: 0) == .next)
        #expect(table.subscribe(topic, .bar) == nil)
    }

    @Test func theMarkerSaysWhereATopicStood() throws {
        var table = try table("market.A.kline")
        table.join("market.A.kline", at: 10)
        table.join("market.unknown.kline", at: 99)
        #expect(table.place(10, at: 0) == .repeated)
        #expect(table.place(11, at: 0) == .next)
    }

    @Test func whatWasHandledIsSummedOverTheTopics() throws {
        var table = try table("market.A.kline", "market.B.kline")
        table.join("market.A.kline", at: 10)
        #expect(table.handledTotal == 10)
        _ = table.place(12, at: 0)
        _ = table.place(11, at: 0)
        _ = table.place(100, at: 1)
        #expect(table.handledTotal == 112)
        let topic = try Topic(symbol: "B", dataType: "kline")
        _ = table.unsubscribe(topic)
        table.join("market.B.kline", at: 7)
        #expect(table.handledTotal == 12)
        _ = table.subscribe(topic, .bar)
        #expect(table.handledTotal == 12)
        _ = table.place(101, at: 1)
        #expect(table.handledTotal == 113)
    }
}

struct SequenceTrackerTests {
    @Test func holesAreCountedAndRepeatsAreSeen() {
        var tracker = SequenceTracker()
        let places = [7, 8, 8, 7, 12, 13, 1].map { tracker.place($0) }
        #expect(places == [.next, .next, .repeated, .repeated, .gap(missing: 3), .next, .repeated])
        #expect(tracker.last == 13)
    }

    @Test func aHoleRightAfterTheMarkerIsAHole() {
        var tracker = SequenceTracker()
        tracker.join(at: 0)
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
