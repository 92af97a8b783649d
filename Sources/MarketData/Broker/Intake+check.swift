internal import CLinux
internal import WireProtocol
internal import ZeroMQ

// What a message must be, and how it gets its number.
extension Intake {
    /// Checks ``bodyFrame`` and puts the topic's next sequence into it. The sequence counts once the message has been passed on.
    ///
    /// A new topic gets its place in the ledger with its first good message, not before.
    mutating func check(_ subject: TopicTable.Subject) throws(ProtocolError) -> Checked {
        let kind = topics.kind(of: subject)
        try checkSize(bodyFrame.count)
        let isBinary = bodyFrame.withBytes { $0.first == BinaryLayout.magic }
        return isBinary ? try checkBinary(subject, kind) : try checkJSON(subject, kind)
    }

    private mutating func checkBinary(
        _ subject: TopicTable.Subject,
        _ kind: DataKind?
    ) throws(ProtocolError) -> Checked {
        guard let kind else { throw ProtocolError("a binary body for a data type without a binary layout") }
        try bodyFrame.withBytes { bytes throws(ProtocolError) in try BinaryCodec.validate(bytes, kind: kind) }
        let index = try topics.admit(subject)
        let now = qc_realtime_ns()
        let sequence = topics.sequence(index) + 1
        bodyFrame.withMutableBytes { BinaryCodec.stamp($0, sequence: sequence, receiveTime: now) }
        return bodyFrame.withBytes { bytes in
            Checked(
                topic: index,
                sequence: sequence,
                receiveTime: now,
                eventTime: BinaryCodec.eventTime(bytes),
                // Without the header, in which the broker writes.
                digest: EventOrder.digest(bytes, from: BinaryLayout.headerBytes)
            )
        }
    }

    private mutating func checkJSON(
        _ subject: TopicTable.Subject,
        _ kind: DataKind?
    ) throws(ProtocolError) -> Checked {
        var envelope = MarketEnvelope()
        let topic = topics.topic(of: subject)
        writer.removeAll()
        try bodyFrame.withBytes { bytes throws(ProtocolError) in
            try envelope.scan(bytes, kind: kind, copyingInto: &writer)
            try envelope.checkTopic(topic, in: bytes)
        }
        let index = try topics.admit(subject)
        let now = qc_realtime_ns()
        let sequence = topics.sequence(index) + 1
        stampWriter.removeAll()
        stampWriter.raw("{\"seq\":")
        stampWriter.integer(sequence)
        stampWriter.raw(",\"ts_ns\":")
        stampWriter.integer(now)
        writer.bytes.withUnsafeBytes { stampWriter.raw($0) }
        stampWriter.raw("}")
        try Self.replace(&bodyFrame, with: stampWriter.bytes)
        return Checked(
            topic: index,
            sequence: sequence,
            receiveTime: now,
            eventTime: envelope.eventTime,
            digest: writer.bytes.withUnsafeBytes { EventOrder.digest($0) }
        )
    }

    // MARK: Messages that come with the topic inside, or from this process

    /// Takes a JSON envelope whose topic is in its payload.
    mutating func take(json body: [UInt8], _ sockets: BrokerSockets) throws(ProtocolError) -> UInt64 {
        try Self.replace(&bodyFrame, with: body)
        return try takeEnvelope(sockets)
    }

    /// Takes the JSON envelope in ``bodyFrame``, whose topic is in its payload.
    mutating func takeEnvelope(_ sockets: BrokerSockets) throws(ProtocolError) -> UInt64 {
        do throws(ProtocolError) {
            try readTopic()
        } catch {
            counts.received += 1
            refuse(error, about: nil, bytes: bodyFrame.count)
            throw error
        }
        try Self.replace(&topicFrame, with: topicBuffer)
        return try take(bytes: bodyFrame.count, hasMore: false, origin: .anybody, sockets)
    }

    /// Takes an event of a feed of the manager's own.
    mutating func take(_ event: MarketEvent, topic: Topic, _ sockets: BrokerSockets) {
        encodeBuffer.removeAll(keepingCapacity: true)
        BinaryCodec.encode(event, into: &encodeBuffer)
        // Whatever is wrong with it has been counted and reported.
        _ = try? take(topic, body: encodeBuffer, sockets)
    }

    /// Takes a message as if it had come over `feed`: it is counted, and where it is refused that is reported.
    private mutating func take(
        _ topic: Topic,
        body: [UInt8],
        _ sockets: BrokerSockets
    ) throws(ProtocolError) -> UInt64 {
        topicBuffer.removeAll(keepingCapacity: true)
        topicBuffer.append(contentsOf: topic.description.utf8)
        try Self.replace(&topicFrame, with: topicBuffer)
        try Self.replace(&bodyFrame, with: body)
        return try take(bytes: body.count, hasMore: false, origin: .anybody, sockets)
    }

    private static func replace(_ frame: inout Frame, with bytes: [UInt8]) throws(ProtocolError) {
        do {
            try bytes.withUnsafeBytes { try frame.replace(with: $0) }
        } catch {
            throw ProtocolError("\(error)")
        }
    }

    private func checkSize(_ bytes: Int) throws(ProtocolError) {
        guard bytes <= configuration.maxMessageBytes else {
            throw ProtocolError("a body of \(bytes) bytes; at most \(configuration.maxMessageBytes) are taken")
        }
    }

    /// Writes the topic that ``bodyFrame`` is about into ``topicBuffer``.
    private mutating func readTopic() throws(ProtocolError) {
        let isObject = bodyFrame.withBytes { $0.first == UInt8(ascii: "{") }
        guard isObject else { throw ProtocolError("one frame that is not a JSON envelope") }
        try checkSize(bodyFrame.count)
        var envelope = MarketEnvelope()
        let isWritten = try bodyFrame.withBytes { bytes throws(ProtocolError) in
            try envelope.scan(bytes, kind: nil)
            return envelope.writeTopic(in: bytes, into: &topicBuffer)
        }
        // One that is known keeps the rules.
        if isWritten, topicBuffer.withUnsafeBytes({ topics.find($0) }) != nil { return }
        let topic = try bodyFrame.withBytes { bytes throws(ProtocolError) in try envelope.topic(in: bytes) }
        topicBuffer.removeAll(keepingCapacity: true)
        topicBuffer.append(contentsOf: topic.description.utf8)
    }
}
