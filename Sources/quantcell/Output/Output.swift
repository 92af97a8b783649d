import Glibc

/// Standard output, collected and written in large pieces.
final class Output {
    private static let capacity = 65_536
    private var buffer: [UInt8] = []

    /// Whether colours may be used: on a terminal, unless `NO_COLOR` is set.
    let isColoured: Bool

    init() {
        let isPlain = Environment.value("NO_COLOR").map { !$0.isEmpty } ?? false
        isColoured = isatty(STDOUT_FILENO) == 1 && !isPlain && Environment.value("TERM") != "dumb"
    }

    /// Writes a line.
    func line(_ line: String) throws(CommandFailure) {
        try text(line)
        try text("\n")
    }

    /// Writes text as it is.
    func text(_ text: String) throws(CommandFailure) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.capacity { try flush() }
    }

    /// Writes bytes as they are.
    func bytes(_ bytes: UnsafeRawBufferPointer) throws(CommandFailure) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.capacity { try flush() }
    }

    /// Hands everything over to the system; to be called before the program ends or waits.
    ///
    /// - Throws: ``CommandFailure/readerGone`` when nobody reads any more, or exit code 74.
    func flush() throws(CommandFailure) {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes {
                write(STDOUT_FILENO, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            let number = errno
            if count >= 0 {
                written += count
            } else if number == EPIPE {
                throw .readerGone
            } else if number != EINTR {
                throw .output("output cannot be written: \(errorText(number))")
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
