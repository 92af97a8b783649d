internal import ProcessControl
internal import Supervision
internal import WireProtocol

/// What the control loop knows at one moment, for the page of metrics: copied there, written elsewhere.
struct MetricsSnapshot: Sendable {
    /// One worker that is not stopped.
    struct Worker: Sendable {
        let id: String
        let strategy: String
        let kind: String
        /// `nil` while it is compiled.
        let state: WorkerState?
        let startedAt: Int64?
        /// `nil` where it was never heard from.
        let heartbeatAge: Duration?
        let restarts: UInt64
        let verdicts: Set<FailureCause>
        let raised: VerdictCounts
        let messages: UInt64
        let signals: UInt64
        let errors: UInt64
        let gaps: UInt64
        let lagMessages: UInt64?
        let lagSeconds: Double?
        /// What its last heartbeat said of itself.
        let details: [String: JSONValue]
        let process: ProcessFingerprint?
    }

    struct Pool: Sendable {
        var idle: Int
        var count: Int
        var counts: ProcessPool.Counts
    }

    /// Sorted by id.
    let workers: [Worker]
    /// Workers by state, stopped ones too.
    let states: [WorkerState: Int]
    let maxWorkers: Int
    let pool: Pool
    let refused: UInt64
    let stale: UInt64
    let worstLag: Duration
    let journalFails: Bool
}

extension WorkerControl {
    /// Copies what a page of metrics shows.
    func metricsSnapshot() -> MetricsSnapshot {
        let now = SuspendingClock().now
        var states: [WorkerState: Int] = [:]
        var samples: [MetricsSnapshot.Worker] = []
        for worker in workers.values.sorted(by: { $0.id < $1.id }) {
            let life = supervisor.life(of: worker.id)
            if let state = life?.state { states[state, default: 0] += 1 }
            // What is over has no series any more; that there is such a worker is in the states.
            if life?.state != .stopped { samples.append(worker.metrics(life, at: now)) }
        }
        return MetricsSnapshot(
            workers: samples,
            states: states,
            maxWorkers: settings.manager.maxWorkers,
            pool: pools.sample,
            refused: refusedMessages,
            stale: staleMessages,
            worstLag: lag.worst,
            journalFails: chronicle.failure != nil
        )
    }

    /// Counts what a change of state means for failures, restarts and recoveries.
    func measure(_ transition: Transition, _ worker: Worker) {
        let now = SuspendingClock().now
        switch transition.to {
        case .error:
            guard let cause = transition.failure else { return }
            metrics.failed(cause, detection: detection(of: cause, worker, at: now))
            worker.failure = worker.failure ?? (cause, now)
        case .recovering:
            metrics.restarted(transition.failure)
        case .restarting:
            metrics.restarted(nil)
            worker.failure = nil
        case .running:
            if let (cause, since) = worker.failure { metrics.recovered(cause, after: now - since) }
            worker.failure = nil
        case .stopping, .stopped:
            worker.failure = nil
        default: break
        }
    }

    /// How long a failure went unnoticed at most.
    private func detection(of cause: FailureCause, _ worker: Worker, at now: SuspendingClock.Instant) -> Duration? {
        switch cause {
        case .exitCode, .signal, .outOfMemory, .frozen:
            supervisor.life(of: worker.id)?.lastHeard.map { now - $0 }
        case .stuck:
            worker.metadata["callback_seconds"]?.doubleValue.flatMap {
                0..<1e9 ~= $0 ? .seconds($0) : nil
            }
        case .starved, .start, .spawn, .reported: nil
        }
    }
}

extension Worker {
    fileprivate func metrics(_ life: WorkerLife?, at now: SuspendingClock.Instant) -> MetricsSnapshot.Worker {
        let counts = counts
        return MetricsSnapshot.Worker(
            id: id,
            strategy: strategyName,
            kind: "\(kind)",
            state: life?.state,
            startedAt: process == nil ? nil : startedAt,
            heartbeatAge: process == nil ? nil : life?.lastHeard.map { now - $0 },
            restarts: life?.restarts ?? 0,
            verdicts: life?.verdicts ?? [],
            raised: life?.raised ?? VerdictCounts(),
            messages: counts.messages,
            signals: counts.signals,
            errors: counts.errors,
            gaps: gaps,
            lagMessages: lag.messages,
            lagSeconds: lag.messages.map { _ in lag.seconds },
            details: metadata,
            process: process?.child.fingerprint
        )
    }
}
