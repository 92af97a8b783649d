internal import CLinux
internal import CZeroMQ
internal import Glibc
internal import Synchronization

/// A thread that waits for sockets, descriptors and deadlines, and runs the actors that are pinned to it.
///
/// The loop sits in one `epoll_wait` over its descriptors, an eventfd, and the descriptors by which its sockets say that something has
/// happened to them; it never waits busily. It is a `SerialExecutor`: an actor whose `unownedExecutor` it is runs on its thread, so that everything which such an actor owns (sockets
/// above all) is touched by one thread only, and the compiler checks it. Work that is done in a handler of the loop never hops.
///
/// ``watch(_:onReadable:)``, ``rest(_:for:)``, ``schedule(after:_:)``, their opposites and ``afterTurn(_:)`` may be called on the loop's thread only.
public final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// Names a watched socket or descriptor.
    public struct Watch: Hashable, Sendable {
        let id: UInt64
    }

    /// Names a deadline.
    public struct Timer: Hashable, Sendable {
        let id: UInt64
    }

    enum Work {
        case job(UnownedJob)
        case function(@Sendable () -> Void)
    }

    struct Inbox {
        var work: [Work] = []
        var hasThread = false
        var isStopping = false
    }

    /// The thread's name, at most 15 bytes of it.
    public let name: String

    /// The wake descriptor's token in the epoll set; those of watches count from 1.
    static let wakeToken: UInt64 = 0

    let wakeDescriptor: Int32
    let epollDescriptor: Int32
    let inbox = Mutex(Inbox())
    /// The thread while it runs, as `pthread_self` names it; 0 for none.
    let thread = Atomic<UInt>(0)

    // Touched by the loop's thread only.
    var sockets: [WatchedSocket] = []
    var descriptors: [UInt64: (descriptor: Int32, handler: () -> Void)] = [:]
    var timers: [(at: Int64, id: UInt64, handler: () -> Void)] = []
    var turnEnd: [() -> Void] = []
    var ready = [qc_epoll_event](repeating: qc_epoll_event(), count: 64)
    private var lastID: UInt64 = 0

    /// Makes a loop; its thread starts with the first work.
    ///
    /// - Throws: ``ZeroMQError`` when the system has no more descriptors.
    public init(name: String) throws(ZeroMQError) {
        self.name = name
        wakeDescriptor = qc_eventfd_create()
        guard wakeDescriptor >= 0 else { throw ZeroMQError("open an eventfd") }
        epollDescriptor = qc_epoll_create()
        guard epollDescriptor >= 0, qc_epoll_add(epollDescriptor, wakeDescriptor, QC_EPOLL_IN, Self.wakeToken) == 0
        else {
            let error = ZeroMQError("open an epoll set")
            if epollDescriptor >= 0 { close(epollDescriptor) }
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
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

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
                _ = qc_swap_slice(BriefThread.slice)
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
        let watched = WatchedSocket(id: lastID, socket, handler)
        // A watch is as much part of an open socket as its memory is: there is none to spare only where the machine has run dry.
        precondition(
            qc_epoll_add(epollDescriptor, watched.descriptor, QC_EPOLL_IN | QC_EPOLL_EDGE, lastID) == 0,
            "the loop '\(name)' cannot watch a socket: error \(errno)"
        )
        sockets.append(watched)
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
        } else if let index = sockets.firstIndex(where: { $0.id == watch.id }) {
            let socket = sockets.remove(at: index)
            socket.isWatched = false
            qc_epoll_remove(epollDescriptor, socket.descriptor)
        }
    }

    /// Leaves a watched socket alone for a while: what comes meanwhile is read together then. Whoever gets many small messages one shortly
    /// after another wakes less often for them.
    ///
    /// - Parameter duration: In steps of a millisecond, rounded up.
    public func rest(_ watch: Watch, for duration: Duration) {
        checkIsolated()
        let end = qc_monotonic_ns() &+ duration.clampedNanoseconds
        sockets.first { $0.id == watch.id }?.restsUntil = end
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

    /// Calls `function` once, when everything that the loop has found to do now is done and before it waits again: what comes together
    /// in one turn can be dealt with together there. What is handed in meanwhile runs too, after it.
    public func afterTurn(_ function: @escaping () -> Void) {
        checkIsolated()
        turnEnd.append(function)
    }

    /// Takes a deadline back; harmless when it has passed.
    public func cancel(_ timer: Timer) {
        checkIsolated()
        timers.removeAll { $0.id == timer.id }
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
