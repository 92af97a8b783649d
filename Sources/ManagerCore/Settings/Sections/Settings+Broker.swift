extension Settings {
    /// Limits of the market-data broker.
    public struct Broker: Codable, Hashable, Sendable {
        /// By which way market data goes to the manager's own workers.
        public var dataLane = DataLane.auto
        /// How much of the newest data is kept in shared memory for them, 1 MiB to 4 GiB; rounded up to a power of two, and to four times
        /// ``maxMessageBytes``.
        public var ring = SettingsSize.mebibytes(32)
        /// Messages that wait for one slow subscriber before some are dropped (and counted), 1 to 100,000,000.
        public var highWaterMark = 100_000
        /// The largest message that is taken, 1 KiB to 64 MiB.
        public var maxMessageBytes = SettingsSize.mebibytes(1)
        /// The most topics there may be, 1 to 1,000,000; a message on a further one is refused.
        public var maxTopics = 10_000

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case dataLane = "data_lane"
            case ring
            case highWaterMark = "high_water_mark"
            case maxMessageBytes = "max_message_bytes"
            case maxTopics = "max_topics"
        }

        func check(with checker: inout SettingsChecker) {
            checker.range(ring, .mebibytes(1)...(.mebibytes(4 << 10)), "broker.ring")
            checker.range(highWaterMark, 1...100_000_000, "broker.high_water_mark")
            checker.range(maxMessageBytes, .kibibytes(1)...(.mebibytes(64)), "broker.max_message_bytes")
            checker.range(maxTopics, 1...1_000_000, "broker.max_topics")
        }
    }

    /// A way of market data to workers.
    public enum DataLane: String, CaseIterable, SettingsScalar {
        /// Shared memory where the system has what it needs, else ZeroMQ.
        case auto
        /// Shared memory; where that cannot be had neither the manager nor a strategy starts.
        case shm
        /// ZeroMQ.
        case zmq
    }
}
