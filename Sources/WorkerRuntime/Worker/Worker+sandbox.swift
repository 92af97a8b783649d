import CLinux
import StrategyKit
import WireProtocol
import ZeroMQ

// A strategy that is run to see what it does: on recorded data alone, or on trial beside its worker. No state is kept.
extension Worker {
    /// Runs the strategy on the ranges, from now on.
    func startSandbox(_ sandbox: StartOrder.Sandbox, start: Message) throws {
        guard let runner else { return }
        let recovery = try runner.sandbox(sandbox.ranges)
        runner.checkpointer = nil
        run(start)
        phase = .sandboxed
        recover(recovery)
    }

    /// Ends a strategy on trial that has seen enough.
    func endTrialIfOver() {
        guard let trial, let runner, case .running = phase, !runner.isBroken,
            trial.isOver(handled: gauges[.processed], at: qc_monotonic_ns())
        else { return }
        endSandbox()
    }

    /// Says goodbye and what came of it, and ends.
    func endSandbox() {
        guard let runner else { return }
        runner.stop()
        phase = .finishing(until: qc_monotonic_ns() + 2_000_000_000)
        let details: [String: JSONValue] = [
            "handled": .integer(Int64(gauges[.processed])), "signals": .integer(Int64(gauges[.signals])),
        ]
        deliver(runner.stamped(.statusUpdate(gauges.currentSpeaker.workerID, status: "sandbox_done", details: details)))
    }
}
