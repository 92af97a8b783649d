internal import Logging
internal import ProcessControl
internal import ZeroMQ

/// Waits for the ends of processes, kills what they leave behind, and collects them; on the control loop.
///
/// An end is told when the whole tree is gone: the process, its session, and descendants that have left it. Many that end at once share
/// one look through `/proc`.
final class ProcessReaper {
    private let loop: EventLoop
    private let logger: Logger
    private let onExit: (WorkerProcess, Exit?) -> Void
    private var treeKill = TreeKill()
    /// Processes that have ended and whose tree is not known to be gone, by their leader.
    private var ending: [ProcessFingerprint: WorkerProcess] = [:]
    private var timer: EventLoop.Timer?

    /// - Parameters:
    ///   - loop: The control loop.
    ///   - logger: Where it tells of trees that cannot be killed.
    ///   - onExit: Called with each process that has ended, and how, where that is known.
    init(loop: EventLoop, logger: Logger, onExit: @escaping (WorkerProcess, Exit?) -> Void) {
        self.loop = loop
        self.logger = logger
        self.onExit = onExit
    }

    /// Waits for a process's end.
    ///
    /// - Throws: ``ZeroMQError`` when the kernel cannot watch it.
    func watch(_ process: WorkerProcess) throws {
        process.watch = try loop.watch(descriptor: process.child.pidFileDescriptor) { [unowned self, unowned process] in
            hasEnded(process)
        }
    }

    /// Kills a tree that no process of ours leads any more, such as that of a worker of an earlier manager.
    func kill(_ tree: ProcessTree) {
        treeKill.add(tree)
        schedule(after: .zero)
    }

    private func hasEnded(_ process: WorkerProcess) {
        if let watch = process.watch { loop.unwatch(watch) }
        process.watch = nil
        ending[process.child.fingerprint] = process
        kill(process.tree)
    }

    private func schedule(after delay: Duration) {
        guard timer == nil else { return }
        timer = loop.schedule(after: delay) { [unowned self] in
            timer = nil
            sweep()
        }
    }

    private func sweep() {
        do {
            let round = try treeKill.round()
            for gone in round.gone { collect(gone.tree, killed: gone.killed.count) }
            for (tree, members) in round.stuck {
                let pids = members.map { "\($0.pid)" }.joined(separator: ", ")
                logger.error("processes \(pids) cannot be killed: they hang in the kernel, or belong to another user")
                // Supervision goes on without them; they are killed as soon as they can be.
                collect(tree, killed: 0)
            }
            if let next = round.next { schedule(after: next) }
        } catch {
            logger.error("descendants cannot be looked for: \(error)")
            for process in ending.values { collect(process.tree, killed: 0) }
        }
    }

    private func collect(_ tree: ProcessTree, killed: Int) {
        try? tree.controlGroup?.remove()
        guard let process = ending.removeValue(forKey: tree.leader) else { return }
        if killed > 0 {
            logger.info(
                "killed \(killed) left-over processes",
                metadata: ["worker": "\(process.workerID ?? process.identity)"]
            )
        }
        // Collected by somebody else: that it is gone is all that is known.
        onExit(process, (try? process.child.end()) ?? nil)
    }
}
