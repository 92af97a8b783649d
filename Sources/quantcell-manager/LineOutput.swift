import Glibc

/// Standard output and error, a line at a time.
enum LineOutput {
    static func write(_ line: String, to descriptor: Int32) {
        write(Array((line + "\n").utf8), to: descriptor)
    }

    /// One write a line, so that lines of several threads do not mix. A reader that has gone away must not end the manager: what cannot be
    /// written is dropped.
    static func write(_ line: [UInt8], to descriptor: Int32) {
        var sent = 0
        while sent < line.count {
            let count = line.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + sent }, line.count - sent)
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                // Somebody who shares the descriptor has made it non-blocking.
                var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&room, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
