package import BroadcastRing
internal import Logging
package import WireProtocol
internal import ZeroMQ

// What subscribers tell the broker, and how a worker joins without a hole.
extension DataBroker {
    /// Reads the subscriptions that have come in: a byte 1 or 0, then the pattern.
    func readSubscriptions() {
        guard let sockets else { return }
        do {
            var frame = Frame()
            while try sockets.data.receive(into: &frame) {
                let (isStart, pattern) = frame.withBytes { bytes in
                    (bytes.first, String(decoding: bytes.dropFirst(), as: UTF8.self))
                }
                if frame.hasMore { try sockets.data.discardRest(after: &frame) }
                switch isStart {
                case 1: subscribed(pattern)
                case 0: unsubscribed(pattern)
                // Any peer may send such a message over its SUB; it means nothing here.
                default: refuse(ProtocolError("a message on the data socket"), bytes: pattern.utf8.count)
                }
            }
        } catch {
            logger.error("subscriptions cannot be read: \(error)")
        }
    }

    private func subscribed(_ pattern: String) {
        subscriptions.change(pattern, by: 1)
        if !Subscriptions.isOfWorker(pattern) { intake.hasSubscribers = true }
        if pattern.hasPrefix(Subscriptions.ringPrefix) { return offerRing(to: pattern) }
        guard pattern.hasPrefix(Subscriptions.syncPrefix) else { return }
        let identity = String(pattern.dropFirst(Subscriptions.syncPrefix.count))
        if let request = subscriptions.arrive(identity) {
            sendMarker(identity, replyTo: request.replyTo, topics: request.topics)
        }
    }

    private func unsubscribed(_ pattern: String) {
        subscriptions.change(pattern, by: -1)
        guard pattern.hasPrefix(Subscriptions.syncPrefix) else { return }
        subscriptions.leave(String(pattern.dropFirst(Subscriptions.syncPrefix.count)))
    }

    /// Sends the marker to a worker as soon as its subscriptions have arrived; exactly once for each call.
    ///
    /// A worker subscribes to `sync.{identity}` last, and subscriptions of one socket arrive in order: when this one is there, all
    /// are. The marker comes over the same socket as the data, so it divides what came before from what comes after.
    ///
    /// - Parameter ring: The ring that the worker reads, where it reads one: then it comes there.
    package func sync(_ identity: String, replyTo: String, topics: [String], ring: String? = nil) {
        if let ring { return syncReader(of: ring, identity, replyTo: replyTo, topics: topics) }
        subscriptions.leaveRing(identity)
        if subscriptions.ask(identity, replyTo: replyTo, topics: topics) {
            sendMarker(identity, replyTo: replyTo, topics: topics)
        }
    }

    /// Forgets a worker that is gone.
    package func forget(_ identity: String) {
        subscriptions.forget(identity)
    }

    /// A reader was there before it asked: the marker divides what it has seen from what comes.
    private func syncReader(of ring: String, _ identity: String, replyTo: String, topics: [String]) {
        guard sockets != nil, ring == ringOffer?.id else {
            // Of an earlier manager: it asks again when it has found this one's.
            return logger.debug("a worker reads another ring", metadata: ["identity": "\(identity)"])
        }
        subscriptions.joinRing(identity, topics: topics)
        let isWritten = intake.tell(
            Subscriptions.syncPrefix + identity,
            marker(replyTo: replyTo, topics: topics).bytes
        )
        if !isWritten {
            logger.error("the marker for \(identity) is too long for the ring: 'broker.ring' is too small")
        }
    }

    /// Says to a worker that has connected to this broker where its ring is, or that it has none. A worker that reads the ring of an earlier
    /// manager learns by this of the new one: its socket connects again and says what it subscribes to.
    private func offerRing(to pattern: String) {
        guard let sockets else { return }
        let message = Message(.welcome, payload: ["ring": ringOffer.map(JSONValue.init) ?? .null])
        do {
            try sockets.data.send([Array(pattern.utf8), message.bytes])
        } catch {
            logger.error("a worker cannot be told of the ring: \(error)")
        }
    }

    private func sendMarker(_ identity: String, replyTo: String, topics names: [String]) {
        guard let sockets else { return }
        let marker = marker(replyTo: replyTo, topics: names)
        do {
            try sockets.data.send([Array("\(Subscriptions.syncPrefix)\(identity)".utf8), marker.bytes])
        } catch {
            logger.error("the marker for \(identity) cannot be sent: \(error)")
        }
    }

    private func marker(replyTo: String, topics names: [String]) -> Message {
        var sequences: [String: JSONValue] = [:]
        for name in names {
            let index = Array(name.utf8).withUnsafeBytes { intake.topics.find($0) }
            sequences[name] = JSONValue(index.map { intake.topics.sequence($0) } ?? 0)
        }
        return Message(.sync, payload: ["topics": .object(sequences)], replyTo: replyTo)
    }
}

extension JSONValue {
    /// An offer, as it is told to workers.
    package init(_ offer: RingOffer) {
        self = ["path": .string(offer.path), "wake_path": .string(offer.wakePath), "id": .string(offer.id)]
    }
}
