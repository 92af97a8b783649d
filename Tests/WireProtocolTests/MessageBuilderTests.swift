import Testing
import WireProtocol

/// The bytes of every builder, recorded: other programs read them.
@Suite struct MessageBuilderTests {
    private static let ids = (id: "0123456789abcdef0123456789abcdef", time: 1_736_933_400.123)
    private static let tail =
        #""timestamp":1736933400.123,"worker_id":"sma-btc"}"#

    @Test(
        arguments: [
            (
                Message.heartbeat("sma-btc", status: "running", details: ["messages_processed": 45031]), "heartbeat",
                #"{"messages_processed":45031,"status":"running"}"#
            ),
            (Message.statusUpdate("sma-btc", status: "paused"), "status_update", #"{"status":"paused"}"#),
            (
                .control(.updateParams, workerID: "sma-btc", payload: ["fast": 5, "slow": 20.5]), "update_params",
                #"{"fast":5,"slow":20.5}"#
            ),
            (.control(.stop, workerID: "sma-btc"), "stop", "{}"),
            (
                .error("sma-btc", "division by \"zero\"", details: ["fatal": true]), "error",
                #"{"fatal":true,"message":"division by \"zero\""}"#
            ),
            (.metrics("sma-btc", name: "spread", value: 0.25), "metrics", #"{"name":"spread","value":0.25}"#),
            (
                .log("sma-btc", level: "warning", message: "late\nby 3 s"), "log",
                #"{"level":"warning","message":"late\nby 3 s"}"#
            ),
        ] as [(Message, String, String)]
    )
    func aWorkersMessage(message: Message, type: String, payload: String) throws {
        var message = message
        message.messageID = Self.ids.id
        message.timestamp = Self.ids.time
        #expect(
            String(decoding: message.bytes, as: UTF8.self)
                == #"{"msg_id":"\#(Self.ids.id)","msg_type":"\#(type)","payload":\#(payload),\#(Self.tail)"#
        )
        #expect(try Message(bytes: message.bytes) == message)
    }

    @Test func marketData() {
        var message = Message.marketData(
            symbol: "BTC/USDT",
            dataType: "kline",
            data: ["open": 1.5, "close": 2],
            source: "demo",
            timestamp: 1_736_933_400.5
        )
        message.messageID = "m1"
        #expect(
            String(decoding: message.bytes, as: UTF8.self)
                == #"{"msg_id":"m1","msg_type":"market_data","payload":{"data":{"close":2,"open":1.5},"data_type":"kline","#
                + #""source":"demo","symbol":"BTC/USDT","timestamp":1736933400.5},"timestamp":1736933400.5}"#
        )
    }

    @Test func anAnswerNamesWhatItAnswers() {
        let request = Message(.pause, workerID: "sma-btc", messageID: "m1")
        var message = Message.ack(request, result: "refused", details: ["reason": "it is stopped", "result": "done"])
        message.messageID = "m2"
        message.timestamp = Self.ids.time
        #expect(
            String(decoding: message.bytes, as: UTF8.self)
                == #"{"msg_id":"m2","msg_type":"ack","payload":{"reason":"it is stopped","result":"refused"},"reply_to":"m1","#
                + Self.tail
        )
    }

    @Test func everyFieldHasItsPlace() {
        let message = Message(
            .signal,
            workerID: "w",
            timestamp: 1,
            messageID: "m",
            generation: 2,
            sequence: 3,
            timestampNanoseconds: -4,
            replyTo: "r",
            deadline: 5
        )
        #expect(
            String(decoding: message.bytes, as: UTF8.self)
                == #"{"deadline":5.0,"generation":2,"msg_id":"m","msg_type":"signal","payload":{},"reply_to":"r","seq":3,"#
                + #""timestamp":1.0,"ts_ns":-4,"worker_id":"w"}"#
        )
    }

    @Test func anErrorNeedsNoWorker() {
        let message = Message.error(nil, "no such worker")
        #expect(message.workerID == nil && message.payload == ["message": "no such worker"])
    }
}
