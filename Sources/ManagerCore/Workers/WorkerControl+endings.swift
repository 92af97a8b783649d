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
    /// For how long the last words of a process are waited for, where it must have said something.
    private static let hearing = Duration.seconds(2)
    /// How long after one look the next one comes.
    private static let hearingStep = Duration.milliseconds(20)

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
        loop.schedule(after: Self.hearingStep) { [unowned self] in hearWhyItRefuses(process, exit, until: deadline) }
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
            hear(sandbox, status, until: SuspendingClock().now + (status.isSuccess ? Self.hearing : Self.hearingStep))
        } else if let reload = reload(with: process) {
            reload.ended(status)
        } else if !pools.ended(process, status), let id = process.workerID, let worker = workers[id],
            worker.process === process
        {
            ended(worker, process, exit)
        }
        finishWhenEmpty()
    }

    /// Waits for the last words of a sandbox, which may still be on their way. Others go on talking all the time: it has to be about its own.
    private func hear(_ sandbox: SandboxRun, _ status: ExitStatus, until deadline: SuspendingClock.Instant) {
        plane?.readStatus()
        guard !sandbox.hasSaidAll, SuspendingClock().now < deadline else {
            sandboxes[sandbox.generation] = nil
            return sandbox.ended(status)
        }
        loop.schedule(after: Self.hearingStep) { [unowned self] in hear(sandbox, status, until: deadline) }
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
        hearOut(until: SuspendingClock().now + Self.hearing) { [unowned self] in
            // What was recorded last is to be told before the end.
            chronicle.afterCommit(whenEmpty)
        }
    }

    /// Reads what processes that have ended said last, until nothing more comes, or somebody else does not stop talking.
    private func hearOut(until deadline: SuspendingClock.Instant, _ done: @escaping () -> Void) {
        guard let plane else { return done() }
        let before = plane.statusCount
        plane.readStatus()
        loop.schedule(after: Self.hearingStep) { [unowned self] in
            plane.readStatus()
            if plane.statusCount == before || deadline <= SuspendingClock().now {
                done()
            } else {
                hearOut(until: deadline, done)
            }
        }
    }
}
