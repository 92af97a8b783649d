/// Why bytes are not a message of this protocol.
public struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in one line.
    public let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Text from outside as it may stand in a line of a log: in quotes, escaped, and not too long.
    static func quote(_ text: String) -> String {
        String(text.unicodeScalars.prefix(64)).debugDescription
    }
}

extension Message {
    /// The largest envelope that is read, in bytes: room for a strategy's state, which may have 16 MiB, and its positions.
    public static let maxBytes = 20 << 20

    /// Reads an envelope.
    ///
    /// Unknown members are ignored; known ones must have the right type. `msg_type` is needed, everything else has a default.
    /// - Throws: ``ProtocolError`` when the bytes are too many, not JSON, not an object, or a member is wrong.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
        guard bytes.count <= Self.maxBytes else {
            throw ProtocolError("an envelope of \(bytes.count) bytes; at most \(Self.maxBytes) are read")
        }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw ProtocolError("not JSON: \(error)")
        }
        guard let members = value.objectValue else { throw ProtocolError("an envelope must be a JSON object") }
        let fields = EnvelopeFields(members)
        let name = try fields.string("msg_type")
        guard let name else { throw ProtocolError("'msg_type' is missing") }
        guard let type = MessageType(rawValue: name) else {
            throw ProtocolError("unknown msg_type \(ProtocolError.quote(name))")
        }
        self.init(
            type,
            workerID: try fields.string("worker_id"),
            payload: .object(try fields.object("payload") ?? [:]),
            timestamp: try fields.number("timestamp") ?? WallClock.seconds(),
            messageID: try fields.string("msg_id") ?? MessageID.make(),
            generation: try fields.unsigned("generation"),
            sequence: try fields.unsigned("seq"),
            timestampNanoseconds: try fields.integer("ts_ns"),
            replyTo: try fields.string("reply_to"),
            deadline: try fields.number("deadline")
        )
    }

    /// Reads an envelope from text.
    ///
    /// - Throws: ``ProtocolError``
    public init(parsing text: String) throws(ProtocolError) {
        var text = text
        let result = text.withUTF8 { bytes in
            Result { () throws(ProtocolError) in try Message(parsing: UnsafeRawBufferPointer(bytes)) }
        }
        self = try result.get()
    }

    /// The envelope as a value.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "msg_type": .string(type.rawValue),
            "payload": payload,
            "timestamp": .number(timestamp),
            "msg_id": .string(messageID),
        ]
        members["worker_id"] = workerID.map(JSONValue.string)
        members["generation"] = generation.map { JSONValue($0) }
        members["seq"] = sequence.map { JSONValue($0) }
        members["ts_ns"] = timestampNanoseconds.map(JSONValue.integer)
        members["reply_to"] = replyTo.map(JSONValue.string)
        members["deadline"] = deadline.map(JSONValue.number)
        return .object(members)
    }

    /// The envelope as the bytes that go over the wire.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(json)
        return writer.bytes
    }
}

/// Members of an envelope with the type they must have; `null` is as good as absent.
private struct EnvelopeFields {
    private let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) {
        self.members = members
    }

    func string(_ key: String) throws(ProtocolError) -> String? {
        try field(key, "a string", \.stringValue)
    }

    func object(_ key: String) throws(ProtocolError) -> [String: JSONValue]? {
        try field(key, "an object", \.objectValue)
    }

    func number(_ key: String) throws(ProtocolError) -> Double? {
        try field(key, "a number", \.doubleValue)
    }

    func integer(_ key: String) throws(ProtocolError) -> Int64? {
        try field(key, "an integer", \.integerValue)
    }

    func unsigned(_ key: String) throws(ProtocolError) -> UInt64? {
        try field(key, "a whole number from 0") { $0.integerValue.flatMap(UInt64.init(exactly:)) }
    }

    private func field<T>(_ key: String, _ kind: String, _ read: (JSONValue) -> T?) throws(ProtocolError) -> T? {
        guard let member = members[key], member != .null else { return nil }
        guard let value = read(member) else { throw ProtocolError("'\(key)' must be \(kind)") }
        return value
    }
}
