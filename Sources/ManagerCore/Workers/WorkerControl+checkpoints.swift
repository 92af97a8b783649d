internal import CrashPoints
internal import EventJournal
internal import Logging
internal import MarketRecord
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Checkpoints: taken from a worker's current process only, saved behind what they were made of, and given to its next process.
extension WorkerControl {
    /// Takes a checkpoint of a worker's current process.
    func checkpoint(_ message: Message, _ worker: Worker, _ process: WorkerProcess, _ generation: UInt64) {
        let checkpoint: CheckpointRecord
        do throws(ProtocolError) {
            checkpoint = try CheckpointRecord(message, workerID: worker.id, generation: generation)
        } catch {
            refuse("status", error, bytes: 0)
            // It would wait for ever to be told that its checkpoint is on disk.
            return feed(.failed("its state cannot be saved: \(error)"), to: worker.id)
        }
        switch worker.checkpoints.offer(checkpoint.ordinal) {
        case .known: receipts.checkpoint(checkpoint.ordinal, to: process)
        case .pending: break
        case .save: save(checkpoint, worker, process)
        }
    }

    private func save(_ checkpoint: CheckpointRecord, _ worker: Worker, _ process: WorkerProcess) {
        CrashPoint.reach("manager.checkpoint.before")
        save(checkpoint) { [unowned self] result in
            CrashPoint.reach("manager.checkpoint.saved")
            // Another process of the worker has an intake of its own.
            guard worker.process === process else { return }
            switch result {
            case .success:
                worker.checkpoints.ended(checkpoint.ordinal, isSaved: true)
                receipts.checkpoint(checkpoint.ordinal, to: process)
            case .failure(let error):
                worker.checkpoints.ended(checkpoint.ordinal, isSaved: false)
                logger.error("a checkpoint cannot be saved: \(error)", metadata: ["worker": "\(worker.id)"])
            }
        }
    }

    /// Saves a checkpoint behind everything that has been recorded before it.
    ///
    /// - Parameter overwriting: Whether it takes the place of one that is newer, too.
    func save(
        _ checkpoint: CheckpointRecord,
        overwriting: Bool = false,
        _ done: @escaping (Result<Void, RecordError>) -> Void
    ) {
        let crossing = Crossing(done)
        record.save(checkpoint, overwriting: overwriting) { [loop] result in
            loop.execute { crossing.value(result) }
        }
    }

    /// Reads the checkpoint of a worker, once those that are on their way to the disk are there.
    func readCheckpoint(
        of workerID: String,
        _ done: @escaping (Result<CheckpointRecord?, RecordError>) -> Void
    ) {
        let crossing = Crossing(done)
        record.flush { [loop, record] result in
            let checkpoint = result.flatMap { _ in
                Result { () throws(RecordError) in try record.checkpoint(of: workerID) }
            }
            loop.execute { crossing.value(checkpoint) }
        }
    }

    /// Does something once all that has been published is on disk, or cannot be.
    func afterRecording(_ work: @escaping () -> Void) {
        let crossing = Crossing(work)
        record.flush { [loop] _ in loop.execute { crossing.value() } }
    }

    /// Throws the checkpoint of a worker away.
    func deleteCheckpoint(of workerID: String, _ done: @escaping (Result<Void, RecordError>) -> Void) {
        let crossing = Crossing(done)
        record.deleteCheckpoint(of: workerID) { [loop] result in
            loop.execute { crossing.value(result) }
        }
    }

    /// Has a worker take a checkpoint now; `done` is called when it is on disk.
    ///
    /// - Throws: ``ManagerError`` when it has no process that could.
    func takeCheckpoint(
        of worker: Worker,
        _ done: @escaping (Result<Void, ManagerError>) -> Void
    ) throws(ManagerError) {
        try requireSpeech(of: worker)
        let state = supervisor.state(of: worker.id)
        guard let process = worker.process, state == .running || state == .paused else {
            throw ManagerError(
                .conflict,
                "'\(worker.id)' is \(state?.rawValue ?? "compiling"); only one that runs or is paused has a state"
            )
        }
        let message = Message(
            .checkpoint,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation
        )
        let timer = loop.schedule(after: Self.checkpointTimeout) { [unowned self] in
            takenCheckpoint(
                process,
                message.messageID,
                .failure(
                    ManagerError(
                        .conflict,
                        "'\(worker.id)' did not save its state within \(Self.checkpointTimeout.text)"
                    )
                )
            )
        }
        process.checkpointsAsked[message.messageID] = { [unowned self] result in
            loop.cancel(timer)
            done(result)
        }
        plane?.send(message, to: process.identity)
    }

    /// How long a worker may take to save its state when it is asked to.
    private static let checkpointTimeout = Duration.seconds(30)

    /// Answers whoever asked a process for a checkpoint.
    func takenCheckpoint(_ process: WorkerProcess, _ messageID: String, _ result: Result<Void, ManagerError>) {
        process.checkpointsAsked.removeValue(forKey: messageID)?(result)
    }

    // MARK: Gaps

    /// Notes a range of a topic that a worker could not recover.
    func gap(_ message: Message, _ worker: Worker, _ generation: UInt64) {
        let payload = message.payload
        guard let topic = payload["topic"]?.stringValue, Topic.isTopic(topic),
            let from = payload["from"]?.integerValue, let to = payload["to"]?.integerValue, 0 < from, from <= to
        else {
            return refuse("status", ProtocolError("a gap needs 'topic', 'from' and 'to'"), bytes: 0)
        }
        worker.gaps += 1
        let reason = String((payload["reason"]?.stringValue ?? "unknown").prefix(200))
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: generation,
            cause: "\(to - from + 1) messages of \(topic) are lost to it, \(from) to \(to): \(reason)",
            actor: .worker,
            detail: [
                "gap": ["topic": .string(topic), "from": .integer(from), "to": .integer(to), "reason": .string(reason)]
            ],
            level: .warning
        )
    }
}
