internal import EventJournal
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import PrometheusMetrics
internal import Supervision
internal import WireProtocol

/// Writes what is known of the manager at one moment for Prometheus; families in the order in which people look for them.
struct MetricsPage {
    /// How many topics are shown one by one; the others are in the totals.
    static let maxTopics = 1000

    private var page = Exposition()

    var bytes: [UInt8] { page.bytes }

    // MARK: The manager

    /// Its version, and the process.
    mutating func write(_ process: ManagerProcess) {
        page.family("quantcell_build_info", .gauge, "1; the labels say what runs.")
        page.sample(
            [("version", QuantCell.version), ("protocol", "\(QuantCell.protocolVersion)")],
            1
        )
        one("process_start_time_seconds", .gauge, "When the manager's process started, Unix time.", process.startTime)
        guard let usage = process.usage() else { return }
        one(
            "process_cpu_seconds_total",
            .counter,
            "Processor time that the manager has used.",
            usage.cpuTime / .seconds(1)
        )
        one("process_resident_memory_bytes", .gauge, "Physical memory of the manager.", usage.residentBytes)
        one("process_threads", .gauge, "Threads of the manager.", usage.threads)
        if let descriptors = usage.openDescriptors {
            one("process_open_fds", .gauge, "Open descriptors of the manager.", descriptors)
        }
        if let limit = ManagerProcess.maxDescriptors {
            one("process_max_fds", .gauge, "How many descriptors the manager may have open.", limit)
        }
    }

    /// Workers, spares, the control loop.
    mutating func write(_ snapshot: MetricsSnapshot) {
        page.family("quantcell_workers", .gauge, "Workers by state, stopped ones too.")
        for state in WorkerState.allCases { page.sample([("state", state.rawValue)], snapshot.states[state] ?? 0) }
        one("quantcell_max_workers", .gauge, "How many workers may run at once.", snapshot.maxWorkers)
        page.family("quantcell_pool_spares", .gauge, "Warm spares: idle ones, and those that are starting.")
        page.sample([("state", "idle")], snapshot.pool.idle)
        page.sample([("state", "starting")], snapshot.pool.count - snapshot.pool.idle)
        let pool = snapshot.pool.counts
        one("quantcell_pool_claims_total", .counter, "Processes that the pool has handed out.", pool.claims)
        one("quantcell_pool_misses_total", .counter, "Claims for which no spare was ready.", pool.misses)
        one("quantcell_pool_spawn_failures_total", .counter, "Spares that could not be spawned.", pool.spawnFailures)
        one("quantcell_pool_deaths_total", .counter, "Spares that ended by themselves.", pool.deaths)
        one(
            "quantcell_refused_messages_total",
            .counter,
            "Messages on control, status and admin that were refused.",
            snapshot.refused
        )
        one(
            "quantcell_stale_messages_total",
            .counter,
            "Messages of processes that are not, or no longer, those of their worker.",
            snapshot.stale
        )
        one(
            "quantcell_control_loop_worst_lag_seconds",
            .gauge,
            "The most that the control loop was late since its start.",
            snapshot.worstLag / .seconds(1)
        )
        write(workers: snapshot.workers)
    }

    // MARK: Market data

    /// Topics, totals, the record's queue, and questions about recorded data.
    mutating func write(_ counters: BrokerCounters) {
        for series in Self.brokerSeries { one(series.name, series.kind, series.help, series.value(counters)) }
        for series in Self.topicSeries {
            page.family(series.name, series.kind, series.help)
            for topic in counters.topics.prefix(Self.maxTopics) {
                page.sample([("topic", topic.topic)], series.value(topic))
            }
        }
    }

    /// The record.
    mutating func write(_ statistics: RecordStatistics, walBytes: Int64) {
        for series in Self.recordSeries { one(series.name, series.kind, series.help, series.value(statistics)) }
        one(
            "quantcell_record_file_bytes",
            .gauge,
            "Size of market.db and its -wal.",
            statistics.fileBytes + walBytes
        )
    }

