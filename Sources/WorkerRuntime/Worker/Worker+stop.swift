import CLinux
import CrashPoints
import StrategyKit
import WireProtocol
import ZeroMQ

// From running strategy to the end of the process.
extension Worker {
    /// How long a stop waits for signals and state to be on disk.
    private static let patience: Int64 = 2_000_000_000

    /// Lets the strategy say goodbye, and ends when what it leaves is on disk; `command` is answered then.
    func stop(reason: String, command: Message?) throws(ZeroMQError) {
        if case .standing(let standstill) = phase {
            if standstill.isNew || Standstill.isReplaced(reason) { return endStanding(command) }
            // It is stopped for good, by somebody else than the reload: in the usual way.
            phase = standstill.next == .paused ? .paused : .running
        }
        switch phase {
        case .ended:
            return
        case .refused:
            if let command { answer(command, "done") }
            phase = .ended(Self.refusedExitCode)
            return
        case .finishing:
            if let command { stopCommands.append(command) }
            if isAbandoned || command == nil { finish() }
            return
        case .spare, .joining, .settling, .sandboxed, .running, .paused, .standing:
            break
        }
        if let command { stopCommands.append(command) }
        CrashPoint.reach("worker.stop.before")
        gauges.status = .stopping
        heartbeat.beat()
        if let runner {
            log(.info, "stopping: \(reason)")
            runner.stop()
        }
        switch phase {
        case .joining(let start, _), .settling(let start):
            // It is nowhere yet that another process could go on from.
            runner?.checkpointer = nil
            answer(start, "refused", reason: "stopped before it was running: \(reason)")
        case .running, .paused:
            wantCheckpoint(reason == Checkpoint.Reason.reload.rawValue ? .reload : .stop)
        default: break
        }
        phase = .finishing(until: qc_monotonic_ns() + Self.patience)
        saveIfDue()
        if isOnDisk || isAbandoned { finish() }
    }

    /// Says what has not got to the disk, answers and ends.
    func finish() {
        if outbox.count > 0 { log(.warning, "\(outbox.count) signals are not confirmed to be on disk") }
        if let checkpointer = runner?.checkpointer, !checkpointer.isSettled {
            log(.warning, "the last state is not confirmed to be on disk; the one before it is gone on from")
        }
        CrashPoint.reach("worker.stop.saved")
        for command in stopCommands { answer(command, "done") }
        stopCommands = []
        phase = .ended(0)
    }
}
