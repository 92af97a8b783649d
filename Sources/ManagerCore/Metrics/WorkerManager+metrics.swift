internal import CLinux
public import CoreMetrics
internal import EventJournal
internal import Glibc
internal import MarketData
internal import MarketRecord
internal import Supervision
internal import ZeroMQ

// What Prometheus reads.
extension WorkerManager {
    /// Where the manager counts, for `MetricsSystem.bootstrap`: what libraries count is then on its page too.
    public nonisolated var metricsFactory: any MetricsFactory { metrics.registry }

    /// Everything that is measured, in Prometheus's text format 0.0.4, UTF-8.
    ///
    /// What is cheap to find out is found out now: one hop to the control loop and one to the data loop, each to copy numbers; all else is
    /// done on the caller's executor. A manager that does not run shows its process and what was counted before.
    public nonisolated func renderMetrics() async -> [UInt8] {
        var page = MetricsPage()
        page.write(process)
        if let scene = await look(SuspendingClock().now) {
            page.write(scene.snapshot)
            let (delay, counters) = await Self.count(scene.broker, SuspendingClock().now)
            metrics.late(.data, delay)
            page.write(counters)
            page.write(scene.record.statistics, walBytes: Self.size(scene.record.configuration.path + "-wal"))
            page.write(
                scene.journal.statistics,
                fails: scene.snapshot.journalFails,
                fileBytes: Self.size(scene.journal.path) + Self.size(scene.journal.path + "-wal")
            )
        }
        page.write(metrics.registry)
        return page.bytes
    }

    private struct Scene: Sendable {
        let snapshot: MetricsSnapshot
        let broker: DataBroker
        let record: MarketRecord
        let journal: EventJournal
    }

    private func look(_ asked: SuspendingClock.Instant) -> Scene? {
        metrics.late(.control, SuspendingClock().now - asked)
        guard let control = running?.control, let broker = running?.broker, let record = running?.record,
            let journal = running?.journal
        else { return nil }
        return Scene(snapshot: control.metricsSnapshot(), broker: broker, record: record, journal: journal)
    }

    private static func count(
        _ broker: isolated DataBroker,
        _ asked: SuspendingClock.Instant
    ) -> (delay: Duration, BrokerCounters) {
        (SuspendingClock().now - asked, broker.counters(maxTopics: MetricsPage.maxTopics))
    }

    /// The size of a file; 0 where there is none.
    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
