import CLinux
import CrashPoints
import StrategyKit
import WireProtocol
import ZeroMQ

// Signals and checkpoints on their way to the disk.
extension Worker {
    /// Takes what the manager says that is no command; `false` when the message is one.
    func take(notice message: Message) -> Bool {
        switch message.type {
        case .welcome:
            if let seconds = message.payload["heartbeat_interval"]?.doubleValue {
                heartbeat.setInterval(seconds: seconds)
            }
            if let seconds = message.payload["orphan_lease"]?.doubleValue { control.lease.length = seconds }
            takeOffer(message.payload["ring"])
            if let id = message.payload["manager"]?.stringValue { meet(id) }
        case .recorded:
            takeRecorded(message.payload)
        case .resend:
            guard let number = message.payload["from"]?.sequenceValue else { return true }
            if !outbox.rewind(to: number) {
                log(.error, "the manager asks for signal \(number), of which it has said that it is on disk")
            }
        default:
            return false
        }
        return true
    }

    /// Another manager than before has not got what was on its way to that one.
    private func meet(_ id: String) {
        guard id != managerID else { return }
        let isFirst = managerID == nil
        managerID = id
        if isFirst { return }
        sendAgain()
        lookForLoss()
        attempt("ask for recorded data") { () throws(ZeroMQError) in
            try history?.askAgain(at: qc_monotonic_ns(), isUrgent: true)
        }
    }

    private func takeRecorded(_ payload: JSONValue) {
        var hasProgressed = false
        if let number = payload["signals"]?.sequenceValue, outbox.recorded(through: number) { hasProgressed = true }
        if let ordinal = payload["checkpoint"]?.sequenceValue, runner?.checkpointer?.recorded(ordinal) == true {
            hasProgressed = true
            CrashPoint.reach("worker.checkpoint.recorded")
        }
        guard hasProgressed else { return }
        resendTimer.progressed(at: qc_monotonic_ns())
        gauges.pending(signals: outbox.count)
    }

    private func sendAgain() {
        outbox.rewind()
        runner?.checkpointer?.rewind()
    }

    // MARK: Signals

    func emit(_ signal: Message) {
        var signal = signal
        signal.sequence = outbox.last + 1
        let bytes = signal.bytes
        guard outbox.hasRoom(for: bytes.count) || waitForRoom(bytes.count) else {
            outbox.drop()
            return writeLog(.error, "told to stop, dropped a message that nobody takes: \(signal.json.text)")
        }
        if outbox.count == 0 { resendTimer.progressed(at: qc_monotonic_ns()) }
        outbox.append(bytes)
        gauges.pending(signals: outbox.count)
        CrashPoint.reach("worker.signal.before")
        send()
        CrashPoint.reach("worker.signal.sent")
    }

    /// Waits until the manager has put enough signals on disk; `false` when the wait ended for another reason.
    private func waitForRoom(_ size: Int) -> Bool {
        writeLog(.warning, "the manager takes no messages; waiting for it")
        do {
            while !outbox.hasRoom(for: size) {
                if StopRequest.isRaised || isAbandoned { return false }
                send()
                try controlPoller.wait(timeoutMilliseconds: 100)
                try control.listen(take(notice:))
                if resendTimer.isDue(at: qc_monotonic_ns()) { sendAgain() }
                isAbandoned = try !control.keepInTouch()
            }
            return true
        } catch {
            writeLog(.error, "cannot send to the manager: \(error)")
            return false
        }
    }

    /// Sends what has not been sent, as far as the socket takes it.
    private func send() {
        attempt("send to the manager") { () throws(ZeroMQError) in
            while let signal = outbox.nextUnsent {
                guard try status.send([signal]) else { return }
                outbox.sent()
            }
            if let checkpoint = runner?.checkpointer?.toSend(recordedSignals: outbox.recorded),
                try status.send([checkpoint])
            {
                runner?.checkpointer?.sent()
                CrashPoint.reach("worker.checkpoint.sent")
            }
        }
    }

    // MARK: Checkpoints

    /// Has the state saved as soon as the last checkpoint is on disk.
    func wantCheckpoint(_ reason: Checkpoint.Reason) {
        if isSound { runner?.checkpointer?.want(reason) }
    }

    /// Takes a checkpoint if one is due. Between callbacks only.
    func saveIfDue() {
        let now = qc_monotonic_ns()
        guard let runner, let reason = runner.checkpointer?.due(at: now), mayBeSaved else { return }
        guard isSound else {
            // For good: the next process goes on from the last state that was saved.
            runner.checkpointer = nil
            return
        }
        do {
            let bytes = try runner.encodedCheckpoint(reason)
            CrashPoint.reach("worker.checkpoint.before")
            runner.checkpointer?.take(bytes, after: outbox.last, at: now)
            resendTimer.progressed(at: now)
            send()
        } catch {
            runner.checkpointer?.failed(at: now)
            if case .settling(let start) = phase { return refuse(start, because: error) }
            runner.reportUnsaved(error)
        }
    }

    /// Whether the state may take the place of the one before: not that of a broken strategy, nor one whose signals are lost.
    private var isSound: Bool { runner?.isBroken == false && !outbox.hasDropped }

    /// While a strategy is warmed up, or on trial, it is nowhere that another process could go on from.
    private var mayBeSaved: Bool {
        switch phase {
        case .settling, .running, .paused, .finishing: recovery.map { $0.purpose != .warmUp } ?? true
        case .spare, .joining, .sandboxed, .refused, .ended: false
        }
    }

    // MARK: In the main loop

    /// Saves and sends what is due, and goes on where something was waited for.
    func keepOnDisk() throws {
        let now = qc_monotonic_ns()
        saveIfDue()
        lookWhereWanted()
        if isWaiting, resendTimer.isDue(at: now) {
            // After a long callback the answer may be here, unread.
            try control.listen(take(notice:))
            if isWaiting { sendAgain() }
        }
        send()
        if readsHistory { try history?.askAgain(at: now) }
        answerSaveCommands()
        switch phase {
        case .settling(let start):
            if recovery == nil, runner?.checkpointer?.isSettled ?? true { run(start) }
        case .finishing(let end):
            if isOnDisk || end <= now || isAbandoned { finish() }
        default: break
        }
    }

    /// Tells those who asked for the state to be saved that it is.
    private func answerSaveCommands() {
        guard !saveCommands.isEmpty, runner?.checkpointer?.isSettled == true else { return }
        for command in saveCommands { answer(command, "done") }
        saveCommands = []
    }

    /// When ``keepOnDisk()`` has something to do next.
    func nextDueOnDisk(at now: Int64) -> Int64 {
        if outbox.hasUnsent { return now + 100_000_000 }
        let nextCheckpoint = mayBeSaved ? runner?.checkpointer?.nextDue : nil
        return min(nextCheckpoint ?? .max, isWaiting ? now + 1_000_000_000 : .max)
    }

    /// Whether everything that the strategy leaves is on disk.
    var isOnDisk: Bool { outbox.count == 0 && (runner?.checkpointer?.isSettled ?? true) }

    private var isWaiting: Bool { !isOnDisk }

    /// Does what fails only when a socket does; the main loop deals with that.
    private func attempt(_ what: String, _ body: () throws(ZeroMQError) -> Void) {
        do {
            try body()
        } catch {
            writeLog(.error, "cannot \(what): \(error)")
        }
    }
}
