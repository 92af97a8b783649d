internal import EventJournal
internal import Logging
internal import MarketData
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What workers say over status.
extension WorkerControl {
    func handleStatus(_ message: Message, from speaker: Speaker) {
        guard let workerID = message.workerID else {
            return refuse("status", ProtocolError("a status message without 'worker_id'"), bytes: 0)
        }
        guard maySpeak(speaker, for: workerID, message.generation) else {
            return refuseImpostor("status", speaker, as: workerID)
        }
        if let sandbox = message.generation.flatMap({ sandboxes[$0] }) { return sandbox.heard(message) }
        // Until it has taken over, it answers over control.
        if let reload = workers[workerID]?.reload, reload.isCandidate(message.generation) { return }
        guard let worker = workers[workerID], let process = worker.process,
            let generation = supervisor.generation(of: workerID), message.generation ?? generation == generation
        else {
            if lastWords(message, workerID) { return }
            // Spares beat too; there is nothing to learn from it but that they live.
            if pools.spare(workerID) == nil { stale(message, workerID) }
            return
        }
        guard worker.kind != .process else {
            return refuse("status", ProtocolError("'\(workerID)' is a process: it has nothing to say"), bytes: 0)
        }
        switch message.type {
        case .heartbeat, .statusUpdate: alive(worker, process, message)
        case .signal: signal(message, worker, generation)
        case .checkpoint: checkpoint(message, worker, process, generation)
        case .gap: gap(message, worker, generation)
        case .error:
            // Its refusal may overtake its hello, which comes on another socket.
            if worker.kind == .executable { connected(process) }
            failed(worker, generation, message, isLate: false)
        case .warning, .info, .log, .metrics: tell(message, workerID)
        default: refuse("status", ProtocolError("'\(message.type.rawValue)' is no status"), bytes: 0)
        }
    }

    /// Takes what a process emitted before it ended and that comes only now: it was its worker's then.
    private func lastWords(_ message: Message, _ workerID: String) -> Bool {
        guard let worker = workers[workerID], let life = supervisor.life(of: workerID) else { return false }
        let generation = message.generation ?? life.generation
        guard worker.hasEndedLately(generation, at: SuspendingClock().now) else { return false }
        switch message.type {
        case .signal: signal(message, worker, generation)
        case .gap: gap(message, worker, generation)
        // The next process has begun without it, and handles again what it covers.
        case .heartbeat, .statusUpdate, .checkpoint: break
        case .error: failed(worker, generation, message, isLate: true)
        default: return false
        }
        return true
    }

    /// Takes a heartbeat of the usual shape. Returns whether it was one of a host's current process; any other is to be handled as the
    /// message that it is.
    func handleHeartbeat(_ heartbeat: Heartbeat, from speaker: Speaker) -> Bool {
        guard let worker = workers[heartbeat.workerID], worker.kind.isHosted, let process = worker.process,
            let generation = supervisor.generation(of: worker.id), heartbeat.generation ?? generation == generation,
            maySpeak(speaker, for: worker.id, heartbeat.generation)
        else { return false }
        worker.heard(heartbeat)
        sendUndelivered(process)
        measureLag(of: worker)
        remindOfSignals(worker, pending: heartbeat.pendingSignals)
        feed(.progress(callback: heartbeat.callback, callbackSeconds: heartbeat.callbackSeconds), to: worker.id)
        if let handled = heartbeat.handledTotal, !worker.topics.isEmpty {
            feed(.data(handled: handled, offered: worker.offered), to: worker.id)
        }
        return true
    }

    private func alive(_ worker: Worker, _ process: WorkerProcess, _ message: Message) {
        worker.heard(message.payload)
        sendUndelivered(process)
        measureLag(of: worker)
        if let pending = message.payload["signals_pending"]?.sequenceValue { remindOfSignals(worker, pending: pending) }
        feed(
            .progress(
                callback: message.payload["callback"]?.stringValue,
                callbackSeconds: message.payload["callback_seconds"]?.doubleValue ?? 0
            ),
            to: worker.id
        )
        if let handled = message.payload["handled_total"]?.integerValue.flatMap(UInt64.init(exactly:)),
            !worker.topics.isEmpty
        {
            feed(.data(handled: handled, offered: worker.offered), to: worker.id)
        }
        guard worker.kind == .executable else { return }
        // One that sends no hello has spoken now; and only its status says what a host would have acknowledged.
        connected(process)
        switch (message.type, message.payload["status"]?.stringValue) {
        case (_, "running"):
            feed(.joined, to: worker.id)
            if message.type == .statusUpdate { feed(.resumed, to: worker.id) }
        case (.statusUpdate, "paused"): feed(.paused, to: worker.id)
        default: break
        }
    }

    private func failed(_ worker: Worker, _ generation: UInt64, _ message: Message, isLate: Bool) {
        let reason = message.payload["message"]?.stringValue ?? "an error without a message"
        let callback = message.payload["callback"]?.stringValue.map { "\($0): " } ?? ""
        worker.heard(message.payload)
        worker.failed(secrets.scrub("\(callback)\(reason)"))
        if !isLate, message.payload["fatal"]?.boolValue == true { feed(.failed("\(callback)\(reason)"), to: worker.id) }
        guard errorSampler.admit(at: WallClock.nanoseconds()) != nil else { return }
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: generation,
            cause: "error in \(callback)\(reason)",
            actor: .worker,
            detail: message.payload,
            level: .warning
        )
    }

    private func tell(_ message: Message, _ workerID: String) {
        var message = message
        message.payload = secrets.scrub(message.payload)
        plane?.publish("\(message.type.rawValue).\(workerID)", message)
        guard message.type == .warning || message.type == .log else { return }
        logger.log(
            level: message.type == .warning ? .warning : .debug,
            "\(message.payload["message"]?.stringValue ?? message.payload.text)",
            metadata: ["worker": "\(workerID)"]
        )
    }
}
