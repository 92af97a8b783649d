import WireProtocol

/// What a manager answers to a request.
struct Answer {
    /// What became of the request.
    enum Outcome: Hashable {
        /// Taken on; another answer follows.
        case accepted
        case done
        case refused(String)
        case unknown
    }

    let replyTo: String?
    let payload: JSONValue
    let outcome: Outcome

    /// Reads an envelope; anything that is none answers no request.
    ///
    /// `Message` is not used, since it holds envelopes to 1 MiB, which a long journal exceeds.
    init(_ bytes: [UInt8]) {
        let envelope = (try? bytes.withUnsafeBytes { try JSONValue(parsing: $0) }) ?? .null
        replyTo = envelope["reply_to"]?.stringValue
        payload = envelope["payload"] ?? .object([:])
        outcome = Self.outcome(type: envelope["msg_type"]?.stringValue, payload)
    }

    private static func outcome(type: String?, _ payload: JSONValue) -> Outcome {
        let result = payload["result"]?.stringValue
        switch (type, result) {
        case (MessageType.ack.rawValue, "accepted"): return .accepted
        case (MessageType.ack.rawValue, "done"): return .done
        case (MessageType.ack.rawValue, "refused"), (MessageType.error.rawValue, _):
            let said = payload["message"]?.stringValue ?? payload["reason"]?.stringValue
            return .refused(said ?? payload["code"]?.stringValue ?? "the manager refused without a reason")
        default: return .unknown
        }
    }
}
