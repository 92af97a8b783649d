internal import Logging
internal import WireProtocol
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
    package func sync(_ identity: String, replyTo: String, topics: [String]) {
        if subscriptions.ask(identity, replyTo: replyTo, topics: topics) {
            sendMarker(identity, replyTo: replyTo, topics: topics)
        }
    }

    /// Forgets a worker that is gone.
    package func forget(_ identity: String) {
        subscriptions.forget(identity)
    }

    private func sendMarker(_ identity: String, replyTo: String, topics names: [String]) {
        guard let sockets else { return }
        var sequences: [String: JSONValue] = [:]
        for name in names {
            let index = Array(name.utf8).withUnsafeBytes { intake.topics.find($0) }
            sequences[name] = JSONValue(index.map { intake.topics.sequence($0) } ?? 0)
        }
        let marker = Message(.sync, payload: ["topics": .object(sequences)], replyTo: replyTo)
        do {
            try sockets.data.send([Array("\(Subscriptions.syncPrefix)\(identity)".utf8), marker.bytes])
        } catch {
            logger.error("the marker for \(identity) cannot be sent: \(error)")
        }
    }
}
