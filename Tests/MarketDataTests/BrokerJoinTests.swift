import MarketData
import Testing
import WireProtocol

/// How subscribers come, join without a hole, and go.
@Suite struct BrokerJoinTests {
    /// How often the order of request and subscription is tried.
    private static let rounds = 20

    @Test func theMarkerComesOnceWhenTheRequestWasFirst() async throws {
        try await BrokerRig.run { rig in
            for round in 0..<Self.rounds {
                let subscriber = try Subscriber(rig.context, rig.folder.data)
                await rig.broker.sync("w\(round)", replyTo: "r\(round)", topics: ["market.A.kline"])
                try subscriber.subscribe("market.A.kline")
                try subscriber.subscribe("sync.w\(round)")
                #expect(try subscriber.marker(of: "w\(round)").replyTo == "r\(round)")
                // Only once: what comes next is the next marker.
                _ = try await subscriber.join(rig.broker, topics: [])
            }
        }
    }

    @Test func theMarkerComesOnceWhenTheSubscriptionWasFirst() async throws {
        try await BrokerRig.run { rig in
            for round in 0..<Self.rounds {
                let subscriber = try Subscriber(rig.context, rig.folder.data)
                try subscriber.subscribe("sync.w\(round)")
                // Another marker over the same socket tells that the subscription has arrived.
                _ = try await subscriber.join(rig.broker, topics: [])
                await rig.broker.sync("w\(round)", replyTo: "r\(round)", topics: [])
                #expect(try subscriber.marker(of: "w\(round)").replyTo == "r\(round)")
                _ = try await subscriber.join(rig.broker, topics: [])
            }
        }
    }

    @Test func theMarkerDividesWhatWasFromWhatComes() async throws {
        try await BrokerRig.run { rig in
            let first = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            for _ in 0..<3 { try publisher.send("market.A.kline", Bodies.bar()) }
            try publisher.send("market.B.kline", Bodies.bar())
            for _ in 0..<4 { _ = try first.next() }

            let second = try Subscriber(rig.context, rig.folder.data)
            try second.subscribe("market.A.kline")
            let topics = ["market.A.kline", "market.B.kline", "market.NEVER.kline", "no topic"]
            let sequences = try await second.join(rig.broker, topics: topics)
            #expect(
                sequences == ["market.A.kline": 3, "market.B.kline": 1, "market.NEVER.kline": 0, "no topic": 0]
            )
            try publisher.send("market.A.kline", Bodies.bar())
            let (topic, event) = try second.nextEvent()
            #expect(topic == "market.A.kline")
            #expect(event.sequence == 4)
            // Asking for a topic does not make it.
            #expect(await rig.broker.counters().topics.count == 2)
        }
    }

    /// The strongest form: joining while data pours in, every subscriber knows all that it has and has not.
    @Test func joiningInTheMiddleOfAStreamLeavesNoHole() async throws {
        try await BrokerRig.run { rig in
            let witness = try await rig.subscriber("market.A.kline")
            let publisher = try rig.publisher()
            for round in 0..<Self.rounds {
                // An identity is one process's.
                let identity = "x\(round)"
                for _ in 0..<50 { try publisher.send("market.A.kline", Bodies.bar()) }
                let subscriber = try Subscriber(rig.context, rig.folder.data)
                try subscriber.subscribe("market.A.kline")
                try subscriber.subscribe("sync.\(identity)")
                await rig.broker.sync(identity, replyTo: "r", topics: ["market.A.kline"])
                for _ in 0..<50 { try publisher.send("market.A.kline", Bodies.bar()) }
                // Data may come before the marker, since the subscription to it was first; then it is numbered up to the marker.
                var last: UInt64?
                var (topic, body) = try subscriber.next()
                while topic != "sync.\(identity)" {
                    let sequence = try body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }.sequence
                    #expect(last == nil || sequence == (last ?? 0) + 1)
                    last = sequence
                    (topic, body) = try subscriber.next()
                }
                let marker = try body.withUnsafeBytes { try Message(parsing: $0) }
                let position = try #require(marker.payload["topics"]?["market.A.kline"]?.integerValue)
                #expect(last == nil || last == UInt64(position))
                let total = try Self.drain(100, from: witness)
                if UInt64(position) < total {
                    #expect(try subscriber.nextEvent().event.sequence == UInt64(position) + 1)
                }
            }
        }
    }

    /// Reads `count` messages and returns the last sequence.
    private static func drain(_ count: Int, from subscriber: Subscriber) throws -> UInt64 {
        var last: UInt64 = 0
        for _ in 0..<count { last = try subscriber.nextEvent().event.sequence }
        return last
    }

    @Test func aForgottenWorkerGetsNoMarker() async throws {
        try await BrokerRig.run { rig in
            await rig.broker.sync("gone", replyTo: "r", topics: [])
            await rig.broker.forget("gone")
            let subscriber = try Subscriber(rig.context, rig.folder.data)
            try subscriber.subscribe("sync.gone")
            _ = try await subscriber.join(rig.broker, topics: [])
        }
    }

    @Test func subscribersAreCountedAsTheyComeAndGo() async throws {
        try await BrokerRig.run { rig in
            let staying = try await rig.subscriber("market.A.kline")
            try rig.publisher().send("market.A.kline", Bodies.bar())
            _ = try staying.next()
            let changing = try await rig.subscriber("market.A.kline", "market.")
            #expect(try await rig.subscribers(of: "market.A.kline") == 3)
            try changing.unsubscribe("market.A.kline")
            _ = try await changing.join(rig.broker, topics: [])
            #expect(try await rig.subscribers(of: "market.A.kline") == 2)
            do {
                let leaving = try await rig.subscriber("market.A.kline")
                #expect(try await rig.subscribers(of: "market.A.kline") == 3)
                withExtendedLifetime(leaving) {}
            }
            // A socket that closes says nothing more: only the broker knows when it has noticed.
            try await rig.wait { try await rig.subscribers(of: "market.A.kline") == 2 }
            withExtendedLifetime((staying, changing)) {}
        }
    }
}

extension BrokerRig {
    fileprivate func subscribers(of topic: String) async throws -> Int? {
        await broker.counters().topics.first { $0.topic == topic }?.subscribers
    }
}
