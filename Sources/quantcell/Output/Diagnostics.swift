import Glibc

/// Standard error: messages about the work, never its result.
enum Diagnostics {
    /// Whether a person watches.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Prints a line. That it cannot be printed is nobody's business.
    static func print(_ text: String) {
        put(text + "\n")
    }

    /// Prints without ending the line.
    static func put(_ text: String) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(STDERR_FILENO, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0, errno != EINTR { return }
            written += max(count, 0)
        }
    }

    /// Prints a line when a person watches: progress that no script wants to see.
    static func note(_ text: String) {
        if isTerminal { print(text) }
    }
}
