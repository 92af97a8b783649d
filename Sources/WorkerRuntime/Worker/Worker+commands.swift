import StrategyKit
import WireProtocol
import ZeroMQ

// Commands from the manager.
extension Worker {
    /// Carries out what has arrived on control.
    func readControl() throws(ZeroMQError) {
        while let arrival = try control.receive() {
            switch arrival {
            case .message(let message):
                try carryOut(message)
            case .unreadable(let error, let messageID):
                log(.warning, "dropped a message on control: \(error)")
                if let messageID { try control.answer(messageID, "refused", reason: "\(error)") }
            case .repeated:
                break
            }
            if case .ended = phase { return }
        }
    }

    private func carryOut(_ message: Message) throws(ZeroMQError) {
        if take(notice: message) { return }
        switch message.type {
        case .start:
            guard case .spare = phase else {
                return answer(message, "refused", reason: "this process hosts a strategy already")
            }
            try start(message)
        case .stop:
            try stop(reason: message.payload["reason"]?.stringValue ?? "asked for", command: message)
        case .pause:
            pause(message)
        case .resume:
            resume(message)
        case .updateParams:
            changeParams(message)
        case .checkpoint:
            save(message)
        case .sync:
            lookForLoss()
        case .ack:
            break
        case .error:
            log(.warning, "the manager reports: \(message.payload["message"]?.stringValue ?? message.payload.text)")
        default:
            answer(message, "refused", reason: "a worker cannot '\(message.type.rawValue)'")
        }
    }

    private func pause(_ message: Message) {
        guard case .running = phase, let runner, !runner.isBroken else {
            return answer(message, "refused", reason: "cannot pause: \(situation)")
        }
        phase = .paused
        gauges.status = .paused
        runner.pause()
        wantCheckpoint(.pause)
        log(.info, "paused")
        answer(message, "done")
        heartbeat.beat()
    }

    private func resume(_ message: Message) {
        guard case .paused = phase, let runner, !runner.isBroken else {
            return answer(message, "refused", reason: "cannot resume: \(situation)")
        }
        phase = .running
        gauges.status = .running
        runner.resume()
        log(.info, "resumed")
        answer(message, "done")
        heartbeat.beat()
    }

    /// Has the state saved now; the command is answered when it is on disk.
    private func save(_ message: Message) {
        switch phase {
        case .running, .paused: break
        default: return answer(message, "refused", reason: "nothing can be saved: \(situation)")
        }
        guard let runner, !runner.isBroken else {
            return answer(message, "refused", reason: "nothing is saved: \(situation)")
        }
        guard runner.checkpointer != nil else {
            return answer(message, "refused", reason: "the strategy has no State")
        }
        saveCommands.append(message)
        wantCheckpoint(.command)
        saveIfDue()
    }

    private func changeParams(_ message: Message) {
        switch phase {
        case .running, .paused: break
        default: return answer(message, "refused", reason: "cannot change parameters: \(situation)")
        }
        guard let runner, let params = message.payload["params"]?.objectValue else {
            return answer(message, "refused", reason: "'params' must be an object")
        }
        do {
            try runner.changeParams(UserParams(params))
            log(.info, "parameters are now \(runner.effectiveParams.redacted.text)")
            answer(message, "done", details: ["params": runner.effectiveParams])
        } catch {
            log(.warning, "parameters not changed: \(error)")
            answer(message, "refused", reason: "\(error)")
        }
    }

    /// Answers a command; a socket that fails here fails again, and is dealt with, in the main loop.
    func answer(_ command: Message, _ result: String, reason: String? = nil, details: [String: JSONValue] = [:]) {
        do {
            try control.answer(command.messageID, result, reason: reason, details: details)
        } catch {
            log(.error, "cannot answer '\(command.type.rawValue)': \(error)")
        }
    }

    private var situation: String {
        if runner?.isBroken == true { return "the error budget is spent" }
        return switch phase {
        case .spare: "no strategy has been started"
        case .joining, .settling: "the strategy is still starting"
        case .sandboxed: "the strategy runs on recorded data"
        case .running: "the strategy is running"
        case .paused: "the strategy is paused"
        case .refused: "the strategy was refused"
        case .finishing, .ended: "the worker is stopping"
        }
    }
}
