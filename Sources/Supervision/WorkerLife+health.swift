internal import ProcessControl
internal import WireProtocol

// What heartbeats say, and do not say, about a worker's health.
extension WorkerLife {
    /// How long the end of a stuck process waits for its backtrace.
    static let captureTimeout = Duration.seconds(2)

    mutating func heard(_ now: Instant) -> [Action] {
        lastHeard = now
        return clear(.frozen, "a heartbeat has come")
    }

    mutating func progress(_ callback: String?, _ seconds: Double, _ now: Instant) -> [Action] {
        let actions = heard(now)
        // One that is paused runs nothing, unless it does not get through its resuming.
        let mayRun = state == .running || state == .paused && wanted == .running
        guard mayRun, ladder == nil else { return actions }
        self.callback = callback
        guard let callback else { return actions + clear(.stuck, "no callback runs") }
        // The worker's own clock says how long: whatever holds the manager up does not count against it. A number that is none fails.
        guard seconds >= configuration.health.callbackTimeout / .seconds(1) else {
            return actions + clear(.stuck, "the callback has ended")
        }
        let limit = configuration.health.callbackTimeout.text
        return actions + raise(.stuck, "\(callback.prefix(64)) has run for more than \(limit)", now)
    }

    mutating func data(handled: UInt64, offered: UInt64, _ now: Instant) -> [Action] {
        guard state == .running, ladder == nil else { return [] }
        // Who runs a callback is busy, and who is asked to pause need not read.
        guard callback == nil, wanted == .running else {
            dataWatch.reset()
            return callback == nil ? [] : clear(.starved, "a callback runs")
        }
        let since = dataWatch.update(handled: handled, offered: offered, at: now)
        if dataWatch.isFed { return clear(.starved, "it keeps up with its topics") }
        guard let since, now - since >= configuration.health.starvedTimeout else { return [] }
        let limit = configuration.health.starvedTimeout.text
        return raise(.starved, "no data handled for \(limit) while its topics moved on", now)
    }

    mutating func captured(_ text: String, _ now: Instant) -> [Action] {
        guard captureDeadline != nil else { return [] }
        return [.report("where it was stuck: \(text)")] + bringDown(.kill, now)
    }

    // MARK: Verdicts

    /// Holds something against the worker, and does what the configuration says; nothing where that has been done.
    mutating func raise(_ verdict: FailureCause, _ finding: String, _ now: Instant) -> [Action] {
        guard !verdicts.contains(verdict) else { return [] }
        raised[verdict] += 1
        let cause = "\(verdict.rawValue): \(finding)"
        switch action(on: verdict) {
        case .log:
            verdicts.insert(verdict)
            return [.report(cause)]
        case .pause:
            verdicts.insert(verdict)
            return [.report("\(cause); it is asked to pause")] + pause()
        case .restart:
            return [fail(verdict, cause, .policy, now)] + end(after: verdict, now)
        case .stop:
            failure = verdict
            wanted = .stopped
            return [become(.stopping, cause, .policy, verdict)] + end(after: verdict, now)
        }
    }

    /// Takes back what was held against the worker.
    mutating func clear(_ verdict: FailureCause, _ finding: String) -> [Action] {
        guard verdicts.remove(verdict) != nil else { return [] }
        return [.report("no longer \(verdict.rawValue): \(finding)")]
    }

    private func action(on verdict: FailureCause) -> HealthAction {
        switch verdict {
        case .stuck: configuration.health.stuckAction
        case .starved: configuration.health.starvedAction
        default: configuration.health.frozenAction
        }
    }

    /// Ends a process that a verdict has condemned, as gently as it can still hear.
    private mutating func end(after verdict: FailureCause, _ now: Instant) -> [Action] {
        switch verdict {
        case .stuck:
            captureDeadline = now + Self.captureTimeout
            return [.capture]
        case .starved:
            return bringDown(configuration.stop, now)
        default:
            return bringDown(.kill, now)
        }
    }
}
