internal import Glibc

/// The end of a worker's output.
enum LogTail {
    /// How much of a file is looked at, from its end.
    private static let maxBytes = 64 << 10

    /// The last lines of a file; `nil` where there is none.
    static func read(_ path: String, lines: Int) -> String? {
        text(path).map { text in
            text.split(separator: "\n", omittingEmptySubsequences: false).suffix(lines + 1).joined(separator: "\n")
        }
    }

    /// The last backtrace that a worker has written there, between its markers.
    static func backtrace(_ path: String) -> String? {
        guard let text = text(path) else { return nil }
        let lines = text.split(separator: "\n")
        guard let start = lines.lastIndex(where: { $0.hasPrefix("--- backtrace of ") }) else { return nil }
        let end = lines[start...].firstIndex(of: "--- end ---") ?? lines.endIndex
        return lines[start..<end].joined(separator: "\n")
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let start = max(0, size - maxBytes)
        var bytes = [UInt8](repeating: 0, count: size - start)
        let count = pread(descriptor, &bytes, bytes.count, off_t(start))
        let hole = bytes.prefix(max(count, 0)).prefix { $0 == 0 }.count
        var text = String(decoding: bytes.prefix(max(count, 0)).dropFirst(hole), as: UTF8.self)
        // A line that is cut at its beginning is left out; behind what a log has dropped comes a whole one.
        if start > 0, hole == 0, let newline = text.firstIndex(of: "\n") {
            text = String(text[text.index(after: newline)...])
        }
        return text
    }
}
