/// A signal that a strategy emitted, as it is handed to the journal.
public struct SignalRecord: Hashable, Sendable {
    /// The signal's own name, chosen by the worker. A worker that sends the same one twice means the same signal.
    public var signalID: String
    /// The strategy slot that emitted it.
    public var workerID: String
    /// The incarnation of that worker.
    public var generation: UInt64?
    /// The signal's number within that generation: 1, 2, 3, ... without holes. nil from a worker that does not number.
    public var number: UInt64?
    /// What the signal says, such as `cross_up`.
    public var name: String
    /// `buy`, `sell`, or whatever the strategy uses.
    public var side: String?
    /// The instrument it concerns.
    public var symbol: String?
    /// The kind of market data that led to it.
    public var dataType: String?
    /// The sequence, within its topic, of the market data that led to it.
    public var sequence: UInt64?
    /// The event time of that market data, in nanoseconds since the Unix epoch.
    public var eventTime: Int64?
    /// The price it was made at. NaN is stored as no price.
    public var price: Double?
    /// The quantity it asks for. NaN is stored as no quantity.
    public var quantity: Double?
    /// What else the strategy said, as the text of one JSON value. The journal stores it as it is.
    public var data: String?
    /// When the strategy emitted it, in nanoseconds since the Unix epoch.
    public var emittedAt: Int64

    /// A signal; what is optional may be left out.
    public init(
        signalID: String,
        workerID: String,
        generation: UInt64? = nil,
        number: UInt64? = nil,
        name: String,
        side: String? = nil,
        symbol: String? = nil,
        dataType: String? = nil,
        sequence: UInt64? = nil,
        eventTime: Int64? = nil,
        price: Double? = nil,
        quantity: Double? = nil,
        data: String? = nil,
        emittedAt: Int64
    ) {
        self.signalID = signalID
        self.workerID = workerID
        self.generation = generation
        self.number = number
        self.name = name
        self.side = side
        self.symbol = symbol
        self.dataType = dataType
        self.sequence = sequence
        self.eventTime = eventTime
        self.price = price
        self.quantity = quantity
        self.data = data
        self.emittedAt = emittedAt
    }
}

/// A signal as the journal holds it.
public struct RecordedSignal: Hashable, Sendable {
    /// The place in the journal of the signal's entry; rises from signal to signal, with holes.
    public let seq: Int64
    /// What was recorded.
    public let signal: SignalRecord

    /// A signal with its place.
    public init(seq: Int64, signal: SignalRecord) {
        self.seq = seq
        self.signal = signal
    }
}

/// What became of a signal that was appended.
public struct SignalReceipt: Hashable, Sendable {
    /// The place of the signal in the journal; for a duplicate, that of the first one.
    public let seq: Int64
    /// Whether the journal did not hold this worker's signal of that name before.
    public let isNew: Bool

    /// A receipt.
    public init(seq: Int64, isNew: Bool) {
        self.seq = seq
        self.isNew = isNew
    }
}
