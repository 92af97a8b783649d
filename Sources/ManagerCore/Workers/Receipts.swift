internal import WireProtocol
internal import ZeroMQ

/// What processes are to be told is on disk, gathered so that one message tells of one commit.
///
/// It belongs to the control loop.
final class Receipts {
    private struct Receipt {
        var signals: UInt64?
        var checkpoint: UInt64?
    }

    private let loop: EventLoop
    private let send: (Message, WorkerProcess) -> Void
    private var pending: [ObjectIdentifier: (process: WorkerProcess, receipt: Receipt)] = [:]

    /// - Parameter send: Sends a message to a process.
    init(loop: EventLoop, send: @escaping (Message, WorkerProcess) -> Void) {
        self.loop = loop
        self.send = send
    }

    /// All signals of a process up to a number are on disk.
    func signals(_ through: UInt64, to process: WorkerProcess) {
        update(process) { $0.signals = max($0.signals ?? 0, through) }
    }

    /// A checkpoint of a process is on disk.
    func checkpoint(_ ordinal: UInt64, to process: WorkerProcess) {
        update(process) { $0.checkpoint = max($0.checkpoint ?? 0, ordinal) }
    }

    private func update(_ process: WorkerProcess, _ change: (inout Receipt) -> Void) {
        if pending.isEmpty {
            // What else the same commit brought is in the loop's queue already, and comes before this.
            loop.schedule(after: .zero) { [weak self] in self?.flush() }
        }
        change(&pending[ObjectIdentifier(process), default: (process, Receipt())].receipt)
    }

    private func flush() {
        let told = pending
        pending = [:]
        for (process, receipt) in told.values {
            var payload: [String: JSONValue] = [:]
            payload["signals"] = receipt.signals.map { JSONValue($0) }
            payload["checkpoint"] = receipt.checkpoint.map { JSONValue($0) }
            send(Message(.recorded, workerID: process.workerID, payload: .object(payload)), process)
        }
    }
}
