import CrashPoints
import StrategyKit
import WireProtocol

// One process hands over to another, which has new code: both stand still, and one of them goes on.
extension Worker {
    var isRunningOrHeld: Bool {
        switch phase {
        case .running: true
        case .standing(let standstill): standstill.isNew
        default: false
        }
    }

    // MARK: The old process

    /// Stands still between two messages, has everything saved, and says then how far it has got.
    func handOver(_ command: Message) {
        let next: Standstill.Next
        switch phase {
        case .running: next = .running
        case .paused: next = .paused
        default: return answer(command, "refused", reason: "cannot hand over: \(situation)")
        }
        guard let runner, isSound else {
            return answer(command, "refused", reason: "cannot hand over: \(situation)")
        }
        CrashPoint.reach("worker.handover.before")
        log(.info, "stands still: new code is about to take over")
        phase = .standing(Standstill(next: next, isNew: false, handover: command))
        gauges.status = .reloading
        if runner.checkpointer != nil { wantCheckpoint(.reload) }
        saveIfDue()
        answerHandover()
        heartbeat.beat()
    }

    /// Answers the handover once everything is on disk.
    func answerHandover() {
        guard case .standing(var standstill) = phase, let command = standstill.handover, let runner, isOnDisk else {
            return
        }
        guard isSound else { return refuseHandover(because: WorkerFailure("signals of it are lost")) }
        standstill.handover = nil
        phase = .standing(standstill)
        CrashPoint.reach("worker.handover.saved")
        answer(command, "done", details: ["positions": JSONValue(sequences: runner.topics.positions)])
    }

    /// Says that the state could not be saved, and goes on.
    func refuseHandover(because error: any Error) {
        guard case .standing(let standstill) = phase, let command = standstill.handover else { return }
        answer(command, "refused", reason: "the state was not saved: \(error)")
        goOn()
    }

    // MARK: The new process

    /// Stands still, joined and ready to take over.
    func stand(_ start: Message, _ next: Standstill.Next) {
        phase = .standing(Standstill(next: next, isNew: true))
        gauges.status = .reloading
        CrashPoint.reach("worker.held.ready")
        answer(start, "done", details: description)
        heartbeat.beat()
    }

    // MARK: Either

    /// Goes on where it stands, as if nothing had been.
    func goOn() {
        guard case .standing(let standstill) = phase, let runner else { return }
        phase = standstill.next == .paused ? .paused : .running
        gauges.status = standstill.next == .paused ? .paused : .running
        if standstill.isNew {
            CrashPoint.reach("worker.held.released")
            tellRunning()
            // What the old process had no state for begins here.
            if runner.checkpointer?.ordinal == 0 { wantCheckpoint(.start) }
        } else {
            log(.info, "goes on: the new code has not taken over")
        }
        offer(runner.stamped(.statusUpdate(runner.setup.workerID, status: gauges.status.name)))
        heartbeat.beat()
    }

    /// Ends without a word to the strategy: another process stands in its place, or it never ran.
    func endStanding(_ command: Message?) {
        if let command { answer(command, "done") }
        log(.info, "ends: it does not go on")
        phase = .ended(0)
    }
}
