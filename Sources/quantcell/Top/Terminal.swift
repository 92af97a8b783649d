import Glibc

/// The terminal while a program fills the whole screen: keys come one by one, and what was there before comes back at the end.
final class Terminal {
    /// Columns and rows.
    struct Size: Hashable {
        var columns: Int
        var rows: Int
    }

    private let before: termios

    /// Takes the screen over.
    ///
    /// - Throws: ``CommandFailure`` when input or output is no terminal.
    init() throws(CommandFailure) {
        var settings = termios()
        guard isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw .badInput("'top' needs a terminal; use 'quantcell list' in a script")
        }
        before = settings
        settings.c_lflag &= ~tcflag_t(ECHO | ICANON)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        write("\u{1B}[?1049h\u{1B}[?25l")
    }

    deinit {
        write("\u{1B}[?25h\u{1B}[?1049l")
        var settings = before
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
    }

    /// How large it is now; 80 by 24 where that cannot be told.
    var size: Size {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return Size(columns: 80, rows: 24)
        }
        return Size(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }

    /// Shows lines from the top of the screen, each cut by its maker to the width; the rest of the screen is blank.
    func show(_ lines: [String]) {
        var text = "\u{1B}[H"
        for line in lines { text += "\(line)\u{1B}[K\r\n" }
        // Without the last line's end, or the screen would scroll.
        if !lines.isEmpty { text.removeLast() }
        write("\(text)\u{1B}[J")
    }

    /// Waits for keys, at most until a time of the monotonic clock.
    ///
    /// - Returns: The bytes of the keys; empty when the time has passed; `nil` when the terminal has gone.
    func keys(until deadline: Int64) -> [UInt8]? {
        let left = max(deadline - MonotonicClock.nanoseconds(), 0) / 1_000_000
        var item = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        // A signal, such as that the window has another size, ends the wait early.
        guard poll(&item, 1, Int32(clamping: left + 1)) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count < 0, errno == EINTR { return [] }
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(STDOUT_FILENO, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
