import Testing

@testable import MarketData

@Suite struct SubscriptionsTests {
    private func counts(_ patterns: [(String, Int)], of topics: String...) -> [Int] {
        var subscriptions = Subscriptions()
        for (pattern, step) in patterns { subscriptions.change(pattern, by: step) }
        return topics.map { subscriptions.count(of: $0) }
    }

    @Test func wholeTopicsCountForThemselves() {
        let patterns = [("market.BTC.kline", 1), ("market.BTC.kline", 1), ("market.ETH.kline", 1)]
        #expect(counts(patterns, of: "market.BTC.kline", "market.ETH.kline", "market.BTC.kline_1m") == [2, 1, 0])
    }

    @Test func socketsThatGoAreCountedDown() {
        let patterns = [("market.BTC.kline", 1), ("market.BTC.kline", 1), ("market.BTC.kline", -1), ("market.", 1)]
        #expect(counts(patterns, of: "market.BTC.kline") == [2])
        #expect(counts(patterns + [("market.", -1), ("market.BTC.kline", -1)], of: "market.BTC.kline") == [0])
        // An end without a beginning: counted before a limit, or made up by the peer.
        #expect(counts([("market.BTC.kline", -1), ("market.BTC.kline", 1)], of: "market.BTC.kline") == [1])
    }

    @Test(arguments: ["", "m", "market.", "market.BTC", "market.BTC."])
    func aPrefixCountsForAllItsTopics(_ pattern: String) {
        #expect(counts([(pattern, 1)], of: "market.BTC.kline", "market.BTC.tick") == [1, 1])
        #expect(counts([(pattern, 1), (pattern, -1)], of: "market.BTC.kline") == [0])
    }

    @Test func patternsBeyondTheBoundAreNotKept() {
        var subscriptions = Subscriptions()
        for number in 0..<Subscriptions.maxPatterns { subscriptions.change("market.S\(number).tick", by: 1) }
        subscriptions.change("market.LATE.tick", by: 1)
        #expect(subscriptions.count(of: "market.LATE.tick") == 0)
        #expect(subscriptions.count(of: "market.S0.tick") == 1)
        subscriptions.change("market.S0.tick", by: 1)
        #expect(subscriptions.count(of: "market.S0.tick") == 2)
        subscriptions.change("market.S1.tick", by: -1)
        subscriptions.change("market.LATE.tick", by: 1)
        #expect(subscriptions.count(of: "market.LATE.tick") == 1)
    }

    @Test func prefixesHaveABoundOfTheirOwn() {
        var subscriptions = Subscriptions()
        for number in 0..<1000 { subscriptions.change("nonsense\(number)", by: 1) }
        subscriptions.change("market.", by: 1)
        #expect(subscriptions.count(of: "market.BTC.tick") == 0)
        for number in 0..<1000 { subscriptions.change("nonsense\(number)", by: -1) }
        subscriptions.change("market.", by: 1)
        #expect(subscriptions.count(of: "market.BTC.tick") == 1)
    }

    // MARK: Joining

    @Test func aRequestIsAnsweredOnceWhenTheSubscriptionComes() {
        var subscriptions = Subscriptions()
        #expect(subscriptions.ask("w", replyTo: "1", topics: ["t"]) == false)
        let request = subscriptions.arrive("w")
        #expect(request?.replyTo == "1")
        #expect(request?.topics == ["t"])
        #expect(subscriptions.arrive("w") == nil)
    }

    @Test func aSubscriptionThatIsThereIsAnsweredEachTimeThatARequestComes() {
        var subscriptions = Subscriptions()
        #expect(subscriptions.arrive("w") == nil)
        #expect(subscriptions.ask("w", replyTo: "1", topics: []) == true)
        #expect(subscriptions.ask("w", replyTo: "2", topics: []) == true)
        subscriptions.leave("w")
        #expect(subscriptions.ask("w", replyTo: "3", topics: []) == false)
        #expect(subscriptions.arrive("w")?.replyTo == "3")
    }

    @Test func workersAreKeptApart() {
        var subscriptions = Subscriptions()
        _ = subscriptions.arrive("a")
        #expect(subscriptions.ask("b", replyTo: "1", topics: []) == false)
        #expect(subscriptions.ask("a", replyTo: "2", topics: []) == true)
        #expect(subscriptions.arrive("b")?.replyTo == "1")
    }

    @Test func aSubscriptionThatHasEndedDoesNotCount() {
        var subscriptions = Subscriptions()
        _ = subscriptions.arrive("w")
        subscriptions.leave("w")
        #expect(subscriptions.ask("w", replyTo: "1", topics: []) == false)
        // What was asked for stays asked for: the socket may only be connecting again.
        subscriptions.leave("w")
        #expect(subscriptions.arrive("w")?.replyTo == "1")
    }

    @Test func whoIsForgottenGetsNothing() {
        var subscriptions = Subscriptions()
        _ = subscriptions.ask("w", replyTo: "1", topics: [])
        subscriptions.forget("w")
        #expect(subscriptions.arrive("w") == nil)
        subscriptions.forget("w")
        #expect(subscriptions.ask("w", replyTo: "2", topics: []) == false)
    }
}
