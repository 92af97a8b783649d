/// Which topics are recorded: `all`, `off`, or a list of topics.
public enum SettingsRecordMode: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Every topic.
    case all
    /// These, as in `market.BTC/USDT.kline`.
    case topics([String])
    /// None.
    case off

    private static let expectation = "all, off, or a list of topics such as [market.BTC/USDT.kline]"

    /// Reads a word, topics with commas between them, or a list.
    ///
    /// - Throws: `DecodingError` that says what may be written.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let topics = try? container.decode([String].self) {
            self = .topics(topics)
        } else if let text = try? container.decode(String.self) {
            self.init(text: text)
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.expectation)
        }
    }

    /// Writes the word, or the list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let topics { try container.encode(topics) } else { try container.encode(description) }
    }

    /// Reads a word, or topics with commas between them, as a variable has them.
    private init(text: String) {
        switch text {
        case "all": self = .all
        case "off": self = .off
        default:
            self = .topics(
                text.split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
            )
        }
    }

    /// The topics, where they are listed.
    var topics: [String]? {
        guard case .topics(let topics) = self else { return nil }
        return topics
    }

    /// The word, or the topics with commas between them.
    public var description: String {
        switch self {
        case .all: "all"
        case .off: "off"
        case .topics(let topics): topics.joined(separator: ",")
        }
    }
}
