import StrategyKit
import WireProtocol

// The state on its way to a checkpoint.
extension StrategyRunner {
    /// The strategy's state and where its topics stand, as the message that goes to the manager.
    ///
    /// - Throws: what the strategy's own encoding throws; ``WorkerFailure`` when the state is too large.
    func encodedCheckpoint(_ reason: Checkpoint.Reason) throws -> [UInt8] {
        let checkpoint = Checkpoint(
            ordinal: checkpointer?.nextOrdinal ?? 1,
            positions: topics.positions,
            state: try encodedState(),
            strategy: name
        )
        var payload = checkpoint.payload
        payload["reason"] = .string(reason.rawValue)
        let bytes = stamped(Message(.checkpoint, workerID: setup.workerID, payload: .object(payload))).bytes
        // The state alone is measured only where it matters.
        if bytes.count > Checkpoint.maxStateBytes {
            let size = checkpoint.state.text.utf8.count
            guard size <= Checkpoint.maxStateBytes else {
                throw WorkerFailure(
                    "the state has \(size) bytes as JSON, more than the \(Checkpoint.maxStateBytes) (16 MiB) that can be saved; "
                        + "keep less in it"
                )
            }
        }
        return bytes
    }

    /// Says that the state could not be saved. The strategy goes on: after a crash it goes on from the last one that could.
    func reportUnsaved(_ error: any Error) {
        gauges.count(.errors)
        let text = "the state was not saved: \(error)"
        complain(text)
        outlet.deliver(
            stamped(
                .error(
                    setup.workerID,
                    text,
                    details: ["errors_count": .integer(Int64(gauges[.errors])), "fatal": false]
                )
            )
        )
    }
}
