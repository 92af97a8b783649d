/// What a broker has done since it started.
public struct BrokerCounters: Hashable, Sendable {
    /// One topic's counters.
    public struct TopicCounters: Hashable, Sendable {
        /// The topic, `market.{symbol}.{data_type}`.
        public let topic: String
        /// Its last sequence, over the life of the data folder.
        public let sequence: UInt64
        /// Messages that came for it, from its first good one on.
        public let received: UInt64
        /// Messages that were refused.
        public let refused: UInt64
        /// Messages that were sent on.
        public let published: UInt64
        /// Whether its messages are to be recorded.
        public let isRecorded: Bool
        /// Messages that were handed to the record.
        public let recorded: UInt64
        /// Messages that should have been recorded, and for which the record had no room.
        public let unrecorded: UInt64
        /// Messages with an earlier event time than the one right before them.
        public let outOfOrder: UInt64
        /// Further messages with an earlier event time than the newest.
        public let late: UInt64
        /// Messages that were the same as the one right before them.
        public let duplicates: UInt64
        /// Sockets that subscribe to it.
        public let subscribers: Int
        /// Event time of the last message, nanoseconds since the Unix epoch; 0 when there was none.
        public let lastEventTime: Int64
        /// When the last message came, nanoseconds since the Unix epoch; 0 when there was none.
        public let lastReceiveTime: Int64
    }

    /// All topics that have had a good message, in the order in which they came; the first ones, where only so many were asked for.
    public let topics: [TopicCounters]
    /// How many topics there are.
    public let topicCount: Int
    /// All messages that came.
    public let received: UInt64
    /// All messages that were refused, also those without a readable topic, or with one that has had no good message.
    public let refused: UInt64
    /// All messages that were sent on.
    public let published: UInt64
    /// All messages that were handed to the record.
    public let recorded: UInt64
    /// All messages that should have been recorded, and for which the record had no room.
    public let unrecorded: UInt64
    /// Messages that a publisher has sent again though they had been taken: they went no further.
    public let resent: UInt64
    /// How often publishers had to wait because the record had no room.
    public let blocks: UInt64
    /// Whether they wait now.
    public let isBlocked: Bool
    /// What the record has been handed and has not on disk yet.
    public let queuedMessages: UInt64
    /// The bytes that it takes.
    public let queuedBytes: UInt64
    /// What has been asked about recorded data.
    public let history: HistoryCounters
}
