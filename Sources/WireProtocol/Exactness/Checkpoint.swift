/// A strategy's state and how far it had got: the payload of `checkpoint`, and what a `start` goes on from.
package struct Checkpoint: Hashable, Sendable {
    /// The largest state, in bytes of JSON.
    package static let maxStateBytes = 16 << 20

    /// Why a checkpoint was taken.
    package enum Reason: String, CaseIterable, Hashable, Sendable {
        case start, messages, interval, pause, stop, reload, params, command
    }

    /// Counts the checkpoints of a strategy, from 1, over its generations.
    package var ordinal: UInt64
    /// The last sequence handled of each topic.
    package var positions: [String: UInt64]
    package var state: JSONValue
    /// The name of the strategy's class.
    package var strategy: String

    package init(ordinal: UInt64, positions: [String: UInt64], state: JSONValue, strategy: String) {
        self.ordinal = ordinal
        self.positions = positions
        self.state = state
        self.strategy = strategy
    }

    /// Reads a payload.
    ///
    /// - Throws: ``ProtocolError`` that names the member which is missing or wrong.
    package init(payload: JSONValue) throws(ProtocolError) {
        guard let ordinal = payload["ordinal"]?.sequenceValue else {
            throw ProtocolError("a checkpoint's 'ordinal' must be a whole number")
        }
        guard let positions = payload["positions"]?.sequencesValue else {
            throw ProtocolError("a checkpoint's 'positions' must be an object of topic and sequence")
        }
        guard let state = payload["state"] else { throw ProtocolError("a checkpoint's 'state' is missing") }
        self.init(
            ordinal: ordinal,
            positions: positions,
            state: state,
            strategy: payload["strategy"]?.stringValue ?? ""
        )
    }

    package var payload: [String: JSONValue] {
        [
            "ordinal": JSONValue(ordinal), "positions": JSONValue(sequences: positions), "state": state,
            "strategy": .string(strategy),
        ]
    }
}

/// How a worker is given data when it cannot keep up, or data was lost on the way to it.
package enum DeliveryMode: String, CaseIterable, Hashable, Sendable {
    /// Every message, in order: what is missing comes from the record.
    case lossless
    /// The latest of each topic; what is passed over is counted.
    case conflate
    /// What arrives; holes are counted.
    case drop
}
