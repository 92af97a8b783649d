internal import CLinux
internal import Logging
internal import WireProtocol
internal import ZeroMQ

// The path of a message from the feed to the subscribers.
extension DataBroker {
    /// How many messages are taken in one go, before the loop looks at anything else.
    private static let batch = 1000

    func readFeed() {
        guard let sockets else { return }
        do {
            for _ in 0..<Self.batch {
                guard try sockets.feed.receive(into: &topicFrame) else { return }
                try readMessage(sockets)
            }
        } catch {
            logger.error("the feed cannot be read: \(error)")
        }
    }

    /// Handles the message whose first frame is in ``topicFrame``.
    private func readMessage(_ sockets: Sockets) throws(ZeroMQError) {
        guard topicFrame.hasMore else {
            // Whatever is wrong with it has been counted and reported.
            _ = try? take(json: topicFrame.bytes)
            return
        }
        received += 1
        let topicBytes = topicFrame.count
        guard try sockets.feed.receive(into: &bodyFrame, wait: true) else { return }
        let bytes = topicBytes + bodyFrame.count
        let hasMore = bodyFrame.hasMore
        try sockets.feed.discardRest(after: &bodyFrame)
        var subject: TopicTable.Subject?
        do {
            let found = try topicFrame.withBytes { bytes throws(ProtocolError) in try topics.subject(of: bytes) }
            subject = found
            topics.countReceived(found)
            guard !hasMore else { throw ProtocolError("more than two frames") }
            try send(try prepareBody(found), sockets)
        } catch let error as ProtocolError {
            refuse(error, about: subject, bytes: bytes)
        } catch {
            logger.error("market data cannot be sent: \(error)")
        }
    }

    /// Checks ``bodyFrame`` and puts the topic's next sequence into it.
    ///
    /// - Returns: The topic's index: a new one gets its place in the ledger with its first good message, not before.
    private func prepareBody(_ subject: TopicTable.Subject) throws -> Int {
        let kind = topics.kind(of: subject)
        guard bodyFrame.count <= configuration.maxMessageBytes else {
            throw ProtocolError(
                "a body of \(bodyFrame.count) bytes; at most \(configuration.maxMessageBytes) are taken"
            )
        }
        let isBinary = bodyFrame.withBytes { $0.first == BinaryLayout.magic }
        if isBinary {
            guard let kind else { throw ProtocolError("a binary body for a data type without a binary layout") }
            try bodyFrame.withBytes { bytes throws(ProtocolError) in try BinaryCodec.validate(bytes, kind: kind) }
            let index = try topics.admit(subject)
            let now = qc_realtime_ns()
            let sequence = topics.advance(index)
            bodyFrame.withMutableBytes { BinaryCodec.stamp($0, sequence: sequence, receiveTime: now) }
            note(index, now, eventTime: bodyFrame.withBytes(BinaryCodec.eventTime))
            return index
        } else {
            var envelope = MarketEnvelope()
            let topic = topics.topic(of: subject)
            writer.removeAll()
            try bodyFrame.withBytes { bytes throws(ProtocolError) in
                try envelope.scan(bytes, kind: kind, copyingInto: &writer)
                try envelope.checkTopic(topic, in: bytes)
            }
            let index = try topics.admit(subject)
            try stampJSON(index, envelope)
            return index
        }
    }

    /// Makes ``bodyFrame`` of what ``writer`` holds, behind the topic's next sequence.
    private func stampJSON(_ index: Int, _ envelope: MarketEnvelope) throws {
        let now = qc_realtime_ns()
        let sequence = topics.advance(index)
        stampWriter.removeAll()
        stampWriter.raw("{\"seq\":")
        stampWriter.integer(sequence)
        stampWriter.raw(",\"ts_ns\":")
        stampWriter.integer(now)
        writer.bytes.withUnsafeBytes { stampWriter.raw($0) }
        stampWriter.raw("}")
        try stampWriter.bytes.withUnsafeBytes { try bodyFrame.replace(with: $0) }
        note(index, now, eventTime: envelope.eventTime)
    }

    private func note(_ index: Int, _ now: Int64, eventTime: Int64) {
        topics[index].lastReceiveTime = now
        topics[index].lastEventTime = eventTime
    }

    /// Sends ``topicFrame`` and ``bodyFrame`` on; both are empty afterwards.
    private func send(_ index: Int, _ sockets: Sockets) throws(ZeroMQError) {
        if !listeners.isEmpty, let kind = topics[index].kind {
            let event = bodyFrame.withBytes { try? MarketEvent(parsing: $0, kind: kind) }
            if let event { listeners.deliver(event, topic: topics[index].topic) }
        }
        topics[index].published += 1
        published += 1
        // A PUB never blocks: it drops for a subscriber that is at its high-water mark.
        try sockets.data.send(&topicFrame, more: true)
        try sockets.data.send(&bodyFrame)
    }

    // MARK: Messages that come with the topic inside, or from this process

    /// Takes a JSON envelope whose topic is in its payload.
    func take(json body: [UInt8]) throws(ProtocolError) -> UInt64 {
        let topic: Topic
        do throws(ProtocolError) {
            topic = try self.topic(of: body)
        } catch {
            received += 1
            refuse(error, about: nil, bytes: body.count)
            throw error
        }
        return try publish(topic, body: body)
    }

    /// Takes an event of a feed of the manager's own.
    func take(_ event: MarketEvent, topic: Topic) {
        encodeBuffer.removeAll(keepingCapacity: true)
        BinaryCodec.encode(event, into: &encodeBuffer)
        // Whatever is wrong with it has been counted and reported.
        _ = try? publish(topic, body: encodeBuffer)
    }

    /// Passes a message on as if it had come over `feed`: it is counted, and where it is refused that is reported.
    private func publish(_ topic: Topic, body: [UInt8]) throws(ProtocolError) -> UInt64 {
        guard let sockets else { throw ProtocolError("the broker is stopped") }
        received += 1
        topicBuffer.removeAll(keepingCapacity: true)
        topicBuffer.append(contentsOf: topic.description.utf8)
        var subject: TopicTable.Subject?
        do {
            let found = try topicBuffer.withUnsafeBytes { bytes in try topics.subject(of: bytes) }
            subject = found
            topics.countReceived(found)
            try topicBuffer.withUnsafeBytes { try topicFrame.replace(with: $0) }
            try body.withUnsafeBytes { try bodyFrame.replace(with: $0) }
            let index = try prepareBody(found)
            let sequence = topics.sequence(index)
            try send(index, sockets)
            return sequence
        } catch let error as ProtocolError {
            refuse(error, about: subject, bytes: body.count)
            throw error
        } catch {
            throw ProtocolError("\(error)")
        }
    }

    private func topic(of body: [UInt8]) throws(ProtocolError) -> Topic {
        guard body.first == UInt8(ascii: "{") else { throw ProtocolError("one frame that is not a JSON envelope") }
        guard body.count <= configuration.maxMessageBytes else {
            throw ProtocolError("a body of \(body.count) bytes; at most \(configuration.maxMessageBytes) are taken")
        }
        return try body.withUnsafeBytes { bytes in
            Result { () throws(ProtocolError) in
                var envelope = MarketEnvelope()
                try envelope.scan(bytes, kind: nil)
                return try envelope.topic(in: bytes)
            }
        }.get()
    }
}