    // MARK: The journal

    /// The journal, and what was counted as it happened.
    mutating func write(_ statistics: JournalStatistics, fails: Bool, fileBytes: Int64) {
        one("quantcell_journal_entries_total", .counter, "Entries that are on disk.", statistics.committed)
        one("quantcell_journal_pending_entries", .gauge, "Entries that wait for the disk.", statistics.pending)
        page.family("quantcell_journal_lost_entries_total", .counter, "Entries that could not be kept.")
        page.sample([("kind", "refused")], statistics.lost.refusals)
        page.sample([("kind", "other")], statistics.lost.others)
        one("quantcell_journal_file_bytes", .gauge, "Size of journal.db and its -wal.", fileBytes)
        one("quantcell_journal_failing", .gauge, "1 while the journal cannot be written.", fails ? 1 : 0)
    }

    /// What was counted and timed as it happened, by the manager and by its libraries.
    mutating func write(_ registry: PrometheusRegistry) {
        registry.write(to: &page)
    }

    // MARK: Workers

    private mutating func write(workers: [MetricsSnapshot.Worker]) {
        page.family("quantcell_worker_info", .gauge, "1; the labels say what the worker runs.")
        for worker in workers {
            page.sample([("worker_id", worker.id), ("strategy", worker.strategy), ("kind", worker.kind)], 1)
        }
        page.family("quantcell_worker_state", .gauge, "1 for the state that the worker is in.")
        for worker in workers {
            page.sample([("worker_id", worker.id), ("state", worker.state?.rawValue ?? "compiling")], 1)
        }
        for series in Self.workerSeries { write(series.name, series.kind, series.help, workers, series.value) }
        page.family("quantcell_worker_verdict", .gauge, "1 while a health check holds this against the worker.")
        for worker in workers {
            for verdict in VerdictCounts.verdicts {
                let labels = [("worker_id", worker.id), ("verdict", verdict.rawValue)]
                page.sample(labels, worker.verdicts.contains(verdict) ? 1 : 0)
            }
        }
        page.family("quantcell_worker_verdicts_total", .counter, "Verdicts of health checks on the worker.")
        for worker in workers {
            for verdict in VerdictCounts.verdicts {
                page.sample([("worker_id", worker.id), ("verdict", verdict.rawValue)], worker.raised[verdict])
            }
        }
        write(outcomes: workers)
        // One look at /proc for each process, for all of its series.
        let used = workers.map { worker in worker.process.flatMap { (try? ProcessUsage.read($0)) ?? nil } }
        for series in Self.usageSeries {
            page.family(series.name, series.kind, series.help)
            for (worker, usage) in zip(workers, used) {
                if let usage { page.sample([("worker_id", worker.id)], series.value(usage)) }
            }
        }
    }

    private mutating func write(outcomes workers: [MetricsSnapshot.Worker]) {
        page.family(
            "quantcell_worker_message_outcomes_total",
            .counter,
            "What became of messages that were not simply handled, since the worker's process started."
        )
        for worker in workers {
            for outcome in Self.outcomes {
                guard let count = worker.details["messages_\(outcome)"]?.integerValue else { continue }
                page.sample([("worker_id", worker.id), ("outcome", outcome)], count)
            }
        }
    }

    private mutating func write(
        _ name: String,
        _ kind: MetricKind,
        _ help: String,
        _ workers: [MetricsSnapshot.Worker],
        _ value: (MetricsSnapshot.Worker) -> Double?
    ) {
        page.family(name, kind, help)
        for worker in workers {
            if let value = value(worker) { page.sample([("worker_id", worker.id)], value) }
        }
    }

    private mutating func one(_ name: String, _ kind: MetricKind, _ help: String, _ value: Double) {
        page.family(name, kind, help)
        page.sample([], value)
    }

    private mutating func one(_ name: String, _ kind: MetricKind, _ help: String, _ value: some BinaryInteger) {
        page.family(name, kind, help)
        page.sample([], value)
    }
}
