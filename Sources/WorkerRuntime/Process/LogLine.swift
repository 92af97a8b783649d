import Glibc
import StrategyKit
import WireProtocol

/// One line of a worker's log, such as `2026-11-20T21:24:18.123456Z INFO  sma-btc: warmed up`, or a JSON object.
enum LogLine {
    /// How lines look: as the manager's do.
    enum Form: String {
        case text
        case json
    }

    /// As the manager says; it cannot change while the process lives.
    static let form = getenv("QUANTCELL_LOG_FORMAT").flatMap { Form(rawValue: String(cString: $0)) } ?? .text

    /// Writes the line to standard output in one call, so that lines of several threads do not mix.
    static func write(_ level: LogLevel, _ worker: String, _ text: String) {
        write(format(level, worker, text, at: WallClock.nanoseconds()))
    }

    /// Writes whole lines to standard output in one call.
    static func write(_ lines: String) {
        var lines = lines
        lines.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            // A log that cannot be written has nowhere to say so; the strategy goes on.
            while !rest.isEmpty {
                let count = Glibc.write(1, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }

    /// The line with its end. Lines within the text are indented, so that none of them can be taken for an entry.
    static func format(
        _ level: LogLevel,
        _ worker: String,
        _ text: String,
        at nanoseconds: Int64,
        as form: Form = form
    ) -> String {
        if form == .json { return json(level, worker, text, nanoseconds) }
        let name =
            switch level {
            case .debug: "DEBUG"
            case .info: "INFO "
            case .warning: "WARN "
            case .error: "ERROR"
            }
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return "\(timestamp(nanoseconds)) \(name) \(worker): \(lines.joined(separator: "\n    "))\n"
    }

    /// The fields of the manager's own JSON lines.
    private static func json(_ level: LogLevel, _ worker: String, _ text: String, _ nanoseconds: Int64) -> String {
        let line: JSONValue = [
            "timestamp": .string(timestamp(nanoseconds)),
            "level": .string("\(level)"),
            "logger": "quantcell.worker",
            "message": .string(text),
            "service": "quantcell-worker",
            "worker_id": .string(worker),
        ]
        return line.text + "\n"
    }

    /// ISO-8601 in UTC with microseconds.
    private static func timestamp(_ nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let micros = Int(nanoseconds % 1_000_000_000 / 1000)
        return padded(Int(parts.tm_year) + 1900, 4) + "-" + padded(Int(parts.tm_mon) + 1, 2) + "-"
            + padded(Int(parts.tm_mday), 2) + "T" + padded(Int(parts.tm_hour), 2) + ":" + padded(Int(parts.tm_min), 2)
            + ":" + padded(Int(parts.tm_sec), 2) + "." + padded(micros, 6) + "Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
}
