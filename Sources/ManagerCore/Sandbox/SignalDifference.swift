internal import EventJournal
internal import WireProtocol

/// What a strategy emitted when it was shown recorded data once more, compared with what it emitted then.
struct SignalDifference {
    /// A signal as far as it is a function of the data: its id names worker, topic, sequence and ordinal; when it was emitted says nothing.
    struct Signal: Hashable {
        let id: String
        let sequence: UInt64
        let topic: String
        let name: String
        let side: String?
        let price: Double?
        let quantity: Double?
        let data: String?

        /// - Returns: `nil` for one that no message led to, such as a timer's: it is no function of the data.
        init?(_ record: SignalRecord) {
            guard let sequence = record.sequence, let symbol = record.symbol, let dataType = record.dataType else {
                return nil
            }
            id = record.signalID
            self.sequence = sequence
            topic = "market.\(symbol).\(dataType)"
            name = record.name
            side = record.side
            price = record.price
            quantity = record.quantity
            data = record.data
        }

        var json: JSONValue {
            [
                "signal_id": .string(id), "topic": .string(topic), "sequence": JSONValue(sequence),
                "name": .string(name), "side": JSONValue(side), "price": price.map(JSONValue.number) ?? .null,
                "quantity": quantity.map(JSONValue.number) ?? .null,
                "data": data.flatMap { try? JSONValue(parsing: $0) } ?? .null,
            ]
        }
    }

    /// How many signals each list of an answer shows.
    private static let maxShown = 100

    /// Emitted then and now, alike.
    private(set) var same = 0
    /// Emitted then, and not, or otherwise, now.
    private(set) var missing: [Signal] = []
    /// Emitted now, and not, or otherwise, then.
    private(set) var extra: [Signal] = []

    /// - Parameters:
    ///   - then: What the journal has of the ranges.
    ///   - now: What the sandbox emitted.
    init(then: [Signal], now: [Signal]) {
        var left = Dictionary(now.map { ($0.id, $0) }) { first, _ in first }
        for signal in then {
            if left[signal.id] == signal {
                left[signal.id] = nil
                same += 1
            } else {
                missing.append(signal)
            }
        }
        extra = now.filter { left[$0.id] == $0 }
    }

    /// Whether there is none.
    var isEmpty: Bool { missing.isEmpty && extra.isEmpty }

    /// Counts, and the first signals of each list.
    var json: [String: JSONValue] {
        [
            "same": .integer(Int64(same)), "missing": .integer(Int64(missing.count)),
            "extra": .integer(Int64(extra.count)), "missing_signals": .array(missing.prefix(Self.maxShown).map(\.json)),
            "extra_signals": .array(extra.prefix(Self.maxShown).map(\.json)),
        ]
    }
}
