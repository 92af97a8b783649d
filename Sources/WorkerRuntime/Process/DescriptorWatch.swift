import BroadcastRing
import CLinux
import Glibc
import Threads

/// A thread that tells another one, which sleeps on a word, that something has happened to descriptors. For who waits for a ring: a
/// futex and a descriptor cannot be waited for in one call, and a hop is better on the way of the rare commands than on that of the data.
final class DescriptorWatch: @unchecked Sendable {
    // Set before the thread starts.
    /// Changes with each happening.
    let word = WakeWord()
    private let epollDescriptor: Int32
    private let endDescriptor: Int32
    private var thread: OwnThread?

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
        thread?.join()
        close(epollDescriptor)
        close(endDescriptor)
    }

    private func watch(_ descriptor: Int32, token: UInt64) throws(WorkerFailure) {
        guard descriptor >= 0, epollDescriptor >= 0,
            qc_epoll_add(epollDescriptor, descriptor, QC_EPOLL_IN | QC_EPOLL_EDGE, token) == 0
        else { throw WorkerFailure("cannot watch a descriptor: \(String(cString: strerror(errno)))") }
    }

    private func start() throws(WorkerFailure) {
        do throws(ThreadError) {
            // Signals are for the strategy's thread.
            thread = try OwnThread("watch", takesSignals: false) { self.run() }
        } catch {
            throw WorkerFailure(error.description)
        }
    }

    private func run() {
        var ready = [qc_epoll_event](repeating: qc_epoll_event(), count: 8)
        while true {
            let count = Int(max(qc_epoll_wait(epollDescriptor, &ready, Int32(ready.count), -1), 0))
            if ready.prefix(count).contains(where: { $0.token == Self.endToken }) { return }
            if count > 0 { word.poke() }
        }
    }
}
