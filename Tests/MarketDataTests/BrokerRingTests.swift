import BroadcastRing
import MarketData
import Testing
import WireProtocol

/// What the broker writes into its ring.
@Suite struct BrokerRingTests {
    /// A worker's end.
    private struct Reader {
        let ring: RingReader
        let own = WakeWord()

        init(_ broker: DataBroker) throws {
            ring = try RingReader(#require(broker.ringOffer), at: .newest)
        }

        /// The next message; waits for it.
        func next() throws -> (number: UInt32, name: String, body: [UInt8]) {
            while true {
                switch ring.look() {
                case .nothing: try ring.wait(own, seen: own.value, until: .max)
                case .message(let entry):
                    let name = try #require(ring.withName(of: entry) { String(decoding: $0, as: UTF8.self) })
                    try #require(ring.take(entry))
                    return (entry.topic, name, ring.withBody { [UInt8]($0) })
                case .overrun, .damaged: throw ProtocolError("\(ring.look())")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func theRingHasWhatSubscribersGet() async throws {
        try await BrokerRig.run { rig in
            let reader = try Reader(rig.broker)
            let subscriber = try await rig.subscriber("market.")
            let publisher = try rig.publisher()
            for name in ["market.A.kline", "market.B.kline", "market.A.kline"] {
                try publisher.send(name, Bodies.bar())
            }
            var numbers: [UInt32] = []
            for _ in 0..<3 {
                let (topic, body) = try subscriber.next()
                let read = try reader.next()
                #expect(read.name == topic)
                #expect(read.body == body)
                numbers.append(read.number)
            }
            #expect(numbers == [0, 1, 0])
        }
    }

    /// Without a subscriber, and whatever comes first: the marker divides.
    @Test(.timeLimit(.minutes(1))) func theMarkerComesInTheRing() async throws {
        try await BrokerRig.run { rig in
            let reader = try Reader(rig.broker)
            let id = reader.ring.offer.id
            let publisher = try rig.publisher()
            try publisher.send("market.A.kline", Bodies.bar())
            #expect(try reader.next().name == "market.A.kline")
            await rig.broker.sync("w", replyTo: "r", topics: ["market.A.kline", "market.B.kline"], ring: id)
            try publisher.send("market.A.kline", Bodies.bar())
            let marker = try reader.next()
            #expect(marker.name == "sync.w")
            #expect(marker.number == RingEntry.direct)
            let message = try marker.body.withUnsafeBytes { try Message(parsing: $0) }
            #expect(message.replyTo == "r")
            #expect(message.payload["topics"] == ["market.A.kline": 1, "market.B.kline": 0])
            let event = try reader.next()
            #expect(try event.body.withUnsafeBytes { try MarketEvent(parsing: $0, kind: .bar) }.sequence == 2)

            // Asked again it counts once; gone it does not.
            await rig.broker.sync("w", replyTo: "r2", topics: ["market.A.kline"], ring: id)
            #expect(try reader.next().name == "sync.w")
            #expect(try await rig.topic("market.A.kline").subscribers == 1)
            await rig.broker.forget("w")
            #expect(try await rig.topic("market.A.kline").subscribers == 0)
            // Of another ring nothing is said here.
            await rig.broker.sync("w", replyTo: "r3", topics: [], ring: "another")
            #expect(reader.ring.look() == .nothing)
        }
    }

    @Test func whoConnectsIsToldOfTheRing() async throws {
        for lane in [DataLane.shm, .zmq] {
            try await BrokerRig.run(limits: BrokerRig.Limits(lane: lane)) { rig in
                let subscriber = try Subscriber(rig.context, rig.folder.data)
                try subscriber.subscribe("ring.w")
                let (topic, body) = try subscriber.next()
                #expect(topic == "ring.w")
                let offer = try body.withUnsafeBytes { try Message(parsing: $0) }.payload["ring"]
                #expect(offer?["id"]?.stringValue == rig.broker.ringOffer?.id)
                #expect((offer == .null) == (lane == .zmq))
            }
        }
    }
}
