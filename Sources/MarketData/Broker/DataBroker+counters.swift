internal import MarketRecord
internal import WireProtocol

// What the broker has counted.
extension DataBroker {
    /// What the broker has done since it started.
    ///
    /// - Parameter maxTopics: How many topics are looked at one by one.
    public func counters(maxTopics: Int = .max) -> BrokerCounters {
        let counts = intake.counts
        let statistics = record?.statistics
        return BrokerCounters(
            topics: intake.topics.entries.prefix(maxTopics).enumerated().map { index, entry in
                BrokerCounters.TopicCounters(
                    topic: entry.topic.description,
                    sequence: intake.topics.sequence(index),
                    received: entry.received,
                    refused: entry.refused,
                    published: entry.published,
                    isRecorded: entry.isRecorded,
                    recorded: entry.recorded,
                    unrecorded: entry.unrecorded,
                    outOfOrder: entry.order.outOfOrder,
                    late: entry.order.late,
                    duplicates: entry.order.duplicates,
                    subscribers: subscriptions.count(of: entry.topic.description),
                    lastEventTime: entry.lastEventTime,
                    lastReceiveTime: entry.lastReceiveTime
                )
            },
            topicCount: intake.topics.entries.count,
            received: counts.received,
            refused: counts.refused,
            published: counts.published,
            recorded: counts.recorded,
            unrecorded: counts.unrecorded,
            resent: counts.resent,
            blocks: counts.blocks,
            isBlocked: isPaused,
            queuedMessages: statistics?.pendingMessages ?? 0,
            queuedBytes: statistics?.pendingBytes ?? 0,
            history: history?.counters ?? HistoryCounters()
        )
    }
}
