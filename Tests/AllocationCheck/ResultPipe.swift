import Glibc

/// A named pipe that the strategy writes its counts into.
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

    /// What the strategy's thread has allocated up to the end of a round, once it has come there.
    func read() throws -> (own: Int, zmq: Int) {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&item, 1, 60_000) == 1 else { throw CheckError("the strategy has not got all messages") }
        var counts = (own: 0, zmq: 0)
        // So few bytes are written, and read, as one.
        guard Glibc.read(descriptor, &counts, 16) == 16 else { throw CheckError("the strategy tells no counts") }
        return counts
    }
}
