extension Settings {
    /// How new code is tried beside the old before it takes over, and when a watched file counts as changed.
    ///
    /// The trial is over after so many messages or so long, whichever comes first.
    public struct Reload: Codable, Hashable, Sendable {
        /// How many messages are enough, 0 to 1,000,000,000; 0 tries only that it loads, takes over the state and joins.
        public var trialMessages = 1000
        /// How long is enough, up to a day.
        public var trialTime = SettingsDuration.seconds(2)
        /// Errors of callbacks that are forgiven, 0 to 1,000,000.
        public var trialErrors = 0
        /// For how long a watched file must have been left alone, 10 ms to a minute.
        public var debounce = SettingsDuration.milliseconds(300)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case trialMessages = "trial_messages"
            case trialTime = "trial_time"
            case trialErrors = "trial_errors"
            case debounce
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(trialMessages, 0...1_000_000_000, "\(path).trial_messages")
            checker.range(trialTime, .seconds(0)...(.days(1)), "\(path).trial_time")
            checker.range(trialErrors, 0...1_000_000, "\(path).trial_errors")
            checker.range(debounce, .milliseconds(10)...(.seconds(60)), "\(path).debounce")
        }
    }
}
