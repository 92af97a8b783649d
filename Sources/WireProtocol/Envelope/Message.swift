/// The envelope of control, status, admin and events: one JSON object a message.
///
/// ```json
/// {"msg_type":"heartbeat","worker_id":"sma-btc","payload":{"status":"running"},"timestamp":1736933400.123,"msg_id":"…"}
/// ```
public struct Message: Hashable, Sendable {
    /// What the message is about.
    public var type: MessageType
    /// The strategy slot it is about or comes from.
    public var workerID: String?
    /// What it says; an object.
    public var payload: JSONValue
    /// When it was made, seconds since the Unix epoch.
    public var timestamp: Double
    /// A unique string; a command that arrives twice under one id is carried out once.
    public var messageID: String
    /// Which incarnation of the worker speaks.
    public var generation: UInt64?
    /// The message's place in its stream.
    public var sequence: UInt64?
    /// When it was made, nanoseconds since the Unix epoch.
    public var timestampNanoseconds: Int64?
    /// The ``messageID`` this answers.
    public var replyTo: String?
    /// When the sender stops waiting, seconds since the Unix epoch.
    public var deadline: Double?

    /// Makes a message; by default with a new id and the time of now.
    public init(
        _ type: MessageType,
        workerID: String? = nil,
        payload: JSONValue = .object([:]),
        timestamp: Double = WallClock.seconds(),
        messageID: String = MessageID.make(),
        generation: UInt64? = nil,
        sequence: UInt64? = nil,
        timestampNanoseconds: Int64? = nil,
        replyTo: String? = nil,
        deadline: Double? = nil
    ) {
        self.type = type
        self.workerID = workerID
        self.payload = payload
        self.timestamp = timestamp
        self.messageID = messageID
        self.generation = generation
        self.sequence = sequence
        self.timestampNanoseconds = timestampNanoseconds
        self.replyTo = replyTo
        self.deadline = deadline
    }
}

// The builders that users of this protocol know.
extension Message {
    /// A sign of life.
    public static func heartbeat(_ workerID: String, status: String, details: [String: JSONValue] = [:]) -> Message {
        Message(.heartbeat, workerID: workerID, payload: .object(details.merging(["status": .string(status)]) { $1 }))
    }

    /// Market data as JSON.
    public static func marketData(
        symbol: String,
        dataType: String,
        data: JSONValue,
        source: String? = nil,
        timestamp: Double = WallClock.seconds()
    ) -> Message {
        var payload: [String: JSONValue] = [
            "symbol": .string(symbol), "data_type": .string(dataType), "data": data, "timestamp": .number(timestamp),
        ]
        payload["source"] = source.map(JSONValue.string)
        return Message(.marketData, payload: .object(payload), timestamp: timestamp)
    }

    /// A command to a worker.
    public static func control(_ type: MessageType, workerID: String, payload: JSONValue = .object([:])) -> Message {
        Message(type, workerID: workerID, payload: payload)
    }

    /// A worker's new state.
    public static func statusUpdate(_ workerID: String, status: String, details: [String: JSONValue] = [:]) -> Message {
        Message(
            .statusUpdate,
            workerID: workerID,
            payload: .object(details.merging(["status": .string(status)]) { $1 })
        )
    }

    /// A failure that a worker reports.
    public static func error(_ workerID: String?, _ message: String, details: [String: JSONValue] = [:]) -> Message {
        Message(.error, workerID: workerID, payload: .object(details.merging(["message": .string(message)]) { $1 }))
    }

    /// A measurement.
    public static func metrics(_ workerID: String, name: String, value: Double) -> Message {
        Message(.metrics, workerID: workerID, payload: ["name": .string(name), "value": .number(value)])
    }

    /// A log line.
    public static func log(_ workerID: String, level: String, message: String) -> Message {
        Message(.log, workerID: workerID, payload: ["level": .string(level), "message": .string(message)])
    }

    /// The answer to `request`: what became of it (`accepted`, `done` or `refused`).
    public static func ack(_ request: Message, result: String, details: [String: JSONValue] = [:]) -> Message {
        Message(
            .ack,
            workerID: request.workerID,
            payload: .object(details.merging(["result": .string(result)]) { $1 }),
            replyTo: request.messageID
        )
    }
}
