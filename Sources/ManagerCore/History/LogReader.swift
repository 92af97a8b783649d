internal import CLinux
internal import Glibc

/// Reads the end of a worker's log, and what is new since the last look.
package enum LogReader {
    package static let maxLines = 1000
    /// The most bytes that one look reads.
    private static let maxBytes = 1 << 20

    package struct Page: Sendable {
        package var lines: [String] = []
        /// Where the next page begins.
        package var cursor: String
        /// Whether the lines do not join on to those before: another file, or too much was written meanwhile.
        package var isReset = false
    }

    /// - Parameter cursor: Of the page before; only what has been written since then is read.
    package static func read(_ path: String, lines: Int, cursor: String?) -> Page {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return Page(cursor: cursor ?? "") }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { return Page(cursor: cursor ?? "") }
        let size = Int(info.st_size)
        let place = cursor.flatMap(Place.init)
        let joins = place.map { $0.inode == UInt64(info.st_ino) && $0.offset <= size && size - $0.offset <= maxBytes }
        let start = joins == true ? place?.offset ?? 0 : max(0, size - maxBytes)
        var bytes = [UInt8](repeating: 0, count: size - start)
        let count = pread(descriptor, &bytes, bytes.count, off_t(start))
        var text = bytes.prefix(max(count, 0))
        // A line that is still being written comes with the next look.
        let end = text.lastIndex(of: newline).map { $0 + 1 } ?? 0
        text = text[..<end]
        var found = text.split(separator: newline, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0.drop { $0 == 0 }, as: UTF8.self)
        }
        if joins != true, start > 0, !found.isEmpty { found.removeFirst() }
        let wanted = joins == true ? maxLines : lines
        return Page(
            lines: Array(found.suffix(wanted)),
            cursor: "\(info.st_ino):\(start + end)",
            isReset: cursor.map { !$0.isEmpty } == true && (joins != true || found.count > wanted)
        )
    }

    private static let newline = UInt8(ascii: "\n")

    private struct Place {
        let inode: UInt64
        let offset: Int

        init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let inode = UInt64(parts[0]), let offset = Int(parts[1]), offset >= 0 else {
                return nil
            }
            (self.inode, self.offset) = (inode, offset)
        }
    }
}
