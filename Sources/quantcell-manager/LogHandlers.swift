import Glibc
import Logging
import MarketFiles
import WireProtocol

/// How a log line looks.
enum LogFormat: Sendable {
    /// For people: time, level where it matters, text, and what it is about.
    case text(isColoured: Bool)
    /// For programs: one JSON object each.
    case json

    func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        switch self {
        case .text(let isColoured): Self.text(level, message, metadata, isColoured: isColoured)
        case .json: Self.json(level, message, metadata)
        }
    }

    private static func text(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata,
        isColoured: Bool
    ) -> String {
        let time = TimeText.iso8601(nanoseconds: WallClock.nanoseconds()).dropFirst(11).prefix(12)
        var facts = metadata
        let worker = facts.removeValue(forKey: "worker").map { "\($0): " } ?? ""
        let rest = facts.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let (colour, end) = isColoured ? (colour(level), "\u{1B}[0m") : ("", "")
        let faint = isColoured ? "\u{1B}[2m" : ""
        let name = level.rawValue.padding(to: 7)
        return "\(faint)\(time)\(end) \(colour)\(name)\(end) \(worker)\(message)\(faint)\(rest)\(end)"
    }

    private static func colour(_ level: Logger.Level) -> String {
        switch level {
        case .error, .critical: "\u{1B}[31m"
        case .warning: "\u{1B}[33m"
        case .notice: "\u{1B}[1m"
        default: ""
        }
    }

    private static func json(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var facts = metadata
        var line: [String: JSONValue] = [
            "timestamp": .string(TimeText.iso8601(nanoseconds: WallClock.nanoseconds())),
            "level": .string(level.rawValue),
            "logger": "quantcell",
            "message": .string(message),
            "service": "quantcell-manager",
        ]
        line["worker_id"] = facts.removeValue(forKey: "worker").map { .string("\($0)") }
        if !facts.isEmpty { line["metadata"] = .object(facts.mapValues { .string("\($0)") }) }
        return JSONValue.object(line).text
    }
}

/// Log lines in a format, to standard output.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let format: LogFormat
    let output: LogOutput

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }
        output.write(format.line(event.level, "\(event.message)", facts))
    }
}

extension String {
    fileprivate func padding(to length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
