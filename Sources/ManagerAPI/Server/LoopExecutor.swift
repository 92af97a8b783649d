internal import Glibc
internal import NIOCore

/// Runs tasks on the thread of an event loop: a request then needs no other thread than the one that read it.
///
/// That thread yields to the manager's own loops: where the processor is short, HTTP waits, and heartbeats and ticks do not.
final class LoopExecutor: TaskExecutor {
    /// How much less of the processor it gets than the manager's loops.
    private static let niceness: Int32 = 5

    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
        loop.execute {
            // On Linux the priority is that of the calling thread. Where it cannot be set, HTTP is as good as the rest.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
