import Glibc
import ProcessControl
import ZeroMQ

/// How a process ended; Testing has an `ExitStatus` too.
typealias ProcessEnd = ProcessControl.ExitStatus

/// What a test waited for and did not get.
struct Waited: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// By when something must have happened. Generous: only a test that fails ever gets there.
struct Deadline {
    private let moment: ContinuousClock.Instant

    init(within limit: Duration = .seconds(60)) {
        moment = .now + limit
    }

    var hasPassed: Bool { moment <= .now }

    var milliseconds: Int32 {
        let left = moment - .now
        return left <= .zero ? 0 : Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
    }

    /// Waits for a descriptor to be readable. Returns `false` when the time has passed.
    func wait(for descriptor: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&item, 1, milliseconds)
            if count >= 0 || errno != EINTR { return count > 0 }
        }
    }

    /// Waits for a socket to have something to read, or for `process` to end. Returns whether the socket has.
    func wait(for socket: borrowing Socket, orTheEndOf process: ChildProcess) throws -> Bool {
        var poller = Poller()
        let item = poller.add(socket)
        let end = poller.add(descriptor: process.pidFileDescriptor)
        while !hasPassed {
            try poller.wait(timeoutMilliseconds: Int(milliseconds))
            if poller.isReady(item) { return true }
            if poller.isReady(end) { return false }
        }
        return false
    }
}

extension ChildProcess {
    /// Waits for the end, by the pidfd.
    func end(by deadline: Deadline = Deadline(), _ what: String) throws -> ProcessEnd {
        guard deadline.wait(for: pidFileDescriptor), let exit = try reap() else {
            throw Waited("\(what) did not end in time")
        }
        return exit.status
    }
}
