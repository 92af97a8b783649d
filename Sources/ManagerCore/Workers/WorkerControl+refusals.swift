internal import EventJournal
internal import Logging
internal import MarketData
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Messages that do not count.
extension WorkerControl {
    /// Counts and drops what comes from a process that is not its worker's.
    func stale(_ message: Message, _ workerID: String) {
        staleMessages += 1
        // A worker that a manager before this one has left behind says nothing over control: its heartbeat names its socket there.
        if hasTakenOver, let identity = message.payload["identity"]?.stringValue, processes[identity] == nil {
            dismiss(identity, workerID: workerID)
        }
        logger.debug(
            "dropped a message of a process that is not the worker's",
            metadata: ["worker": "\(workerID.prefix(64))", "type": "\(message.type.rawValue)"]
        )
    }

    /// Counts what is no proper message, and records a sample of it.
    func refuse(_ endpoint: String, _ error: ProtocolError, bytes: Int) {
        refusedMessages += 1
        record(Refusal(reason: error.description, topic: nil, bytes: bytes, unreported: 0), endpoint: endpoint)
    }

    /// Records a refused message, if the sample has room.
    func record(_ refusal: Refusal, endpoint: String) {
        guard let unreported = refusedSampler.admit(at: WallClock.nanoseconds()) else { return }
        chronicle.record(
            .refused,
            cause: "\(endpoint): \(refusal.reason)",
            actor: .manager,
            detail: [
                "endpoint": .string(endpoint), "topic": JSONValue(refusal.topic),
                "bytes": .integer(Int64(refusal.bytes)),
                "unreported": JSONValue(unreported &+ refusal.unreported),
            ],
            level: .warning
        )
    }
}
