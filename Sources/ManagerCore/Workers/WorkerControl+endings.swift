internal import EventJournal
internal import Logging
internal import MarketData
internal import MarketRecord
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What follows when a process has ended.
extension WorkerControl {
    /// For how long the reason of a process that refused to start is waited for.
    private static let hearing = Duration.seconds(2)

    func processEnded(_ process: WorkerProcess, _ exit: Exit?) {
        hearWhyItRefuses(process, exit, until: SuspendingClock().now + Self.hearing)
    }

    /// Why a program says no may still be on its way when it has ended, and somebody waits for it.
    private func hearWhyItRefuses(_ process: WorkerProcess, _ exit: Exit?, until deadline: SuspendingClock.Instant) {
        plane?.readStatus()
        guard exit?.status == .exited(code: 78), SuspendingClock().now < deadline,
            let worker = process.workerID.flatMap({ workers[$0] }), worker.process === process,
            worker.startedAt == nil,
            let state = supervisor.life(of: worker.id)?.state, [.initializing, .initialized, .starting].contains(state)
        else { return isGone(process, exit) }
        loop.schedule(after: .milliseconds(20)) { [unowned self] in hearWhyItRefuses(process, exit, until: deadline) }
    }

    private func isGone(_ process: WorkerProcess, _ exit: Exit?) {
        let status = exit?.status ?? .unknown
        // What it sent last comes before its end.
        plane?.readStatus()
        plane?.readControl()
        processes[process.identity] = nil
        depart(process)
        let identity = process.identity
        loopOfBroker { $0.forget(identity) }
        for messageID in Array(process.checkpointsAsked.keys) {
            takenCheckpoint(process, messageID, .failure(ManagerError(.conflict, "the process ended: \(status)")))
        }
        for messageID in Array(process.asked.keys) {
            process.asked.removeValue(forKey: messageID)?(
                .failure(ManagerError(.conflict, "the process ended: \(status)"))
            )
        }
        if let sandbox = sandbox(of: process) {
            // Its last words may still be on their way.
            hearOut { [unowned self] in
                sandboxes[sandbox.generation] = nil
                sandbox.ended(status)
            }
        } else if let reload = reload(with: process) {
            reload.ended(status)
        } else if !pools.ended(process, status), let id = process.workerID, let worker = workers[id],
            worker.process === process
        {
            ended(worker, process, exit)
        }
        finishWhenEmpty()
    }

    private func ended(_ worker: Worker, _ process: WorkerProcess, _ exit: Exit?) {
        let status = exit?.status ?? .unknown
        let evidence = outOfMemory.update(endingWith: status)
        recordEnd(of: worker, process, exit, evidence)
        worker.ended(supervisor.life(of: worker.id)?.generation ?? 0, at: SuspendingClock().now)
        worker.process = nil
        let reason = whyItNeverBegan(worker, status)
        feed(.exited(status, outOfMemory: evidence != nil, neverBegan: reason), to: worker.id)
        settle(worker)
    }

    func finishWhenEmpty() {
        guard let whenEmpty, processes.isEmpty, compiler.isIdle, pythons.isIdle else { return }
        self.whenEmpty = nil
        hearOut { [unowned self] in
            // What was recorded last is to be told before the end.
            chronicle.afterCommit(whenEmpty)
        }
    }

    /// Reads what processes that have ended said last, until nothing more comes.
    private func hearOut(_ done: @escaping () -> Void) {
        guard let plane else { return done() }
        let before = plane.statusCount
        plane.readStatus()
        loop.schedule(after: .milliseconds(20)) { [unowned self] in
            plane.readStatus()
            if plane.statusCount == before { done() } else { hearOut(done) }
        }
    }
}
