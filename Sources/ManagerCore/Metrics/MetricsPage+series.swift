internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import PrometheusMetrics
internal import WireProtocol

// The families that are one number of something; each says what it means.
extension MetricsPage {
    /// One family: its name, what it means, and its value for something.
    struct Series<Subject>: Sendable {
        let name: String
        let kind: MetricKind
        let help: String
        let value: @Sendable (Subject) -> Double?

        init(
            _ name: String,
            _ kind: MetricKind,
            _ help: String,
            _ value: @escaping @Sendable (Subject) -> Double?
        ) {
            (self.name, self.kind, self.help, self.value) = (name, kind, help, value)
        }
    }

    /// A family that always has a value.
    struct Count<Subject>: Sendable {
        let name: String
        let kind: MetricKind
        let help: String
        let value: @Sendable (Subject) -> Double

        init(
            _ name: String,
            _ kind: MetricKind,
            _ help: String,
            _ value: @escaping @Sendable (Subject) -> Double
        ) {
            (self.name, self.kind, self.help, self.value) = (name, kind, help, value)
        }
    }

    /// What a heartbeat counts beside the messages that were handled.
    static let outcomes = [
        "missed", "repeated", "unrequested", "unreadable", "lost", "dropped", "conflated", "replayed", "late",
    ]

    static let workerSeries: [Series<MetricsSnapshot.Worker>] = [
        Series("quantcell_worker_start_time_seconds", .gauge, "When the worker began to run, Unix time.") {
            $0.startedAt.map { Double($0) / 1e9 }
        },
        Series("quantcell_worker_heartbeat_age_seconds", .gauge, "Since when nothing was heard of the worker.") {
            $0.heartbeatAge.map { $0 / .seconds(1) }
        },
        Series("quantcell_worker_restarts_total", .counter, "How often a new process took over.") {
            Double($0.restarts)
        },
        Series("quantcell_worker_messages_total", .counter, "Messages that were delivered to the strategy.") {
            Double($0.messages)
        },
        Series("quantcell_worker_signals_total", .counter, "Signals that the strategy emitted.") {
            Double($0.signals)
        },
        Series("quantcell_worker_errors_total", .counter, "Errors that the strategy threw.") { Double($0.errors) },
        Series("quantcell_worker_gaps_total", .counter, "Ranges of its topics that could not be recovered.") {
            Double($0.gaps)
        },
        Series("quantcell_worker_lag_messages", .gauge, "Messages of its topics that it has not handled yet.") {
            $0.lagMessages.map(Double.init)
        },
        Series(
            "quantcell_worker_lag_seconds",
            .gauge,
            "How much older what it handled last is than what came last; 0 where it has handled everything."
        ) { $0.lagSeconds },
        Series("quantcell_worker_callback_seconds", .gauge, "How long the callback that runs has taken.") {
            $0.details["callback_seconds"]?.doubleValue
        },
    ]

    static let usageSeries: [Count<ProcessUsage>] = [
        Count("quantcell_worker_cpu_seconds_total", .counter, "Processor time that the worker's process has used.") {
            $0.cpuTime / .seconds(1)
        },
        Count("quantcell_worker_resident_memory_bytes", .gauge, "Physical memory of the worker's process.") {
            Double($0.residentBytes)
        },
        Count("quantcell_worker_threads", .gauge, "Threads of the worker's process.") { Double($0.threads) },
    ]

