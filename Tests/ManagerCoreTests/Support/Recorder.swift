import Logging
import Synchronization

/// What callbacks report, in their order.
final class Recorder<Element: Sendable>: Sendable {
    private let content = Mutex<[Element]>([])

    func add(_ element: Element) {
        content.withLock { $0.append(element) }
    }

    var elements: [Element] { content.withLock { $0 } }
}

extension Recorder<String> {
    /// A logger whose lines this records, each behind its level.
    var logger: Logger {
        Logger(label: "test") { _ in RecordingLogHandler(lines: self) }
    }
}

private struct RecordingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug
    let lines: Recorder<String>

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add("\(event.level): \(event.message)")
    }
}
