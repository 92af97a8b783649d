extension Settings {
    /// The event journal.
    public struct Journal: Codable, Hashable, Sendable {
        /// The database file; empty: `journal.db` in the data folder.
        public var path = ""
        /// Refused messages that are journaled a second, 0 to 10,000; all of them are counted.
        public var refusedSample = 10
        /// After how long entries are dropped, an hour to ten years.
        public var maxAge = SettingsDuration.days(30)
        /// How large the database may grow before the oldest entries are dropped, 1 MiB to 1 TiB.
        public var maxBytes = SettingsSize.mebibytes(1024)

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case path
            case refusedSample = "refused_sample"
            case maxAge = "max_age"
            case maxBytes = "max_bytes"
        }

        func check(with checker: inout SettingsChecker) {
            checker.path(path, "journal.path")
            checker.range(refusedSample, 0...10_000, "journal.refused_sample")
            checker.range(maxAge, .hours(1)...(.days(3650)), "journal.max_age")
            checker.range(maxBytes, .mebibytes(1)...(.mebibytes(1 << 20)), "journal.max_bytes")
        }
    }
}
