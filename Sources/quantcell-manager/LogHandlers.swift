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

    func line(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata = [:],
        logger: String = "quantcell"
    ) -> String {
        switch self {
        case .text(let isColoured): Self.text(level, message, metadata, isColoured: isColoured)
        case .json: Self.json(level, message, metadata, logger)
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

    private static func json(
        _ level: Logger.Level,
        _ message: String,
        _ metadata: Logger.Metadata,
        _ logger: String
    ) -> String {
        var facts = metadata
        var line: [String: JSONValue] = [
            "timestamp": .string(TimeText.iso8601(nanoseconds: WallClock.nanoseconds())),
            "level": .string(level.rawValue),
            "logger": .string(logger),
            "message": .string(message),
            "service": "quantcell-manager",
        ]
        line["worker_id"] = facts.removeValue(forKey: "worker").map { .string("\($0)") }
        // Hummingbird has a name of its own for it.
        let request = facts.removeValue(forKey: "request_id") ?? facts.removeValue(forKey: "hb.request.id")
        line["request_id"] = request.map { .string("\($0)") }
        if !facts.isEmpty { line["metadata"] = .object(facts.mapValues(value)) }
        return JSONValue.object(line).text
    }

    private static func value(_ metadata: Logger.MetadataValue) -> JSONValue {
        switch metadata {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string("\(value)")
        case .array(let values): .array(values.map(value))
        case .dictionary(let values): .object(values.mapValues(value))
        }
    }
}

/// Log lines in a format, to standard output.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let format: LogFormat
    let output: LogOutput
    /// The logger's name.
    var label = "quantcell"

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }
        let error = event.error.map { ": \($0)" } ?? ""
        output.write(format.line(event.level, "\(event.message)\(error)", facts, logger: label))
    }
}

extension String {
    fileprivate func padding(to length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
