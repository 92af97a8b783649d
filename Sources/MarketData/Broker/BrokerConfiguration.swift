/// Where a broker listens and what bounds it.
public struct BrokerConfiguration: Hashable, Sendable {
    /// Addresses that publishers connect to.
    public var feedAddresses: [String]
    /// Addresses that subscribers connect to.
    public var dataAddresses: [String]
    /// Addresses that publishers connect to who want to know what is on disk; none for no such endpoint.
    public var publishAddresses: [String]
    /// Addresses that workers connect to for recorded data; none for no such endpoint.
    public var historyAddresses: [String]
    /// What becomes of data that comes faster than the disk takes it.
    public var recordPressure: RecordPressure
    /// By which way market data goes to workers on this machine.
    public var dataLane: DataLane
    /// How many bytes of the newest messages are kept in shared memory for them; at least four times ``maxMessageBytes`` are.
    public var ringBytes: Int
    /// How many messages wait for one slow subscriber before libzmq drops what comes next for it.
    public var highWaterMark: Int
    /// The largest body that is accepted, bytes.
    public var maxMessageBytes: Int
    /// How many topics there may be in the life of a data folder.
    public var maxTopics: Int
    /// How many refused messages a second are reported one by one; the others are only counted.
    public var refusedSample: Int
    /// The file that keeps each topic's sequence.
    public var ledgerPath: String

    /// Makes a configuration.
    public init(
        feedAddresses: [String],
        dataAddresses: [String],
        publishAddresses: [String] = [],
        historyAddresses: [String] = [],
        ledgerPath: String,
        recordPressure: RecordPressure = .block,
        dataLane: DataLane = .auto,
        ringBytes: Int = 32 << 20,
        highWaterMark: Int = 100_000,
        maxMessageBytes: Int = 1 << 20,
        maxTopics: Int = 10_000,
        refusedSample: Int = 10
    ) {
        self.feedAddresses = feedAddresses
        self.dataAddresses = dataAddresses
        self.publishAddresses = publishAddresses
        self.historyAddresses = historyAddresses
        self.recordPressure = recordPressure
        self.dataLane = dataLane
        self.ringBytes = ringBytes
        self.highWaterMark = highWaterMark
        self.maxMessageBytes = maxMessageBytes
        self.maxTopics = maxTopics
        self.refusedSample = refusedSample
        self.ledgerPath = ledgerPath
    }
}

/// What the broker does with a message that should be recorded while the disk is behind and the intake is full.
public enum RecordPressure: String, CaseIterable, Codable, Hashable, Sendable {
    /// It takes no more until there is room: publishers wait, nothing is lost.
    case block
    /// It numbers and sends the message without recording it, and counts it: data stays live, the record has holes.
    case drop
}

/// A way of market data to the manager's own workers. Everybody else gets it over ZeroMQ, whatever this is.
public enum DataLane: String, CaseIterable, Codable, Hashable, Sendable {
    /// Shared memory where the system has what it needs, else ZeroMQ.
    case auto
    /// Shared memory; where that cannot be had there is no start.
    case shm
    /// ZeroMQ.
    case zmq
}

/// Why a broker cannot work.
public struct BrokerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what failed and what to do.
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}
