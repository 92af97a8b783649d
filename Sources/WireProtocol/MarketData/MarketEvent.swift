/// One market-data message: its place in its topic, its times and what it says.
public struct MarketEvent: Hashable, Sendable {
    /// Place in the topic's stream, from 1; 0 before the broker has numbered it.
    public var sequence: UInt64
    /// When it happened at the source, nanoseconds since the Unix epoch.
    public var eventTime: Int64
    /// When the broker took it, nanoseconds since the Unix epoch; 0 before that.
    public var receiveTime: Int64
    /// What it says.
    public var payload: MarketPayload

    /// Makes an event.
    public init(sequence: UInt64 = 0, eventTime: Int64, receiveTime: Int64 = 0, payload: MarketPayload) {
        self.sequence = sequence
        self.eventTime = eventTime
        self.receiveTime = receiveTime
        self.payload = payload
    }

    /// Reads a body, JSON or binary by its first byte.
    ///
    /// - Parameters:
    ///   - body: The message's second frame.
    ///   - kind: What the topic says that it is.
    /// - Throws: ``ProtocolError``
    package init(parsing body: UnsafeRawBufferPointer, kind: DataKind) throws(ProtocolError) {
        if body.first == BinaryLayout.magic {
            self = try BinaryCodec.decode(body, kind: kind)
        } else {
            self = try JSONCodec.decode(body, kind: kind)
        }
    }
}

extension MarketPayload {
    /// Which kind of data this is.
    public var kind: DataKind {
        switch self {
        case .bar: .bar
        case .tick: .tick
        case .trade: .trade
        case .quote: .quote
        case .depth: .depth
        }
    }
}
