/// Where a broker listens and what bounds it.
public struct BrokerConfiguration: Hashable, Sendable {
    /// Addresses that publishers connect to.
    public var feedAddresses: [String]
    /// Addresses that subscribers connect to.
    public var dataAddresses: [String]
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
        ledgerPath: String,
        highWaterMark: Int = 100_000,
        maxMessageBytes: Int = 1 << 20,
        maxTopics: Int = 10_000,
        refusedSample: Int = 10
    ) {
        self.feedAddresses = feedAddresses
        self.dataAddresses = dataAddresses
        self.highWaterMark = highWaterMark
        self.maxMessageBytes = maxMessageBytes
        self.maxTopics = maxTopics
        self.refusedSample = refusedSample
        self.ledgerPath = ledgerPath
    }
}

/// Why a broker cannot work.
public struct BrokerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line: what failed and what to do.
    public let description: String

    package init(_ description: String) {
        self.description = description
    }
}
