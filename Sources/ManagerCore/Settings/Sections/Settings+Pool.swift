extension Settings {
    /// The warm spare processes.
    public struct Pool: Codable, Hashable, Sendable {
        /// Spares that are kept ready, 0 to ``maxSize``.
        public var minSize = 2
        /// Spares that are kept ready of each Python interpreter from its first strategy on, 0 to ``maxSize``.
        public var pythonMinSize = 1
        /// The most spares there are, 0 to 100; of Swift, and of each Python interpreter.
        public var maxSize = 10
        /// How long a spare beyond ``minSize`` idles before it is stopped, one second to a day.
        public var idleTimeout = SettingsDuration.seconds(300)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case minSize = "min_size"
            case pythonMinSize = "python_min_size"
            case maxSize = "max_size"
            case idleTimeout = "idle_timeout"
        }

        func check(with checker: inout SettingsChecker) {
            checker.range(maxSize, 0...100, "pool.max_size")
            if minSize < 0 || minSize > maxSize {
                checker.report("must be from 0 to pool.max_size (\(maxSize)), not \(minSize)", "pool.min_size")
            }
            if pythonMinSize < 0 || pythonMinSize > max(maxSize, 1) {
                checker.report(
                    "must be from 0 to pool.max_size (\(maxSize)), not \(pythonMinSize)",
                    "pool.python_min_size"
                )
            }
            checker.range(idleTimeout, .seconds(1)...(.days(1)), "pool.idle_timeout")
        }
    }
}
