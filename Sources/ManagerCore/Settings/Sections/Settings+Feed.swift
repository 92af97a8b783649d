import MarketFiles

extension Settings {
    /// Market data that the manager itself feeds in; `type` in the file says which kind.
    public enum Feed: Hashable, Sendable {
        /// `csv`: replays a file.
        case csv(CSVFeed)
        /// `random_walk`: makes up prices, the same ones for the same seed.
        case randomWalk(RandomWalkFeed)

        func check(with checker: inout SettingsChecker, at path: String) {
            switch self {
            case .csv(let feed): feed.check(with: &checker, at: path)
            case .randomWalk(let feed): feed.check(with: &checker, at: path)
            }
        }
    }

    /// Replays a CSV file with a header.
    public struct CSVFeed: Codable, Hashable, Sendable {
        /// The file. In a configuration file, relative to that file's folder.
        public var path = ""
        /// The symbol that it is published under.
        public var symbol = ""
        /// The data type that it is published under.
        public var dataType = "kline"
        /// How fast.
        public var speed = SettingsSpeed.realtime
        /// Whether it begins again at its end.
        public var loop = false
        /// Where to begin, in one of the forms of `TimeText` (ISO-8601, or a count since the Unix epoch); empty: at the first row.
        public var from = ""
        /// Where to end, as for ``from``; empty: at the last row.
        public var to = ""

        /// A replay of `path` as bars of `symbol` at the file's own pace.
        public init(path: String, symbol: String) {
            self.path = path
            self.symbol = symbol
        }

        enum CodingKeys: String, CodingKey {
            case path
            case symbol
            case dataType = "data_type"
            case speed
            case loop
            case from
            case to
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.require(!self.path.isEmpty, "\(path).path") { "must be given: the CSV file" }
            checker.path(self.path, "\(path).path")
            checker.symbol(symbol, "\(path).symbol")
            checker.dataType(dataType, "\(path).data_type")
            for (key, text) in [("from", from), ("to", to)] {
                checker.require(text.isEmpty || TimeText.nanoseconds(from: text) != nil, "\(path).\(key)") {
                    "must be a time such as 2024-01-31T08:00:00Z, not '\(text.printable)'"
                }
            }
        }

        /// ``from`` in nanoseconds since the Unix epoch; `nil`: from the first row.
        package var fromNanoseconds: Int64? { TimeText.nanoseconds(from: from) }
        /// ``to`` in nanoseconds since the Unix epoch; `nil`: to the last row.
        package var toNanoseconds: Int64? { TimeText.nanoseconds(from: to) }
    }

    /// Makes up prices by a seeded random walk: a demonstration without data.
    public struct RandomWalkFeed: Codable, Hashable, Sendable {
        /// The symbol that it is published under.
        public var symbol = ""
        /// The data type that it is published under.
        public var dataType = "kline"
        /// Equal seeds make equal prices.
        public var seed: UInt64 = 1
        /// Time between two messages, 1 ms to a day.
        public var interval = SettingsDuration.seconds(1)
        /// The first price, above 0 and at most 1e12.
        public var startPrice = 100.0
        /// Standard deviation of one step as a share of the price, 0 to 1.
        public var volatility = 0.001
        /// Messages until it ends, 0 for no end.
        public var count = 0

        /// A walk of `symbol`.
        public init(symbol: String) {
            self.symbol = symbol
        }

        enum CodingKeys: String, CodingKey {
            case symbol
            case dataType = "data_type"
            case seed
            case interval
            case startPrice = "start_price"
            case volatility
            case count
        }

        func check(with checker: inout SettingsChecker, at path: String) {
            checker.symbol(symbol, "\(path).symbol")
            checker.dataType(dataType, "\(path).data_type")
            checker.range(interval, .milliseconds(1)...(.days(1)), "\(path).interval")
            checker.require(startPrice > 0 && startPrice <= 1e12, "\(path).start_price") {
                "must be above 0 and at most 1e12, not \(startPrice)"
            }
            checker.range(volatility, 0...1, "\(path).volatility")
            checker.require(count >= 0, "\(path).count") { "must be 0 (no end) or more, not \(count)" }
        }
    }
}

// The keys of the feed stand next to `type`, not below it.
extension Settings.Feed: Codable {
    private enum CodingKeys: String, CodingKey {
        case type
    }

    private enum Kind: String, CaseIterable, SettingsScalar {
        case csv
        case randomWalk = "random_walk"
    }

    /// Reads `type` and, beside it, the keys of that kind.
    public init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .type) {
        case .csv: self = .csv(try Settings.CSVFeed(from: decoder))
        case .randomWalk: self = .randomWalk(try Settings.RandomWalkFeed(from: decoder))
        }
    }

    /// Writes `type` and, beside it, the keys of that kind.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .csv(let feed):
            try container.encode(Kind.csv, forKey: .type)
            try feed.encode(to: encoder)
        case .randomWalk(let feed):
            try container.encode(Kind.randomWalk, forKey: .type)
            try feed.encode(to: encoder)
        }
    }
}
