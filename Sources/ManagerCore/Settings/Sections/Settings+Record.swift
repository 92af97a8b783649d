extension Settings {
    /// The record of market data: what it holds, for how long, and what happens when the disk cannot keep up.
    public struct Record: Codable, Hashable, Sendable {
        /// What is recorded.
        public var mode = SettingsRecordMode.all
        /// What happens when the buffer is full.
        public var onPressure = Pressure.block
        /// Messages that are accepted and not in the database yet, 1 MiB to 16 GiB. They outlive the manager, not the machine.
        public var buffer = SettingsSize.mebibytes(64)
        /// After how long messages are dropped, an hour to ten years.
        public var maxAge = SettingsDuration.days(30)
        /// How large the database may grow before the oldest messages are dropped, 1 MiB to 16 TiB.
        public var maxBytes = SettingsSize.mebibytes(10 << 10)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case mode
            case onPressure = "on_pressure"
            case buffer
            case maxAge = "max_age"
            case maxBytes = "max_bytes"
        }

        func check(with checker: inout SettingsChecker) {
            for topic in mode.topics ?? [] { checker.topic(topic, "record.mode") }
            checker.require(mode.topics?.isEmpty != true, "record.mode") { "must name at least one topic, or be off" }
            checker.range(buffer, .mebibytes(1)...(.mebibytes(16 << 10)), "record.buffer")
            checker.range(maxAge, .hours(1)...(.days(3650)), "record.max_age")
            checker.range(maxBytes, .mebibytes(1)...(.mebibytes(16 << 20)), "record.max_bytes")
        }
    }

    /// What happens to a message when the disk cannot keep up.
    public enum Pressure: String, CaseIterable, SettingsScalar {
        /// It waits, and so does its publisher.
        case block
        /// It is passed on and not recorded; such messages are counted.
        case drop
    }

    /// What a worker is given when more comes than it handles.
    public enum Delivery: String, CaseIterable, SettingsScalar {
        /// Everything, in order; what passed it by is fetched from the record.
        case lossless
        /// The latest of each topic.
        case conflate
        /// What is there; the rest is counted.
        case drop
    }

    /// When the state of a strategy is saved.
    public struct Checkpoint: Codable, Hashable, Sendable {
        /// After so many messages, 1 to 1,000,000,000.
        public var messages = 1000
        /// After so long, if anything was handled, 10 ms to a day.
        public var interval = SettingsDuration.seconds(5)

        /// The defaults.
        public init() {}

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.range(messages, 1...1_000_000_000, "\(path).messages")
            checker.range(interval, .milliseconds(10)...(.days(1)), "\(path).interval")
        }
    }
}
