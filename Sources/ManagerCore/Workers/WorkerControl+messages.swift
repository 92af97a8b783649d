internal import EventJournal
internal import Logging
internal import MarketData
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What workers say.
extension WorkerControl {
    /// The most topics that one worker may ask the marker for.
    private static let maxSyncTopics = 100_000

    // MARK: Control

    func handleControl(_ peer: [UInt8], _ message: Message, from speaker: Speaker) {
        let identity = String(decoding: peer, as: UTF8.self)
        guard maySpeak(speaker, as: identity) else { return refuseImpostor("control", speaker, as: identity) }
        guard let process = processes[identity] else {
            staleMessages += 1
            // Only what asks for something is answered: an answer to an answer would go round and round.
            // And before an earlier manager's workers have been taken over, nobody is known.
            guard hasTakenOver, message.type != .ack, message.type != .error else { return }
            return dismiss(identity, workerID: message.workerID ?? "")
        }
        if let workerID = process.workerID, workers[workerID]?.kind == .process {
            return refuse("control", ProtocolError("'\(workerID)' is a process: it has nothing to say"), bytes: 0)
        }
        sendUndelivered(process)
        switch message.type {
        case .hello, .heartbeat: greet(process, message)
        case .sync where process.isConnected: sync(process, message)
        case .ack: acknowledged(process, message)
        case .error:
            logger.warning(
                "a worker says: \(message.payload["message"]?.stringValue ?? "?")",
                metadata: ["identity": "\(identity)"]
            )
        default:
            refuse("control", ProtocolError("'\(message.type.rawValue)' is not for the manager"), bytes: 0)
            plane?.send(.error(message.workerID, "'\(message.type.rawValue)' is not expected here"), to: identity)
        }
    }

    /// Tells a worker of an earlier manager, or somebody that was never spawned, to end: nobody else can.
    ///
    /// A manager that leaves its workers running for a later one sends nobody away while it closes: they are strangers to it by now.
    private func dismiss(_ identity: String, workerID: String) {
        guard !isLeavingRunning else { return }
        plane?.send(.control(.stop, workerID: workerID, payload: ["reason": "unknown process"]), to: identity)
    }

    private func greet(_ process: WorkerProcess, _ hello: Message) {
        guard hello.payload["token"]?.stringValue == process.token else {
            refuse("control", ProtocolError("a hello with a wrong token"), bytes: 0)
            plane?.send(
                .control(.stop, workerID: hello.workerID ?? "", payload: ["reason": "wrong token"]),
                to: process.identity
            )
            return
        }
        guard let worker = process.workerID.flatMap({ workers[$0] }), !process.isHost, awaitsState(worker) else {
            welcome(process, replyTo: hello.messageID)
            return connected(process)
        }
        // It may go on speaking without having been welcomed.
        connected(process)
        // It gets no `start` that could say where it goes on from.
        readCheckpoint(of: worker.id) { [unowned self] result in
            guard worker.process === process else { return }
            do {
                let checkpoint = try result.get()?.startPayload()
                welcome(process, replyTo: hello.messageID, ["checkpoint": checkpoint ?? .null])
            } catch {
                feed(.failed("its checkpoint cannot be read: \(error)"), to: worker.id)
            }
        }
    }

    /// Tells a process how often to say that it lives, and for how long it may live without a manager.
    func welcome(_ process: WorkerProcess, replyTo: String?, _ details: [String: JSONValue] = [:]) {
        let interval = process.workerID.flatMap { workers[$0] }?.config.health.heartbeatInterval
        var ring = broker.ringOffer.flatMap { JSONValue($0).objectValue }
        if settings.broker.dataLane == .shm { ring?["required"] = true }
        let facts: [String: JSONValue] = [
            "heartbeat_interval": .number((interval ?? defaults.health.heartbeatInterval) / .seconds(1)),
            "protocol": .integer(QuantCell.protocolVersion),
            "manager": .string(managerID),
            "orphan_lease": .number(settings.supervisor.orphanLease.duration / .seconds(1)),
            "ring": ring.map(JSONValue.object) ?? .null,
        ]
        var welcome = Message(.welcome, workerID: process.workerID, payload: .object(facts.merging(details) { $1 }))
        welcome.replyTo = replyTo
        plane?.send(welcome, to: process.identity)
    }

    /// Whether a worker has not begun yet, so that it is still to be told where to go on from.
    private func awaitsState(_ worker: Worker) -> Bool {
        switch supervisor.state(of: worker.id) {
        case .initializing, .initialized, .starting: true
        default: false
        }
    }

    private func connected(_ process: WorkerProcess) {
        guard !process.isConnected else { return }
        process.isConnected = true
        guard let workerID = process.workerID else { return pools.connected(process) }
        if let sandbox = sandbox(of: process) {
            sandbox.begin()
        } else if let reload = reload(with: process) {
            reload.begin()
        } else {
            feed(.connected, to: workerID)
        }
    }

    private func sync(_ process: WorkerProcess, _ message: Message) {
        guard let topics = message.payload["topics"]?.stringArrayValue, topics.count <= Self.maxSyncTopics else {
            return refuse("control", ProtocolError("a sync without 'topics'"), bytes: 0)
        }
        if let workerID = process.workerID { workers[workerID]?.topics = topics }
        let (identity, replyTo) = (process.identity, message.messageID)
        let ring = message.payload["ring"]?.stringValue
        loopOfBroker { $0.sync(identity, replyTo: replyTo, topics: topics, ring: ring) }
    }

    private func acknowledged(_ process: WorkerProcess, _ message: Message) {
        if let sandbox = sandbox(of: process) { return sandbox.acknowledged(message) }
        if let reload = reload(with: process) { return reload.acknowledged(message) }
        guard let workerID = process.workerID, let worker = workers[workerID], worker.process === process,
            let replyTo = message.replyTo
        else { return }
        let result = message.payload["result"]?.stringValue
        let reason = message.payload["reason"]?.stringValue ?? "refused"
        if replyTo == process.startMessageID {
            started(worker, result, reason, message.payload)
        } else if process.checkpointsAsked[replyTo] != nil, result != "accepted" {
            let failure = ManagerError(.conflict, "'\(workerID)' has not saved its state: \(reason)")
            takenCheckpoint(process, replyTo, result == "done" ? .success(()) : .failure(failure))
        } else if process.asked[replyTo] != nil, result != "accepted" {
            let outcome =
                result == "done"
                ? .success(message.payload)
                : Result<JSONValue, ManagerError>.failure(
                    ManagerError(.conflict, reason)
                )
            process.asked.removeValue(forKey: replyTo)?(outcome)
        } else if let command = process.commands[replyTo] {
            if result != "accepted" { process.commands[replyTo] = nil }
            switch (command, result) {
            case (.pause, "done"): feed(.paused, to: workerID)
            case (.resume, "done"): feed(.resumed, to: workerID)
            case (_, "refused"):
                logger.warning("refused '\(command.rawValue)': \(reason)", metadata: ["worker": "\(workerID)"])
            default: break
            }
        }
    }

    private func started(_ worker: Worker, _ result: String?, _ reason: String, _ payload: JSONValue) {
        switch result {
        case "done":
            worker.introduced(payload)
            feed(.joined, to: worker.id)
        case "refused":
            feed(.refused(reason, isFinal: payload["final"]?.boolValue ?? false), to: worker.id)
        default: break
        }
    }

    // MARK: Status

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

    // MARK: What does not count

    private func stale(_ message: Message, _ workerID: String) {
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
