import Supervision

extension Settings {
    /// Restarts, heartbeats, error budgets, delivery and checkpoints, for every strategy that does not say otherwise.
    public struct Supervisor: Codable, Hashable, Sendable {
        /// When a failed worker is started again.
        public var restartPolicy = RestartPolicy()
        /// When a worker counts as dead.
        public var health = Health()
        /// How many errors a strategy may throw.
        public var errorBudget = ErrorBudget()
        /// What a worker's process may use.
        public var limits = Limits()
        /// What a worker is given when more comes than it handles.
        public var delivery = Delivery.lossless
        /// How many of the last messages of each topic a strategy is shown before it goes live, 0 to 1,000,000.
        public var warmup = 0
        /// When the state of a strategy is saved.
        public var checkpoint = Checkpoint()
        /// How new code is tried before it takes over, and when a file counts as changed.
        public var reload = Reload()
        /// How long a process must have lived to count as running, nothing to an hour.
        public var readyAfter = SettingsDuration.seconds(1)
        /// When restarts of many workers are slowed down.
        public var storm = Storm()
        /// After how long without a manager a worker stops itself, one second to a day.
        public var orphanLease = SettingsDuration.seconds(60)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case restartPolicy = "restart_policy"
            case health
            case errorBudget = "error_budget"
            case limits
            case delivery
            case warmup
            case checkpoint
            case reload
            case readyAfter = "ready_after"
            case storm
            case orphanLease = "orphan_lease"
        }

        func check(with checker: inout SettingsChecker) {
            restartPolicy.check(with: &checker, at: "supervisor.restart_policy")
            health.check(with: &checker, at: "supervisor.health")
            errorBudget.check(with: &checker, at: "supervisor.error_budget")
            limits.check(with: &checker, at: "supervisor.limits")
            checker.range(warmup, Self.warmups, "supervisor.warmup")
            checkpoint.check(with: &checker, at: "supervisor.checkpoint")
            reload.check(with: &checker, at: "supervisor.reload")
            checker.range(readyAfter, Self.readyTimes, "supervisor.ready_after")
            storm.check(with: &checker, at: "supervisor.storm")
            checker.range(orphanLease, .seconds(1)...(.days(1)), "supervisor.orphan_lease")
        }

        /// What a warm-up may be, here and for one strategy.
        static let warmups = 0...1_000_000
        /// What the time may be after which a process counts as running, here and for one of them.
        static let readyTimes = SettingsDuration.seconds(0)...(.hours(1))
    }

    /// Which ends of a worker are followed by a restart.
    public enum RestartMode: String, CaseIterable, SettingsScalar {
        /// Every end that nobody asked for.
        case always
        /// Every end but exit code 0.
        case onFailure = "on-failure"
        /// None.
        case never
    }

    /// What follows a verdict on a worker.
    public enum HealthAction: String, CaseIterable, SettingsScalar {
        /// It is written down.
        case log
        /// The worker is paused.
        case pause
        /// A new process takes over.
        case restart
        /// The worker is stopped.
        case stop
    }

    /// When a failed worker is started again: the first time at once, then after a delay that doubles.
    public struct RestartPolicy: Codable, Hashable, Sendable {
        /// Which ends are followed by a restart.
        public var mode = RestartMode.always
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
        /// Restarts for one cause of failure, where they differ from ``maxRestarts``; by the names of the causes.
        public var budgets: [String: Int] = [:]
        /// After how long of running half of the failures before are forgotten, one second to a day.
        public var recoveryHalfLife = SettingsDuration.seconds(60)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case mode
            case maxRestarts = "max_restarts"
            case restartWindow = "restart_window"
            case backoffBase = "backoff_base"
            case backoffMax = "backoff_max"
            case jitter
            case budgets
            case recoveryHalfLife = "recovery_half_life"
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
            checker.range(recoveryHalfLife, .seconds(1)...(.days(1)), "\(path).recovery_half_life")
            for (cause, count) in budgets {
                checker.require(FailureCause(rawValue: cause) != nil, "\(path).budgets.\(cause)") {
                    "is no cause of failure; there are \(FailureCause.allCases.map(\.rawValue).joined(separator: ", "))"
                }
                checker.range(count, 0...1000, "\(path).budgets.\(cause)")
            }
        }
    }

    /// When a worker counts as dead.
    public struct Health: Codable, Hashable, Sendable {
        /// How often a worker sends a heartbeat, 10 ms to an hour.
        public var heartbeatInterval = SettingsDuration.seconds(1)
        /// How long it may be silent; longer than ``heartbeatInterval``, up to a day.
        public var heartbeatTimeout = SettingsDuration.seconds(30)
        /// What follows when it was silent for so long.
        public var frozenAction = HealthAction.restart
        /// How long one callback may take, one second to a day.
        public var stuckTimeout = SettingsDuration.seconds(60)
        /// What follows when one took longer.
        public var stuckAction = HealthAction.restart
        /// How long it may handle nothing while its topics move on, one second to a day.
        public var starvedTimeout = SettingsDuration.seconds(120)
        /// What follows when it did.
        public var starvedAction = HealthAction.log

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case heartbeatInterval = "heartbeat_interval"
            case heartbeatTimeout = "heartbeat_timeout"
            case frozenAction = "frozen_action"
            case stuckTimeout = "stuck_timeout"
            case stuckAction = "stuck_action"
            case starvedTimeout = "starved_timeout"
            case starvedAction = "starved_action"
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(heartbeatInterval, .milliseconds(10)...(.hours(1)), "\(path).heartbeat_interval")
            checker.range(stuckTimeout, .seconds(1)...(.days(1)), "\(path).stuck_timeout")
            checker.range(starvedTimeout, .seconds(1)...(.days(1)), "\(path).starved_timeout")
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
