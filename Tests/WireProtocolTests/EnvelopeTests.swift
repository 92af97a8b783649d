import Testing
import WireProtocol

/// Reading envelopes: what is needed, what is optional, what is refused and why.
@Suite struct EnvelopeTests {
    @Test func readsEveryField() throws {
        let message = try Message(
            parsing: """
                {"msg_type":"heartbeat","worker_id":"sma-btc","payload":{"status":"running"},"timestamp":1736933400.123,
                "msg_id":"m1","generation":3,"seq":9007199254740993,"ts_ns":1736933400123456789,"reply_to":"m0","deadline":1736933410}
                """
        )
        let expected = Message(
            .heartbeat,
            workerID: "sma-btc",
            payload: ["status": "running"],
            timestamp: 1_736_933_400.123,
            messageID: "m1",
            generation: 3,
            sequence: 9_007_199_254_740_993,
            timestampNanoseconds: 1_736_933_400_123_456_789,
            replyTo: "m0",
            deadline: 1_736_933_410
        )
        #expect(message == expected)
        #expect(try Message(bytes: message.bytes) == message)
    }

    @Test func needsOnlyTheType() throws {
        let before = WallClock.seconds()
        let message = try Message(parsing: "{\"msg_type\":\"ping\"}")
        let after = WallClock.seconds()
        #expect(message.type == .ping && message.payload == [:] && message.workerID == nil && message.generation == nil)
        #expect(before...after ~= message.timestamp)
        #expect(message.messageID.count == 32 && message.messageID.allSatisfy(\.isHexDigit))
        #expect(try Message(parsing: "{\"msg_type\":\"ping\"}").messageID != message.messageID)
    }

    @Test func ignoresWhatItDoesNotKnow() throws {
        let text = #"{"v":2,"trace":{"id":[1,{"x":null}]},"msg_type":"ping","msg_id":"a","timestamp":1,"":0}"#
        #expect(try Message(parsing: text) == Message(.ping, timestamp: 1, messageID: "a"))
    }

    @Test func nullIsAsGoodAsAbsent() throws {
        let text = #"""
            {"msg_type":"ping","msg_id":"a","timestamp":1,"worker_id":null,"payload":null,"generation":null,"seq":null,
            "ts_ns":null,"reply_to":null,"deadline":null}
            """#
        #expect(try Message(parsing: text) == Message(.ping, timestamp: 1, messageID: "a"))
        let other = try Message(parsing: #"{"msg_type":"ping","msg_id":null,"timestamp":null}"#)
        #expect(other.messageID.count == 32 && other.timestamp > 0)
    }

    @Test(arguments: [
        (#"{"msg_type":"ping","worker_id":1}"#, "'worker_id' must be a string"),
        (#"{"msg_type":"ping","msg_id":7}"#, "'msg_id' must be a string"),
        (#"{"msg_type":"ping","reply_to":[]}"#, "'reply_to' must be a string"),
        (#"{"msg_type":"ping","timestamp":"now"}"#, "'timestamp' must be a number"),
        (#"{"msg_type":"ping","deadline":true}"#, "'deadline' must be a number"),
        (#"{"msg_type":"ping","payload":[]}"#, "'payload' must be an object"),
        (#"{"msg_type":"ping","payload":"{}"}"#, "'payload' must be an object"),
        (#"{"msg_type":"ping","generation":-1}"#, "'generation' must be a whole number from 0"),
        (#"{"msg_type":"ping","generation":1.5}"#, "'generation' must be a whole number from 0"),
        (#"{"msg_type":"ping","generation":"3"}"#, "'generation' must be a whole number from 0"),
        (#"{"msg_type":"ping","seq":1e30}"#, "'seq' must be a whole number from 0"),
        (#"{"msg_type":"ping","ts_ns":0.5}"#, "'ts_ns' must be an integer"),
        (#"{"msg_type":"ping","ts_ns":9223372036854775808}"#, "'ts_ns' must be an integer"),
        (#"{"msg_type":3}"#, "'msg_type' must be a string"),
        (#"{"msg_type":null}"#, "'msg_type' is missing"),
        ("{}", "'msg_type' is missing"),
        (#"{"msg_type":""}"#, #"unknown msg_type """#),
        (#"{"msg_type":"Ping"}"#, #"unknown msg_type "Ping""#),
        (#"{"msg_type":"two\nlines"}"#, #"unknown msg_type "two\nlines""#),
        ("[]", "an envelope must be a JSON object"),
        ("\"ping\"", "an envelope must be a JSON object"),
        ("null", "an envelope must be a JSON object"),
        ("", "not JSON: the text ends too early at byte 0"),
        ("ping", "not JSON: not a JSON value at byte 0"),
        (#"{"msg_type":"ping"} x"#, "not JSON: more text after the value at byte 20"),
    ])
    func refuses(text: String, why: String) {
        #expect { try Message(parsing: text) } throws: { "\($0)" == why }
    }

    @Test func aRefusalQuotesOnlyTheBeginning() {
        let name = String(repeating: "x", count: 100_000)
        #expect { try Message(parsing: "{\"msg_type\":\"\(name)\"}") } throws: { "\($0)".count < 100 }
    }

    @Test func wholeNumbersMayBeWrittenWithAPoint() throws {
        let message = try Message(parsing: #"{"msg_type":"ping","generation":3.0,"ts_ns":1e9}"#)
        #expect(message.generation == 3 && message.timestampNanoseconds == 1_000_000_000)
    }

    @Test func isReadUpToItsSizeLimit() throws {
        func envelope(_ size: Int) -> [UInt8] {
            let head = "{\"msg_type\":\"log\",\"payload\":{\"message\":\""
            let tail = "\"}}"
            return Array((head + String(repeating: "x", count: size - head.utf8.count - tail.utf8.count) + tail).utf8)
        }
        #expect(try Message(bytes: envelope(Message.maxBytes)).type == .log)
        #expect(throws: ProtocolError.self) { try Message(bytes: envelope(Message.maxBytes + 1)) }
    }

    @Test func knowsEveryTypeOfTheProtocol() throws {
        let names =
            "market_data tick_data bar_data order_book trade_data start remove scale stop pause resume restart reload_config "
            + "update_params handover "
            + "heartbeat status_update error warning info metrics log signal "
            + "checkpoint gap recorded resend replay history hello welcome sync "
            + "list status journal signals logs topics ping why params reload plan apply token login ack"
        #expect(MessageType.allCases.map(\.rawValue) == names.split(separator: " ").map(String.init))
        for type in MessageType.allCases {
            let message = try Message(parsing: "{\"msg_type\":\"\(type.rawValue)\"}")
            #expect(message.type == type)
            #expect(try Message(bytes: message.bytes) == message)
        }
    }
}
