import StrategyKit
import WireProtocol
import ZeroMQ

// What a running strategy sends out.
extension Worker: RunnerOutlet {
    func setSubscribed(_ topic: Topic, _ isSubscribed: Bool) {
        if isOnTrial { return }
        for ring in rings { ring.forgetTopics() }
        // Where data comes by a ring nobody need be told, but for the count of who reads what.
        if gauges.lane == .shm { return wantsLook = true }
        do {
            try data.set(isSubscribed ? .subscribe : .unsubscribe, topic.description)
        } catch {
            log(.error, "cannot \(isSubscribed ? "subscribe to" : "unsubscribe from") \(topic): \(error)")
        }
    }

    /// Sends a message that must arrive. Where the manager is away and the queue is full, the strategy waits: better late than
    /// with a signal lost. Only SIGTERM and the end of the lease end the wait, and the log says what was dropped then.
    func deliver(_ message: Message) {
        let frames = [message.bytes]
        var isWaiting = false
        do {
            while !(try status.send(frames, wait: !(StopRequest.isRaised || isAbandoned))) {
                if StopRequest.isRaised || isAbandoned {
                    return writeLog(.error, "told to stop, dropped a message that nobody takes: \(message.json.text)")
                }
                if !isWaiting { writeLog(.warning, "the manager takes no messages; waiting for it") }
                isWaiting = true
                try control.listen(take(notice:))
                isAbandoned = try !control.keepInTouch()
            }
        } catch {
            writeLog(.error, "cannot send to the manager: \(error)")
        }
    }

    func offer(_ message: Message) {
        do {
            try status.send([message.bytes])
        } catch {
            writeLog(.error, "cannot send to the manager: \(error)")
        }
    }

    /// Writes a line to the log; warnings and errors also go to the manager.
    func log(_ level: LogLevel, _ text: String) {
        guard level >= environment.logLevel else { return }
        writeLog(level, text)
        guard level >= .warning, let runner else { return }
        let name = level == .error ? "error" : "warning"
        offer(runner.stamped(.log(runner.setup.workerID, level: name, message: text)))
    }

    func writeLog(_ level: LogLevel, _ text: String) {
        LogLine.write(level, gauges.currentSpeaker.workerID, secrets.scrub(text))
    }
}
