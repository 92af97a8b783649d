/// When a worker counts as alive.
public struct HealthCheckConfig: Hashable, Sendable {
    /// How often a worker sends a heartbeat.
    public var heartbeatInterval: Duration
    /// After how long without one it counts as frozen.
    public var heartbeatTimeout: Duration
    /// How long a process may take from its start until its strategy runs.
    public var startTimeout: Duration

    /// Makes a configuration: by default a heartbeat each second, frozen after 30 s, started within 30 s.
    public init(
        heartbeatInterval: Duration = .seconds(1),
        heartbeatTimeout: Duration = .seconds(30),
        startTimeout: Duration = .seconds(30)
    ) {
        self.heartbeatInterval = heartbeatInterval
        self.heartbeatTimeout = heartbeatTimeout
        self.startTimeout = startTimeout
    }
}
