import Testing

@testable import WireProtocol

/// Reading a heartbeat from its bytes says what reading the whole message says, or nothing.
@Suite struct HeartbeatTests {
    /// What this project's workers send.
    private static func message(_ changes: [String: JSONValue] = [:], without missing: String? = nil) -> Message {
        var details: [String: JSONValue] = [
            "identity": "spare-1", "messages_processed": 12, "signals_emitted": 3, "errors_count": 1,
            "messages_missed": 0, "messages_repeated": 0, "messages_unrequested": 0, "messages_unreadable": 0,
            "last_topic": "market.BTC/USDT.kline", "last_sequence": 99, "callback": nil, "callback_seconds": 0.25,
            "handled_total": 345, "cpu_seconds": 0.5, "rss_bytes": 1_000_000,
            "messages_lost": 0, "messages_dropped": 0, "messages_conflated": 0, "messages_replayed": 20,
            "messages_late": 0,
            "mode": "live", "lane": "zmq", "overruns": 0, "signals_pending": 2, "signals_suppressed": 0,
            "positions": ["market.BTC/USDT.kline": 99], "handled_receive_ns": 1_736_933_400_000_000_000,
        ]
        details.merge(changes) { $1 }
        if let missing { details[missing] = nil }
        var message = Message.heartbeat("sma-btc", status: "running", details: details)
        message.generation = 7
        return message
    }

    private func parse(_ text: String) -> Heartbeat? {
        Array(text.utf8).withUnsafeBytes { Heartbeat(parsing: $0) }
    }

    @Test(arguments: ["sma-btc", "a worker with \"quotes\" and more than fifteen bytes", "\u{e9}"])
    func itSaysWhatTheMessageSays(workerID: String) throws {
        var message = Self.message(["callback": "on_bar"])
        message.workerID = workerID
        let beat = try #require(message.bytes.withUnsafeBytes { Heartbeat(parsing: $0) })
        #expect(beat.workerID == workerID)
        #expect(beat.generation == 7)
        #expect((beat.processed, beat.signals, beat.errors) == (12, 3, 1))
        #expect((beat.callback, beat.callbackSeconds, beat.handledTotal) == ("on_bar", 0.25, 345))
        #expect(beat.positions == ["market.BTC/USDT.kline": 99])
        #expect((beat.handledReceiveTime, beat.pendingSignals) == (1_736_933_400_000_000_000, 2))
        let payload = try beat.payload.withUnsafeBytes { try JSONValue(parsing: $0) }
        #expect(payload == message.payload)
    }

    @Test func whatMayBeAbsentMayBeAbsent() throws {
        var message = Self.message(without: "handled_total")
        message.generation = nil
        let beat = try #require(parse(message.json.text))
        #expect(beat.generation == nil)
        #expect(beat.handledTotal == nil)
        #expect(beat.callback == nil)
        // White space is no change of shape.
        #expect(parse(" \(message.json.text.replacing(",", with: " ,\n")) ") != nil)
    }

    @Test(
        arguments: Heartbeat.details + [
            "messages_processed", "signals_emitted", "errors_count", "positions", "handled_receive_ns",
        ]
    )
    func oneThatLacksSomethingGoesTheLongWay(key: String) {
        #expect(parse(Self.message(without: key).json.text) == nil)
    }

    @Test(arguments: [
        ("messages_processed", JSONValue.integer(-1)), ("signals_emitted", .string("3")), ("errors_count", .null),
        ("callback", .integer(1)), ("callback_seconds", .null), ("handled_total", .number(1.5)),
        ("positions", .object(["market.X.tick": -1])), ("handled_receive_ns", .null), ("signals_pending", "2"),
    ])
    func aMemberOfAnotherKindGoesTheLongWay(key: String, value: JSONValue) {
        #expect(parse(Self.message([key: value]).json.text) == nil)
    }

    @Test func anythingElseGoesTheLongWay() {
        let text = Self.message().json.text
        #expect(parse(text) != nil)
        var others = [
            text.replacing("\"heartbeat\"", with: "\"status_update\""),
            text.replacing("msg_type", with: "msg\\u005ftype"),
            text.replacing("errors_count", with: "errors\\u005fcount"),
            text.replacing("\"generation\":7", with: "\"generation\":-7"),
            text.replacing("\"generation\":7", with: "\"seq\":7"), String(text.dropLast()), text + "x", "{}", "", "[1]",
        ]
        others.append(
            text.replacing("\"worker_id\":\"sma-btc\",", with: "").replacing(",\"worker_id\":\"sma-btc\"", with: "")
        )
        for other in others {
            #expect(other != text)
            #expect(parse(other) == nil, "\(other)")
        }
        #expect(([0x22, 0xFF, 0x22] as [UInt8]).withUnsafeBytes { Heartbeat(parsing: $0) } == nil)
    }
}
