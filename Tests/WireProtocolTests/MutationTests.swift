import Testing
import WireProtocol

/// Seeded mutations of good messages: nothing crashes, and whatever is accepted is sound.
@Suite struct MutationTests {
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "null", "true", "NaN", "Infinity", "-", "1e999",
        "1e-999", "0",
        "9223372036854775808", "1.5", "\"seq\":", "\"data\":", "\"payload\":", "\u{0}", "é",
    ].map { Array($0.utf8) }

    /// One to three small changes: a bit, a byte, a piece taken out, doubled or put in.
    private func mutate(_ body: [UInt8], _ random: inout SeededGenerator, keepLength: Bool = false) -> [UInt8] {
        var body = body
        for _ in 0..<Int.random(in: 1...3, using: &random) where !body.isEmpty {
            let at = Int(random.next() % UInt64(body.count))
            let end = min(body.count, at + Int(random.next() % 9))
            switch random.next() % (keepLength ? 4 : 7) {
            case 0: body[at] ^= 1 << UInt8(random.next() % 8)
            case 1: body[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: body[at] = 0xFF
            case 3: body[at] = body[Int(random.next() % UInt64(body.count))]
            case 4: body.removeSubrange(at..<end)
            case 5: body.insert(contentsOf: body[at..<end], at: at)
            default: body.insert(contentsOf: Self.tokens[Int(random.next() % UInt64(Self.tokens.count))], at: at)
            }
        }
        return body
    }

    @Test func envelopes() throws {
        let seeds = [
            #"{"msg_type":"heartbeat","worker_id":"w","generation":3,"payload":{"status":"running","n":1.5e3}}"#,
            #"{"msg_type":"ack","reply_to":"m","msg_id":"\u00e9","timestamp":1.5,"seq":1,"ts_ns":-2,"payload":{"a":[1,null]}}"#,
        ].map { Array($0.utf8) }
        var random = SeededGenerator(seed: 1)
        var accepted = 0
        for round in 0..<30_000 {
            let body = mutate(seeds[round % seeds.count], &random)
            guard let message = try? Message(bytes: body) else { continue }
            accepted += 1
            #expect(message.timestamp.isFinite && message.deadline?.isFinite ?? true)
            if round % 8 == 0 { #expect(try Message(bytes: message.bytes) == message) }
        }
        #expect(1000..<29_000 ~= accepted)
    }

    @Test(
        arguments: [
            (.bar, #"{"open":1.5,"high":4,"low":1,"close":2,"volume":0,"open_time":60,"interval":"1m"}"#),
            (.trade, #"{"price":10,"size":1,"side":"buy","trade_id":"T-1","timestamp":1.5}"#),
            (.depth, #"{"bids":[[9,1],[8,2]],"asks":[[11,0]],"snapshot":false}"#),
        ] as [(DataKind, String)]
    )
    func jsonBodies(kind: DataKind, data: String) throws {
        let seed = Array(#"{"msg_type":"market_data","seq":1,"ts_ns":2,"payload":{"symbol":"X","data":\#(data)}}"#.utf8)
        let topic = try Topic(symbol: "X", dataType: "\(kind)")
        var random = SeededGenerator(seed: UInt64(kind.rawValue))
        var accepted = 0
        for round in 0..<15_000 {
            let body = mutate(seed, &random)
            guard let event = try? MarketEvent(bytes: body, kind: kind) else { continue }
            accepted += 1
            #expect(event.payload.kind == kind && event.payload.numbers.allSatisfy(\.isFinite))
            // What we accept, every other reader must be able to read.
            if body.first != BinaryLayout.magic, (try? JSONValue(bytes: body)) == nil {
                Issue.record("accepted, but not JSON: \(String(decoding: body, as: UTF8.self))")
            }
            guard round % 8 == 0 else { continue }
            let written = JSONCodec.encode(event, topic: topic)
            #expect(try MarketEvent(bytes: written, kind: kind).payload == event.payload)
        }
        #expect(500..<14_500 ~= accepted)
    }

    @Test(arguments: RecordedBody.all)
    func binaryBodies(recorded: RecordedBody) throws {
        let kind = recorded.event.payload.kind
        let seed = recorded.body
        var random = SeededGenerator(seed: UInt64(seed.count) << 8 | UInt64(kind.rawValue))
        var accepted = 0
        for round in 0..<8_000 {
            let body = mutate(seed, &random, keepLength: round % 4 > 0)
            guard let event = try? MarketEvent(bytes: body, kind: kind) else { continue }
            accepted += 1
            #expect(event.payload.kind == kind && event.payload.numbers.allSatisfy(\.isFinite))
            var written: [UInt8] = []
            BinaryCodec.encode(event, into: &written)
            #expect(try MarketEvent(bytes: written, kind: kind) == event)
        }
        #expect(500..<7_500 ~= accepted)
    }
}
