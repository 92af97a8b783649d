import BroadcastRing
import CLinux
import Glibc

/// A thread that tells another one, which sleeps on a word, that something has happened to descriptors. For who waits for a ring: a
/// futex and a descriptor cannot be waited for in one call, and a hop is better on the way of the rare commands than on that of the data.
final class DescriptorWatch: @unchecked Sendable {
    // Set before the thread starts.
    /// Changes with each happening.
    let word = WakeWord()
    private let epollDescriptor: Int32
    private let endDescriptor: Int32
    private var thread = pthread_t()

    private static let endToken: UInt64 = 1

    /// Begins to watch.
    ///
    /// - Parameter descriptors: They must stay open until ``stop()``.
    /// - Throws: ``WorkerFailure`` when the system has no more descriptors or threads.
    init(_ descriptors: [Int32]) throws(WorkerFailure) {
        epollDescriptor = qc_epoll_create()
        endDescriptor = qc_eventfd_create()
        do {
            try watch(endDescriptor, token: Self.endToken)
            for descriptor in descriptors { try watch(descriptor, token: 0) }
            try start()
        } catch {
            close(epollDescriptor)
            close(endDescriptor)
            throw error
        }
    }

    /// Ends the thread and waits for it; to be called once, by the last who uses it.
    func stop() {
        qc_eventfd_signal(endDescriptor)
        pthread_join(thread, nil)
        close(epollDescriptor)
        close(endDescriptor)
    }

    private func watch(_ descriptor: Int32, token: UInt64) throws(WorkerFailure) {
        guard descriptor >= 0, epollDescriptor >= 0,
            qc_epoll_add(epollDescriptor, descriptor, QC_EPOLL_IN | QC_EPOLL_EDGE, token) == 0
        else { throw WorkerFailure("cannot watch a descriptor: \(String(cString: strerror(errno)))") }
    }

    private func start() throws(WorkerFailure) {
        // Signals are for the strategy's thread.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<DescriptorWatch>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard result == 0 else {
            context.release()
            throw WorkerFailure("cannot start a thread: \(String(cString: strerror(result)))")
        }
    }

    private func run() {
        qc_set_thread_name("watch")
        var ready = [qc_epoll_event](repeating: qc_epoll_event(), count: 8)
        while true {
            let count = Int(max(qc_epoll_wait(epollDescriptor, &ready, Int32(ready.count), -1), 0))
            if ready.prefix(count).contains(where: { $0.token == Self.endToken }) { return }
            if count > 0 { word.poke() }
        }
    }
}
