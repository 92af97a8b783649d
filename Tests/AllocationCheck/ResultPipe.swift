import Glibc

/// A named pipe that the strategy writes its results into.
final class ResultPipe {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw CheckError("cannot make \(path)") }
        // For both directions: it is open before anybody writes.
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw CheckError("cannot open \(path)") }
    }

    deinit {
        close(descriptor)
    }

    /// What was written, once it is there.
    func read() throws -> String {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, 60_000) == 1 else { throw CheckError("the strategy does not tell its results") }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }
}
