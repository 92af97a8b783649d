internal import CLinux
internal import Logging
internal import WireProtocol
internal import ZeroMQ

// Publishers that number their messages and are told what is on disk.
extension Intake {
    /// Takes what they have sent, up to a batch, and answers.
    mutating func readPublish(_ sockets: BrokerSockets) throws(ZeroMQError) {
        beginBatch()
        defer { endBatch() }
        for _ in 0..<Self.batch {
            guard !isBlocked, try sockets.publish.receive(into: &peerFrame) else { break }
            try readPublished(sockets)
        }
        try tellPublishers(sockets)
    }

    /// Tells publishers what has become safe.
    mutating func tellPublishers(_ sockets: BrokerSockets) throws(ZeroMQError) {
        for notice in publishers.takeNotices() {
            var payload: [String: JSONValue] = ["through": JSONValue(notice.through)]
            if !notice.isRecorded { payload["recorded"] = false }
            try answer(Message(.recorded, payload: .object(payload)), to: notice.peer, sockets)
        }
    }

    /// Handles the message whose first frame, the peer's routing id, is in ``peerFrame``.
    private mutating func readPublished(_ sockets: BrokerSockets) throws(ZeroMQError) {
        guard let peer = peerFrame.withBytes(PeerKey.init) else {
            try sockets.publish.discardRest(after: &peerFrame)
            return refuse(ProtocolError("a routing id of more than \(PeerKey.maxBytes) bytes"))
        }
        guard peerFrame.hasMore, try sockets.publish.receive(into: &headFrame, wait: true) else { return }
        if headFrame.count == 0, headFrame.hasMore {
            // As a REQ socket puts it in front.
            guard try sockets.publish.receive(into: &headFrame, wait: true) else { return }
        }
        guard headFrame.hasMore else { return try readEnvelope(peer, sockets) }
        guard try sockets.publish.receive(into: &topicFrame, wait: true) else { return }
        let number = headFrame.withBytes { bytes in
            bytes.count == 8 ? UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) : nil
        }
        guard let number, topicFrame.hasMore, try sockets.publish.receive(into: &bodyFrame, wait: true) else {
            try sockets.publish.discardRest(after: &topicFrame)
            return try reject(
                ProtocolError("neither an envelope nor [number, topic, body] with a number of 8 bytes"),
                peer,
                sockets
            )
        }
        let bytes = topicFrame.count + bodyFrame.count
        let hasMore = bodyFrame.hasMore
        try sockets.publish.discardRest(after: &bodyFrame)
        switch publishers.receive(number, from: peer, at: qc_monotonic_ns()) {
        case .take(let publisher):
            do throws(ProtocolError) {
                try take(bytes: bytes, hasMore: hasMore, origin: .publisher(publisher, number: number), sockets)
            } catch {
                publishers.refused(publisher, number)
                let payload: JSONValue = ["number": JSONValue(number), "message": .string(error.description)]
                try answer(Message(.error, payload: payload), to: peer, sockets)
            }
        case .duplicate: counts.resent += 1
        case .missing(let from?):
            try answer(Message(.resend, payload: ["from": JSONValue(from)]), to: peer, sockets)
        case .stranger(asks: true): try answer(Message(.hello), to: peer, sockets)
        case .superseded(tells: true): try tell(peer, "another connection publishes under the same id now", sockets)
        case .missing(nil), .stranger(asks: false), .superseded(tells: false): break
        }
    }

    private mutating func readEnvelope(_ peer: PeerKey, _ sockets: BrokerSockets) throws(ZeroMQError) {
        do {
            let message = try headFrame.withBytes { try Message(parsing: $0) }
            guard message.type == .hello else {
                throw ProtocolError("a '\(message.type.rawValue)' on the publish socket, which takes 'hello'")
            }
            guard let id = message.payload["publisher"]?.stringValue, PublisherTable.isID(id) else {
                throw ProtocolError("'publisher' must be 1 to 64 of A-Z a-z 0-9 . _ -")
            }
            let from = message.payload["from"]?.integerValue.flatMap(UInt64.init(exactly:))
            let welcome = publishers.hello(peer, id: id, from: from, at: qc_monotonic_ns())
            let payload: JSONValue = [
                "accepted": JSONValue(welcome.accepted), "recorded": JSONValue(welcome.recorded),
            ]
            try answer(Message(.welcome, payload: payload, replyTo: message.messageID), to: peer, sockets)
        } catch let error as ProtocolError {
            try reject(error, peer, sockets)
        } catch {
            logger.error("a publisher cannot be answered: \(error)")
        }
    }

    /// Counts what is no message, and says so.
    private mutating func reject(
        _ error: ProtocolError,
        _ peer: PeerKey,
        _ sockets: BrokerSockets
    ) throws(ZeroMQError) {
        refuse(error)
        try tell(peer, error.description, sockets)
    }

    private mutating func refuse(_ error: ProtocolError) {
        counts.received += 1
        refuse(error, about: nil, bytes: peerFrame.count + headFrame.count)
    }

    private func tell(_ peer: PeerKey, _ text: String, _ sockets: BrokerSockets) throws(ZeroMQError) {
        try answer(Message(.error, payload: ["message": .string(text)]), to: peer, sockets)
    }

    /// A peer that is gone, or does not read, misses the answer: it says hello again.
    private func answer(_ message: Message, to peer: PeerKey, _ sockets: BrokerSockets) throws(ZeroMQError) {
        try sockets.publish.send([peer.bytes, message.bytes])
    }
}
