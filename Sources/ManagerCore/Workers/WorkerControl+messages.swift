internal import EventJournal
internal import Logging
internal import MarketData
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What workers say over control.
extension WorkerControl {
    /// The most topics that one worker may ask the marker for.
    private static let maxSyncTopics = 100_000

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
    func dismiss(_ identity: String, workerID: String) {
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
        plane?.send(welcomeMessage(process, replyTo: replyTo, details), to: process.identity)
    }

    func welcomeMessage(
        _ process: WorkerProcess,
        replyTo: String?,
        _ details: [String: JSONValue] = [:]
    ) -> Message {
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
        return welcome
    }

    /// Whether a worker has not begun yet, so that it is still to be told where to go on from.
    private func awaitsState(_ worker: Worker) -> Bool {
        switch supervisor.state(of: worker.id) {
        case .initializing, .initialized, .starting: true
        default: false
        }
    }

    /// A process has said something for the first time.
    func connected(_ process: WorkerProcess) {
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
}
