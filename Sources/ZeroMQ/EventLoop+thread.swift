internal import CLinux
internal import Glibc
internal import Synchronization

// What the loop's thread does, turn after turn.
extension EventLoop {
    func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        defer { thread.store(0, ordering: .relaxed) }
        qc_set_thread_name(name)
        while !mayEnd() {
            let events = wait()
            runInbox()
            runDescriptors(events)
            runSockets()
            runTimers()
            endTurn()
        }
    }

    private func mayEnd() -> Bool {
        inbox.withLock { inbox in
            guard inbox.isStopping, inbox.work.isEmpty else { return false }
            inbox.hasThread = false
            return true
        }
    }

    /// Waits until there is something to do. Returns how many events ``ready`` holds.
    private func wait() -> Int {
        let isBusy = inbox.withLock { !$0.work.isEmpty } || lookAtSockets()
        let count = qc_epoll_wait(epollDescriptor, &ready, Int32(ready.count), isBusy ? 0 : timeoutMilliseconds())
        for event in ready.prefix(Int(max(count, 0))) {
            if event.token == Self.wakeToken {
                qc_eventfd_drain(wakeDescriptor)
            } else if let socket = sockets.first(where: { $0.id == event.token }) {
                socket.use.isOpen = true
            }
        }
        return Int(max(count, 0))
    }

    /// Up to the next deadline, or to the end of the rest of a socket that has news, rounded up so that the loop does not wake before it.
    private func timeoutMilliseconds() -> Int32 {
        var next = timers.first?.at
        for socket in sockets where socket.use.isOpen { next = min(next ?? .max, socket.restsUntil) }
        guard let next else { return -1 }
        return Int32(clamping: max(0, (next - qc_monotonic_ns() + 999_999) / 1_000_000))
    }

    private func runInbox() {
        // Only what is there now: work that makes work must not keep the sockets waiting.
        let work = inbox.withLock { inbox in
            defer { inbox.work.removeAll() }
            return inbox.work
        }
        for item in work {
            switch item {
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            case .function(let function): function()
            }
        }
    }

    private func runDescriptors(_ events: Int) {
        for event in ready.prefix(events) { descriptors[event.token]?.handler() }
    }

    // MARK: Sockets

    /// Finds out which sockets can be read, of those that may have become so unnoticed. Returns whether one can.
    private func lookAtSockets() -> Bool {
        var canRead = false
        for socket in sockets where socket.use.isOpen && !socket.isResting {
            if socket.hasInput() { canRead = true } else { socket.use.isOpen = false }
        }
        return canRead
    }

    private func runSockets() {
        // A handler may watch or unwatch: the loop goes over what was watched before.
        for socket in sockets where socket.use.isOpen && socket.isWatched && !socket.isResting {
            if socket.hasInput() { socket.handler() } else { socket.use.isOpen = false }
        }
    }

    // MARK: Deadlines

    private func runTimers() {
        guard !timers.isEmpty else { return }
        let now = qc_monotonic_ns()
        while let first = timers.first, first.at <= now {
            timers.removeFirst()
            first.handler()
        }
    }

    private func endTurn() {
        var next = 0
        while next < turnEnd.count {
            turnEnd[next]()
            next += 1
        }
        turnEnd.removeAll(keepingCapacity: true)
    }
}
