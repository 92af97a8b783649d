internal import CrashPoints
internal import EventJournal
internal import Logging
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Signals: each is taken once, in order, is in the journal before it goes out, and is confirmed to its process.
extension WorkerControl {
    /// Takes a signal of a worker's process.
    func signal(_ message: Message, _ worker: Worker, _ generation: UInt64) {
        let record = Result { () throws(ProtocolError) in
            try SignalRecord(message, workerID: worker.id, generation: generation)
        }
        guard let number = message.sequence else {
            // A foreign worker need not number them; they are taken as they come.
            switch record {
            case .success(let record): chronicle.record(record)
            case .failure(let error): refuse("status", error, bytes: 0)
            }
            return
        }
        switch worker.intakes[generation].offer(number, at: SuspendingClock().now) {
        case .take:
            take(record, number, worker, generation)
        case .known:
            confirmSignals(worker, generation)
        case .pending:
            break
        case .outOfOrder(let ask):
            if let ask { askAgain(worker, generation, from: ask) }
        }
    }

    private func take(
        _ record: Result<SignalRecord, ProtocolError>,
        _ number: UInt64,
        _ worker: Worker,
        _ generation: UInt64
    ) {
        switch record {
        case .success(let record):
            CrashPoint.reach("manager.signal.taken")
            chronicle.record(record, isNumbered: true) { [unowned self] result in
                CrashPoint.reach("manager.signal.recorded")
                ended(number, worker, generation, isRecorded: (try? result.get()) != nil)
            }
        case .failure(let error):
            // It would be no better the next time: its number is used up, in its turn.
            refuse("status", error, bytes: 0)
            chronicle.afterCommit { [unowned self] in ended(number, worker, generation, isRecorded: true) }
        }
    }

    private func ended(_ number: UInt64, _ worker: Worker, _ generation: UInt64, isRecorded: Bool) {
        let now = SuspendingClock().now
        let ask = worker.intakes[generation].ended(number, isRecorded: isRecorded, at: now)
        if let ask { askAgain(worker, generation, from: ask) }
        if isRecorded { confirmSignals(worker, generation) }
    }

    private func confirmSignals(_ worker: Worker, _ generation: UInt64) {
        guard let process = currentProcess(of: worker, generation) else { return }
        receipts.signals(worker.intakes[generation].recorded, to: process)
    }

    private func askAgain(_ worker: Worker, _ generation: UInt64, from number: UInt64) {
        guard let process = currentProcess(of: worker, generation) else { return }
        let message = Message(
            .resend,
            workerID: worker.id,
            payload: ["from": JSONValue(number)],
            generation: generation
        )
        plane?.send(message, to: process.identity)
    }

    /// Asks again for what is missing and has not come: the request, or what it asked for, may have been lost.
    ///
    /// - Parameter pending: How many signals the process says it has not been told are on disk.
    func remindOfSignals(_ worker: Worker, pending: UInt64) {
        guard let generation = supervisor.life(of: worker.id)?.generation else { return }
        let intake = worker.intakes[generation]
        guard intake.isWaiting || (pending > 0 && intake.taken == intake.recorded) else { return }
        if intake.recorded > 0 { confirmSignals(worker, generation) }
        let ask = worker.intakes[generation].ask(at: SuspendingClock().now)
        if let ask { askAgain(worker, generation, from: ask) }
    }

    /// The process of a worker, if it is the one that a message came from.
    func currentProcess(of worker: Worker, _ generation: UInt64) -> WorkerProcess? {
        supervisor.life(of: worker.id)?.generation == generation ? worker.process : nil
    }
}
