internal import CoreMetrics
internal import PrometheusMetrics
internal import Supervision

/// What is counted and timed as it happens, since no later look could tell it: failures, restarts, commits, lateness.
///
/// All else is read when somebody asks for the page (``MetricsSnapshot``). Nothing here is touched for a message or a heartbeat.
final class ManagerMetrics: Sendable {
    /// A thread of the manager's own.
    enum Loop: String, CaseIterable {
        case control, data
    }

    /// Where the series are kept, those of libraries too.
    let registry = PrometheusRegistry()
    let journalCommit: CoreMetrics.Timer
    let recordCommit: CoreMetrics.Timer

    private let storms: Counter
    private let lag: [Loop: CoreMetrics.Timer]
    private let failures: [FailureCause: Counter]
    private let restarts: [FailureCause: Counter]
    private let requestedRestarts: Counter

    init() {
        for (name, help, bounds) in Self.descriptions { registry.describe(name, help, bounds: bounds) }
        let registry = registry
        func counters(_ name: String) -> [FailureCause: Counter] {
            // From 0 on, so that the first one is seen as an increase.
            Dictionary(
                uniqueKeysWithValues: FailureCause.allCases.map {
                    ($0, Counter(label: name, dimensions: [("cause", $0.rawValue)], factory: registry))
                }
            )
        }
        journalCommit = CoreMetrics.Timer(label: "quantcell_journal_commit_seconds", factory: registry)
        recordCommit = CoreMetrics.Timer(label: "quantcell_record_commit_seconds", factory: registry)
        storms = Counter(label: "quantcell_storms_total", factory: registry)
        failures = counters("quantcell_failures_total")
        restarts = counters("quantcell_restarts_total")
        requestedRestarts = Counter(
            label: "quantcell_restarts_total",
            dimensions: [("cause", "requested")],
            factory: registry
        )
        lag = Dictionary(
            uniqueKeysWithValues: Loop.allCases.map {
                (
                    $0,
                    CoreMetrics.Timer(
                        label: "quantcell_loop_lag_seconds",
                        dimensions: [("loop", $0.rawValue)],
                        factory: registry
                    )
                )
            }
        )
    }

    // MARK: What happens

    /// A loop has come to something this much later than it could have.
    func late(_ loop: Loop, _ delay: Duration) {
        lag[loop]?.record(delay)
    }

    /// A worker has failed.
    ///
    /// - Parameter detection: How long that went unnoticed, where it is known.
    func failed(_ cause: FailureCause, detection: Duration?) {
        failures[cause]?.increment()
        if let detection { timer("quantcell_failure_detection_seconds", cause).record(detection) }
    }

    /// The policy, or a person (`nil`), has another process take over.
    func restarted(_ cause: FailureCause?) {
        if let cause { restarts[cause]?.increment() } else { requestedRestarts.increment() }
    }

    /// A worker that failed runs again.
    func recovered(_ cause: FailureCause, after duration: Duration) {
        timer("quantcell_recovery_seconds", cause).record(duration)
    }

    /// All restarts wait, since many workers have failed of one cause.
    func stormed() {
        storms.increment()
    }

    /// A command has come to its end.
    func ended(_ command: String, isDone: Bool) {
        let dimensions = [("command", command), ("result", isDone ? "done" : "refused")]
        Counter(label: "quantcell_commands_total", dimensions: dimensions, factory: registry).increment()
    }

    private func timer(_ name: String, _ cause: FailureCause) -> CoreMetrics.Timer {
        CoreMetrics.Timer(label: name, dimensions: [("cause", cause.rawValue)], factory: registry)
    }

    // MARK: What they mean

    private static let lagBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30,
    ]
    private static let detectionBounds: [Double] = [
        0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
    ]
    private static let recoveryBounds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    private static let descriptions: [(name: String, help: String, bounds: [Double]?)] = [
        ("quantcell_failures_total", "Times that workers failed, by cause.", nil),
        ("quantcell_restarts_total", "Restarts of workers, by the cause of the failure, or 'requested'.", nil),
        (
            "quantcell_failure_detection_seconds",
            "From the last sign of life before a failure until it was noticed, an upper bound; for 'stuck' how long the callback had run.",
            detectionBounds
        ),
        ("quantcell_recovery_seconds", "From noticing a failure until the worker runs again.", recoveryBounds),
        ("quantcell_storms_total", "Times that all restarts waited since many workers failed of one cause.", nil),
        ("quantcell_loop_lag_seconds", "How late a loop came to something, looked at once a second.", lagBounds),
        ("quantcell_journal_commit_seconds", "How long transactions of the journal took, disk included.", nil),
        ("quantcell_record_commit_seconds", "How long transactions of recorded data took, disk included.", nil),
        ("quantcell_commands_total", "Commands that changed something or were refused, by name and result.", nil),
    ]
}

extension CoreMetrics.Timer {
    /// Records a duration; one that is negative counts as none.
    func record(_ duration: Duration) {
        recordNanoseconds(max(Int64(clamping: Int128(duration / .nanoseconds(1))), 0))
    }
}
