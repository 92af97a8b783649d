import WireProtocol

/// A message as a publisher sends it: its two frames.
struct PublishMessage: Hashable {
    let topic: [UInt8]
    let body: [UInt8]

    /// Makes a message of one JSON object and checks it as the broker does.
    ///
    /// - Parameters:
    ///   - json: A whole envelope, which has a `msg_type`; or a `data` object, when there is a topic.
    ///   - topic: What a `data` object is about.
    ///   - timestamp: Time of data that does not say its own, seconds since the Unix epoch.
    /// - Throws: `ProtocolError` for what the broker would refuse.
    init(
        parsing json: UnsafeRawBufferPointer,
        topic: Topic?,
        timestamp: Double = WallClock.seconds()
    ) throws(ProtocolError) {
        let value = try Self.object(json)
        let isEnvelope = value["msg_type"] != nil
        guard let topic = isEnvelope ? try Self.topic(of: value) : topic else {
            throw ProtocolError("no envelope: 'msg_type' is missing; for bare data objects give SYMBOL and TYPE")
        }
        self.topic = Array(topic.description.utf8)
        body =
            isEnvelope
            ? Array(json)
            : Message.marketData(
                symbol: topic.symbol,
                dataType: topic.dataType,
                data: value,
                source: "quantcell publish",
                timestamp: timestamp
            ).bytes
        try Self.check(body, topic)
    }

    private static func object(_ json: UnsafeRawBufferPointer) throws(ProtocolError) -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw ProtocolError("not JSON: \(error)")
        }
        guard value.objectValue != nil else { throw ProtocolError("a JSON object is needed") }
        return value
    }

    private static func topic(of envelope: JSONValue) throws(ProtocolError) -> Topic {
        let payload = envelope["payload"]
        guard let symbol = payload?["symbol"]?.stringValue, let dataType = payload?["data_type"]?.stringValue else {
            throw ProtocolError("an envelope without 'symbol' or 'data_type' in its 'payload'")
        }
        return try Topic(symbol: symbol, dataType: dataType)
    }

    private static func check(_ body: [UInt8], _ topic: Topic) throws(ProtocolError) {
        let result = body.withUnsafeBytes { bytes in
            Result { () throws(ProtocolError) in
                var envelope = MarketEnvelope()
                try envelope.scan(bytes, kind: topic.kind)
            }
        }
        try result.get()
    }
}
