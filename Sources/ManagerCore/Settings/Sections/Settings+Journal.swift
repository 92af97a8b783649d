extension Settings {
    /// The event journal.
    public struct Journal: Codable, Hashable, Sendable {
        /// The database file; empty: `journal.db` in the data folder.
        public var path = ""
        /// Refused messages that are journaled a second, 0 to 10,000; all of them are counted.
        public var refusedSample = 10

        /// The defaults.
        public init() {}

        enum CodingKeys: String, CodingKey {
            case path
            case refusedSample = "refused_sample"
        }

        func check(with checker: inout SettingsChecker) {
            checker.path(path, "journal.path")
            checker.range(refusedSample, 0...10_000, "journal.refused_sample")
        }
    }
}
