import Dispatch

/// A thread for one test to block in, so that no test takes the threads that others need to go on.
final class OwnThread: TaskExecutor {
    private let queue = DispatchQueue(label: "end-to-end test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs `body` on a thread of its own, when there is a place for it.
    static func run(_ body: @Sendable () throws -> Void) async throws {
        await Places.shared.take()
        let result = await withTaskExecutorPreference(OwnThread()) { Result { try body() } }
        await Places.shared.giveBack()
        try result.get()
    }
}

/// How many managers run at once: enough to show that they do not interfere, few enough for two cores.
private actor Places {
    static let shared = Places()

    private var free = 4
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
