/// What follows when a health check finds a worker unwell.
public enum HealthAction: String, CaseIterable, Codable, Hashable, Sendable {
    /// It is reported, once, and so is its end.
    case log
    /// It is reported, and the worker is asked to hold its data back.
    case pause
    /// The process is ended, and replaced as far as the restart policy grants it.
    case restart
    /// The worker is stopped for good.
    case stop
}

/// When a worker counts as alive, and what follows when it does not.
///
/// Three verdicts besides death, each with its own limit and action: *frozen* (no heartbeat), *stuck* (heartbeats come, one callback
/// does not end) and *starved* (heartbeats come, no callback runs, its topics move on and it handles nothing).
public struct HealthCheckConfig: Hashable, Sendable {
    /// How often a worker sends a heartbeat.
    public var heartbeatInterval: Duration
    /// After how long without one it counts as frozen.
    public var heartbeatTimeout: Duration
    /// How long a process may take from its start until its strategy runs.
    public var startTimeout: Duration
    /// What follows when it is frozen.
    public var frozenAction: HealthAction
    /// How long one callback may run before the worker counts as stuck.
    public var callbackTimeout: Duration
    /// What follows when it is stuck.
    public var stuckAction: HealthAction
    /// How long its topics may move on without it before it counts as starved.
    public var starvedTimeout: Duration
    /// What follows when it is starved.
    public var starvedAction: HealthAction
    /// For a worker of which nothing is ever heard: how long its process must have lived to count as running. No verdict falls on such a
    /// worker. `nil` for one that says itself when it runs, and sends heartbeats.
    public var runsAfter: Duration?

    /// Makes a configuration: by default a heartbeat each second, started within 30 s; restarted when frozen for 30 s or stuck for 60 s,
    /// and reported when starved for 120 s.
    public init(
        heartbeatInterval: Duration = .seconds(1),
        heartbeatTimeout: Duration = .seconds(30),
        startTimeout: Duration = .seconds(30),
        frozenAction: HealthAction = .restart,
        callbackTimeout: Duration = .seconds(60),
        stuckAction: HealthAction = .restart,
        starvedTimeout: Duration = .seconds(120),
        starvedAction: HealthAction = .log,
        runsAfter: Duration? = nil
    ) {
        self.heartbeatInterval = heartbeatInterval
        self.heartbeatTimeout = heartbeatTimeout
        self.startTimeout = startTimeout
        self.frozenAction = frozenAction
        self.callbackTimeout = callbackTimeout
        self.stuckAction = stuckAction
        self.starvedTimeout = starvedTimeout
        self.starvedAction = starvedAction
        self.runsAfter = runsAfter
    }
}
