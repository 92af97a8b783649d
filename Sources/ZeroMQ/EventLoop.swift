internal import CLinux
internal import CZeroMQ
internal import Glibc
internal import Synchronization

/// A thread that waits for sockets, descriptors and deadlines, and runs the actors that are pinned to it.
///
/// The loop sits in one `zmq_poll` over its sockets, an eventfd and an epoll set; it never waits busily. It is a
/// `SerialExecutor`: an actor whose `unownedExecutor` it is runs on its thread, so that everything which such an actor owns (sockets
/// above all) is touched by one thread only, and the compiler checks it. Work that is done in a handler of the loop never hops.
///
/// ``watch(_:onReadable:)``, ``schedule(after:_:)`` and their opposites may be called on the loop's thread only.
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// Names a watched socket or descriptor.
    public struct Watch: Hashable, Sendable {
        let id: UInt64
    }

    /// Names a deadline.
    public struct Timer: Hashable, Sendable {
        let id: UInt64
    }

    private enum Work {
        case job(UnownedJob)
        case function(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var hasThread = false
        var isStopping = false
    }

    /// The thread's name, at most 15 bytes of it.
    public let name: String

    private let wakeDescriptor: Int32
    private let epollDescriptor: Int32
    private let inbox = Mutex(Inbox())
    private let threadID = Atomic<Int32>(0)

    // Touched by the loop's thread only.
    private var sockets: [(id: UInt64, raw: UnsafeMutableRawPointer, handler: () -> Void)] = []
    private var descriptors: [UInt64: (descriptor: Int32, handler: () -> Void)] = [:]
    private var timers: [(at: Int64, id: UInt64, handler: () -> Void)] = []
    private var pollItems: [zmq_pollitem_t] = []
    private var lastID: UInt64 = 0

    /// Makes a loop; its thread starts with the first work.
    ///
    /// - Throws: ``ZeroMQError`` when the system has no more descriptors.
    public init(name: String) throws(ZeroMQError) {
        self.name = name
        wakeDescriptor = qc_eventfd_create()
        guard wakeDescriptor >= 0 else { throw ZeroMQError("open an eventfd") }
        epollDescriptor = qc_epoll_create()
        guard epollDescriptor >= 0 else {
            let error = ZeroMQError("open an epoll set")
            close(wakeDescriptor)
            throw error
        }
    }

    deinit {
        close(wakeDescriptor)
        close(epollDescriptor)
    }

    // MARK: From any thread

    /// Runs `function` on the loop, after what was handed in before.
    public func execute(_ function: @escaping @Sendable () -> Void) {
        enqueue(.function(function))
    }

    /// Runs an actor's job on the loop.
    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(.job(UnownedJob(job)))
    }

    /// Ends the thread once everything that was handed in has run. Work that comes later starts a new one for itself.
    public func stop() {
        inbox.withLock { $0.isStopping = true }
        qc_eventfd_signal(wakeDescriptor)
    }

    /// Whether this is the loop's thread.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == qc_gettid() }

    /// Traps when this is not the loop's thread.
    public func checkIsolated() {
        precondition(isCurrent, "called off the loop '\(name)'")
    }

    /// Whether this is the loop's thread.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    private func enqueue(_ work: Work) {
        let (wakes, starts) = inbox.withLock { inbox in
            inbox.work.append(work)
            let starts = !inbox.hasThread
            inbox.hasThread = true
            return (inbox.work.count == 1, starts)
        }
        if starts { startThread() } else if wakes { qc_eventfd_signal(wakeDescriptor) }
    }

    private func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
                loop.run()
                return nil
            },
            context
        )
        // Without its thread nothing of a loop can go on: the process has run out of what it needs to live.
        precondition(result == 0, "cannot start the thread of the loop '\(name)': error \(result)")
        pthread_detach(thread)
    }

    // MARK: On the loop: what it waits for

    /// Calls `handler` whenever `socket` has something to read. The socket must be unwatched before it is closed.
    public func watch(_ socket: borrowing Socket, onReadable handler: @escaping () -> Void) -> Watch {
        checkIsolated()
        lastID += 1
        sockets.append((lastID, socket.raw, handler))
        pollItems.removeAll()
        return Watch(id: lastID)
    }

    /// Calls `handler` whenever `descriptor` is readable; for a pidfd: when the process has ended.
    ///
    /// - Throws: ``ZeroMQError`` when the kernel cannot watch it.
    public func watch(descriptor: Int32, onReadable handler: @escaping () -> Void) throws(ZeroMQError) -> Watch {
        checkIsolated()
        lastID += 1
        guard qc_epoll_add(epollDescriptor, descriptor, QC_EPOLL_IN, lastID) == 0 else {
            throw ZeroMQError("watch descriptor \(descriptor)")
        }
        descriptors[lastID] = (descriptor, handler)
        return Watch(id: lastID)
    }

    /// Stops watching; harmless when it is not watched any more.
    public func unwatch(_ watch: Watch) {
        checkIsolated()
        if let entry = descriptors.removeValue(forKey: watch.id) {
            qc_epoll_remove(epollDescriptor, entry.descriptor)
        } else {
            sockets.removeAll { $0.id == watch.id }
            pollItems.removeAll()
        }
    }

    /// Calls `handler` once, when `delay` has passed; at once where it is not positive.
    @discardableResult
    public func schedule(after delay: Duration, _ handler: @escaping () -> Void) -> Timer {
        checkIsolated()
        lastID += 1
        let at = qc_monotonic_ns() &+ delay.clampedNanoseconds
        // Equal deadlines keep the order in which they were set.
        let index = timers.firstIndex { $0.at > at } ?? timers.endIndex
        timers.insert((at, lastID, handler), at: index)
        return Timer(id: lastID)
    }

    /// Takes a deadline back; harmless when it has passed.
    public func cancel(_ timer: Timer) {
        checkIsolated()
        timers.removeAll { $0.id == timer.id }
    }

    // MARK: The thread

    private func run() {
        threadID.store(qc_gettid(), ordering: .relaxed)
        qc_set_thread_name(name)
        while !mayEnd() {
            poll()
            runInbox()
            runDescriptors()
            runSockets()
            runTimers()
        }
    }

    private func mayEnd() -> Bool {
        inbox.withLock { inbox in
            guard inbox.isStopping, inbox.work.isEmpty else { return false }
            inbox.hasThread = false
            return true
        }
    }

    private func poll() {
        if pollItems.isEmpty {
            pollItems = [
                zmq_pollitem_t(socket: nil, fd: wakeDescriptor, events: Int16(ZMQ_POLLIN), revents: 0),
                zmq_pollitem_t(socket: nil, fd: epollDescriptor, events: Int16(ZMQ_POLLIN), revents: 0),
            ]
            pollItems += sockets.map { zmq_pollitem_t(socket: $0.raw, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0) }
        }
        let hasWork = inbox.withLock { !$0.work.isEmpty }
        let count = zmq_poll(&pollItems, Int32(pollItems.count), hasWork ? 0 : timeoutMilliseconds())
        if count < 0 {
            // A signal interrupts the wait; anything else is a socket that was closed while it was watched.
            let number = zmq_errno()
            precondition(number == EINTR, "the loop '\(name)' polls a closed socket")
            for index in pollItems.indices { pollItems[index].revents = 0 }
        }
    }

    /// Up to the next deadline, rounded up so that the loop does not wake before it.
    private func timeoutMilliseconds() -> Int {
        guard let next = timers.first else { return -1 }
        return max(0, Int((next.at - qc_monotonic_ns() + 999_999) / 1_000_000))
    }

    private func runInbox() {
        qc_eventfd_drain(wakeDescriptor)
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

    private func runDescriptors() {
        guard !descriptors.isEmpty else { return }
        var ready = [qc_epoll_event](repeating: qc_epoll_event(), count: 64)
        let count = qc_epoll_wait(epollDescriptor, &ready, 64, 0)
        for event in ready.prefix(Int(max(count, 0))) {
            descriptors[event.token]?.handler()
        }
    }

    private func runSockets() {
        // A handler may watch or unwatch: what was ready is taken down first, and looked up again.
        guard pollItems.count == sockets.count + 2 else { return }
        for index in sockets.indices where pollItems[index + 2].revents != 0 {
            pollItems[index + 2].revents = 0
            sockets[index].handler()
            guard pollItems.count == sockets.count + 2 else { return }
        }
    }

    private func runTimers() {
        let now = qc_monotonic_ns()
        while let first = timers.first, first.at <= now {
            timers.removeFirst()
            first.handler()
        }
    }
}

extension Duration {
    /// In nanoseconds, at most about 146 years either way, so that it can be added to a clock.
    fileprivate var clampedNanoseconds: Int64 {
        let limit: Int64 = 1 << 62
        let (seconds, attoseconds) = components
        guard abs(seconds) < limit / 1_000_000_000 else { return seconds < 0 ? -limit : limit }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
