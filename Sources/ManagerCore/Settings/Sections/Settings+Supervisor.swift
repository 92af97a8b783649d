extension Settings {
    /// Restarts, heartbeats and error budgets, for every strategy that does not say otherwise.
    public struct Supervisor: Codable, Hashable, Sendable {
        /// When a failed worker is started again.
        public var restartPolicy = RestartPolicy()
        /// When a worker counts as dead.
        public var health = Health()
        /// How many errors a strategy may throw.
        public var errorBudget = ErrorBudget()

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case restartPolicy = "restart_policy"
            case health
            case errorBudget = "error_budget"
        }

        func check(with checker: inout SettingsChecker) {
            restartPolicy.check(with: &checker, at: "supervisor.restart_policy")
            health.check(with: &checker, at: "supervisor.health")
            errorBudget.check(with: &checker, at: "supervisor.error_budget")
        }
    }

    /// When a failed worker is started again: the first time at once, then after a delay that doubles.
    public struct RestartPolicy: Codable, Hashable, Sendable {
        /// Restarts within ``restartWindow`` before the worker stays in `error`, 0 to 1,000.
        public var maxRestarts = 3
        /// The window in which restarts are counted, one second to seven days.
        public var restartWindow = SettingsDuration.seconds(300)
        /// Delay of the second restart, up to an hour; each further one doubles it.
        public var backoffBase = SettingsDuration.seconds(1)
        /// The longest delay, ``backoffBase`` to a day.
        public var backoffMax = SettingsDuration.seconds(60)
        /// The share of a delay that is added at random, 0 to 1, so that workers do not restart in step.
        public var jitter = 0.25

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case maxRestarts = "max_restarts"
            case restartWindow = "restart_window"
            case backoffBase = "backoff_base"
            case backoffMax = "backoff_max"
            case jitter
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(maxRestarts, 0...1000, "\(path).max_restarts")
            checker.range(restartWindow, .seconds(1)...(.days(7)), "\(path).restart_window")
            checker.range(backoffBase, .seconds(0)...(.hours(1)), "\(path).backoff_base")
            if backoffMax < backoffBase || backoffMax > .days(1) {
                checker.report(
                    "must be from backoff_base (\(backoffBase)) to 1d, not \(backoffMax)",
                    "\(path).backoff_max"
                )
            }
            checker.range(jitter, 0...1, "\(path).jitter")
        }
    }

    /// When a worker counts as dead.
    public struct Health: Codable, Hashable, Sendable {
        /// How often a worker sends a heartbeat, 10 ms to an hour.
        public var heartbeatInterval = SettingsDuration.seconds(1)
        /// How long it may be silent; longer than ``heartbeatInterval``, up to a day.
        public var heartbeatTimeout = SettingsDuration.seconds(30)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case heartbeatInterval = "heartbeat_interval"
            case heartbeatTimeout = "heartbeat_timeout"
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(heartbeatInterval, .milliseconds(10)...(.hours(1)), "\(path).heartbeat_interval")
            if heartbeatTimeout <= heartbeatInterval || heartbeatTimeout > .days(1) {
                checker.report(
                    "must be longer than heartbeat_interval (\(heartbeatInterval)) and at most 1d, not \(heartbeatTimeout)",
                    "\(path).heartbeat_timeout"
                )
            }
        }
    }

    /// How many errors a strategy may throw before its worker goes to `error`.
    public struct ErrorBudget: Codable, Hashable, Sendable {
        /// Errors within ``window`` that are tolerated, 0 to 1,000,000.
        public var errors = 10
        /// The window in which errors are counted, one second to a day.
        public var window = SettingsDuration.seconds(60)

        /// The defaults.
        public init() {}

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(errors, 0...1_000_000, "\(path).errors")
            checker.range(window, .seconds(1)...(.days(1)), "\(path).window")
        }
    }
}
