/// A run of sequences of one topic, both ends included.
package struct RecordRange: Hashable, Sendable {
    package var topic: String
    package var from: UInt64
    package var to: UInt64

    package init(topic: String, from: UInt64, to: UInt64) {
        self.topic = topic
        self.from = from
        self.to = to
    }
}

/// Sequences that the record does not have.
package struct LostRange: Hashable, Sendable {
    /// Why they are not there; the raw value is for people and for the wire.
    package enum Reason: String, Hashable, Sendable {
        /// The topic is not recorded.
        case recordOff = "record off"
        /// They were not written: recording was off then, or fell behind and was told to drop.
        case notRecorded = "not recorded"
        /// They were dropped by retention.
        case pruned
    }

    package var topic: String
    package var from: UInt64
    package var to: UInt64
    package var reason: Reason

    package init(topic: String, from: UInt64, to: UInt64, reason: Reason) {
        self.topic = topic
        self.from = from
        self.to = to
        self.reason = reason
    }
}

/// How the reader is to write bodies.
package enum RecordFormat: String, Hashable, Sendable {
    /// Binary, where the data type has a binary layout; else JSON.
    case binary
    /// JSON, with event times to the microsecond.
    case json
}

/// A message as it was published.
package struct RecordedMessage: Hashable, Sendable {
    package let topic: String
    /// With the broker's sequence and receive time in it.
    package let body: [UInt8]
    package let sequence: UInt64
    /// Place in the order of arrival over all topics.
    package let position: UInt64
}

/// Part of the record.
package struct RecordChunk: Hashable, Sendable {
    /// In the order of arrival.
    package var messages: [RecordedMessage] = []
    /// What lies between and behind the messages, and is not there.
    package var lost: [LostRange] = []
    /// Whether there is more in the ranges than the limits let through: ask again, each topic from behind its last message or loss.
    package var more = false

    package init() {}
}
