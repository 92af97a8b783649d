import Glibc
import Logging
import MarketFiles
import WireProtocol

/// Log lines for people: time, level where it matters, text, and what it is about.
struct TextLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let isColoured: Bool

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let time = TimeText.iso8601(nanoseconds: WallClock.nanoseconds()).dropFirst(11).prefix(12)
        var facts = metadata.merging(event.metadata ?? [:]) { $1 }
        let worker = facts.removeValue(forKey: "worker").map { "\($0): " } ?? ""
        let rest = facts.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let (colour, end) = isColoured ? (Self.colour(event.level), "\u{1B}[0m") : ("", "")
        let faint = isColoured ? "\u{1B}[2m" : ""
        let level = event.level.rawValue.padding(to: 7)
        LineOutput.write("\(faint)\(time)\(end) \(colour)\(level)\(end) \(worker)\(event.message)\(faint)\(rest)\(end)")
    }

    private static func colour(_ level: Logger.Level) -> String {
        switch level {
        case .error, .critical: "\u{1B}[31m"
        case .warning: "\u{1B}[33m"
        case .notice: "\u{1B}[1m"
        default: ""
        }
    }
}

/// Log lines for programs: one JSON object each.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    let label: String

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var facts = metadata.merging(event.metadata ?? [:]) { $1 }
        var line: [String: JSONValue] = [
            "timestamp": .string(TimeText.iso8601(nanoseconds: WallClock.nanoseconds())),
            "level": .string(event.level.rawValue),
            "logger": .string(label),
            "message": .string("\(event.message)"),
            "service": "quantcell-manager",
        ]
        line["worker_id"] = facts.removeValue(forKey: "worker").map { .string("\($0)") }
        if !facts.isEmpty { line["metadata"] = .object(facts.mapValues { .string("\($0)") }) }
        LineOutput.write(JSONValue.object(line).text)
    }
}

/// Standard output and error, a line at a time.
enum LineOutput {
    /// One write a line, so that lines of several threads do not mix. A reader that has gone away must not end the manager: what cannot be
    /// written is dropped.
    static func write(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
        let bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}

extension String {
    fileprivate func padding(to length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