    static let topicSeries: [Count<BrokerCounters.TopicCounters>] = [
        Count("quantcell_topic_received_total", .counter, "Messages that came for the topic.") { Double($0.received) },
        Count("quantcell_topic_refused_total", .counter, "Messages of the topic that were refused.") {
            Double($0.refused)
        },
        Count("quantcell_topic_published_total", .counter, "Messages of the topic that were sent on.") {
            Double($0.published)
        },
        Count("quantcell_topic_recorded_total", .counter, "Messages of the topic that were handed to the record.") {
            Double($0.recorded)
        },
        Count("quantcell_topic_unrecorded_total", .counter, "Messages for which the record had no room.") {
            Double($0.unrecorded)
        },
        Count("quantcell_topic_out_of_order_total", .counter, "Messages with an earlier event time than the last.") {
            Double($0.outOfOrder)
        },
        Count("quantcell_topic_late_total", .counter, "Further messages with an earlier event time than the newest.") {
            Double($0.late)
        },
        Count("quantcell_topic_duplicates_total", .counter, "Messages that were the same as the one before.") {
            Double($0.duplicates)
        },
        Count("quantcell_topic_sequence", .gauge, "Last sequence of the topic, over the life of the data folder.") {
            Double($0.sequence)
        },
        Count("quantcell_topic_subscribers", .gauge, "Sockets that subscribe to the topic.") {
            Double($0.subscribers)
        },
        Count(
            "quantcell_topic_last_message_timestamp_seconds",
            .gauge,
            "When its last message came, Unix time; 0: none."
        ) {
            Double($0.lastReceiveTime) / 1e9
        },
    ]

    static let brokerSeries: [Count<BrokerCounters>] = [
        Count("quantcell_market_data_received_total", .counter, "Market-data messages that came.") {
            Double($0.received)
        },
        Count("quantcell_market_data_refused_total", .counter, "Market-data messages that were refused.") {
            Double($0.refused)
        },
        Count("quantcell_market_data_published_total", .counter, "Market-data messages that were sent on.") {
            Double($0.published)
        },
        Count("quantcell_market_data_recorded_total", .counter, "Messages that were handed to the record.") {
            Double($0.recorded)
        },
        Count("quantcell_market_data_unrecorded_total", .counter, "Messages for which the record had no room.") {
            Double($0.unrecorded)
        },
        Count("quantcell_market_data_resent_total", .counter, "Messages that publishers sent again in vain.") {
            Double($0.resent)
        },
        Count("quantcell_topics", .gauge, "Topics that there are.") { Double($0.topicCount) },
        Count("quantcell_topics_not_shown", .gauge, "Topics without series of their own, since there are too many.") {
            Double($0.topicCount - $0.topics.count)
        },
        Count("quantcell_record_queue_messages", .gauge, "Messages that are not in the database yet.") {
            Double($0.queuedMessages)
        },
        Count("quantcell_record_queue_bytes", .gauge, "Bytes of the buffer that they take.") { Double($0.queuedBytes) },
        Count("quantcell_record_blocked", .gauge, "1 while publishers wait since the record has no room.") {
            $0.isBlocked ? 1 : 0
        },
        Count("quantcell_record_blocks_total", .counter, "How often publishers had to wait for the record.") {
            Double($0.blocks)
        },
        Count("quantcell_history_requests_total", .counter, "Questions about recorded data.") {
            Double($0.history.requests)
        },
        Count("quantcell_history_refused_total", .counter, "Questions about recorded data that were refused.") {
            Double($0.history.refused)
        },
        Count("quantcell_history_messages_total", .counter, "Recorded messages that were sent again.") {
            Double($0.history.messages)
        },
        Count("quantcell_history_dropped_total", .counter, "Answers that whoever had asked did not take.") {
            Double($0.history.dropped)
        },
    ]

    static let recordSeries: [Count<RecordStatistics>] = [
        Count("quantcell_record_buffer_bytes", .gauge, "Bytes that the buffer before the database has.") {
            Double($0.ringBytes)
        },
        Count("quantcell_record_written_total", .counter, "Messages that were written to the database.") {
            Double($0.recorded)
        },
        Count("quantcell_record_repeated_total", .counter, "Messages that were in the database already.") {
            Double($0.repeated)
        },
        Count("quantcell_record_unreadable_total", .counter, "Messages that could not be read and are not recorded.") {
            Double($0.unreadable)
        },
        Count("quantcell_record_too_large_total", .counter, "Messages that were too large to be recorded.") {
            Double($0.tooLarge)
        },
        Count("quantcell_record_discarded_bytes_total", .counter, "Damaged bytes of the buffer, thrown away.") {
            Double($0.discardedBytes)
        },
        Count("quantcell_record_pruned_total", .counter, "Recorded messages that retention has dropped.") {
            Double($0.pruned)
        },
        Count("quantcell_record_failing", .gauge, "1 while market data cannot be recorded.") {
            $0.failure == nil ? 0 : 1
        },
    ]
}
