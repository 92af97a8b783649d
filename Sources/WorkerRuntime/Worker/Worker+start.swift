import BroadcastRing
import CLinux
import CrashPoints
import Glibc
import StrategyKit
import WireProtocol
import ZeroMQ

// From spare to running strategy.
extension Worker {
    /// Becomes the strategy that `message` names, up to the request for the marker; or refuses, and ends.
    func start(_ message: Message) throws(ZeroMQError) {
        do {
            let order = try StartOrder(message)
            if let path = order.logPath { try heartbeat.output.open(path) }
            control.lease.isSpare = false
            gauges.become(.init(workerID: order.workerID, generation: order.generation))
            gauges.status = .starting
            WorkerProgram.setTitle(order.workerID)
            if let seconds = order.heartbeatSeconds { heartbeat.setInterval(seconds: seconds) }
            try control.answer(message.messageID, "accepted")
            isOnTrial = order.sandbox != nil
            if !isOnTrial { try chooseLane() }
            try host(order)
            CrashPoint.reach("worker.start.hosted")
            if let sandbox = order.sandbox {
                try startSandbox(sandbox, start: message)
            } else {
                if gauges.lane == .zmq { try data.set(.subscribe, syncTopic) }
                try askForMarker(start: message)
            }
        } catch let error as ZeroMQError {
            throw error
        } catch {
            refuse(message, because: error)
        }
    }

    /// Refuses the start, and waits to be stopped.
    func refuse(_ start: Message, because error: any Error) {
        log(.error, "refused: \(error)")
        let isFinal = (error as? WorkerFailure)?.isFinal ?? false
        answer(start, "refused", reason: "\(error)", details: isFinal ? ["final": true] : [:])
        phase = .refused(until: qc_monotonic_ns() + 1_000_000_000)
    }

    private func host(_ order: StartOrder) throws {
        let factory = try StrategyLoader.load(order.strategyPath)
        let setup = StrategySetup(
            // On trial it is who it stands for: so its signals have the ids of that one's.
            workerID: order.sandbox?.workerID ?? order.workerID,
            generation: order.generation,
            symbols: order.symbols,
            dataTypes: order.dataTypes
        )
        let runner = StrategyRunner(
            setup: setup,
            name: factory.name,
            budget: order.budget,
            gauges: gauges,
            logLevel: environment.logLevel,
            delivery: order.sandbox == nil ? order.delivery : .lossless,
            outlet: self
        )
        self.runner = runner
        // What a strategy goes on from has warmed it up already.
        warmUp = order.checkpoint == nil ? order.warmUp : 0
        runner.goesOnFromHistory = warmUp == 0 && runner.delivery == .lossless
        // So that it cannot look beyond the beginning of its data.
        for range in order.sandbox?.ranges ?? [] { runner.restored[range.topic] = range.from - 1 }
        secrets.learn(.object(order.params))
        try runner.start(
            factory,
            params: UserParams(order.params),
            checkpoint: order.checkpoint,
            policy: order.policy
        )
    }

    func askForMarker(start: Message) throws(ZeroMQError) {
        let request = markerRequest
        phase = .joining(start: start, syncID: request.messageID)
        try control.send(request)
    }

    /// Asks where the topics stand; the answer comes by the way of the data, among it.
    private var markerRequest: Message {
        let topics = runner?.topics.subscribed.map { JSONValue.string($0.description) } ?? []
        var payload: [String: JSONValue] = ["topics": .array(topics)]
        if gauges.lane == .shm { payload["ring"] = rings.last.map { .string($0.reader.offer.id) } }
        return Message(.sync, payload: .object(payload))
    }

    /// Takes the marker: from here on the strategy gets every message of its topics.
    func join(_ body: UnsafeRawBufferPointer, start: Message, syncID: String) {
        guard let runner, let marker = try? Message(parsing: body), marker.replyTo == syncID else {
            return log(.warning, "ignored a marker that does not answer this worker's request")
        }
        let isFresh = (runner.checkpointer?.ordinal ?? 0) == 0
        let missed = runner.join(marker.payload["topics"]?.sequencesValue ?? [:])
        phase = .settling(start: start)
        wantsLook = false
        CrashPoint.reach("worker.start.joined")
        if warmUp > 0 {
            log(.info, "warming up with the last \(warmUp) messages of \(runner.topics.subscribed.count) topics")
            recover(runner.warmUp(warmUp))
        } else if isFresh {
            settle()
        } else {
            run(start)
        }
        if let missed { recover(missed) }
    }

    /// Asks where the topics stand. Where the last messages were lost, nothing comes behind them that would show the hole: as when the
    /// manager is another one, or the socket had no room for them.
    func lookForLoss() {
        guard let runner, recovery == nil else { return wantsLook = true }
        // By a ring the others learn, too, what they have missed, and the broker who reads what.
        guard runner.delivery == .lossless || gauges.lane == .shm else { return }
        switch phase {
        case .running, .paused: break
        default: return
        }
        let request = markerRequest
        // An earlier marker may have been lost, too.
        lookID = request.messageID
        do {
            try control.send(request)
        } catch {
            log(.error, "cannot ask where the topics stand: \(error)")
        }
    }

    /// Takes the marker that was asked for: it comes behind all data that has not been lost.
    func takeMarker(_ body: UnsafeRawBufferPointer) {
        guard let runner, let marker = try? Message(parsing: body), marker.replyTo == lookID else { return }
        lookID = nil
        if let missed = runner.join(marker.payload["topics"]?.sequencesValue ?? [:]) { recover(missed) }
    }

    /// Has the first state saved, so that from then on a crash loses nothing.
    func settle() {
        wantCheckpoint(.start)
    }

    /// The strategy runs from here on.
    func run(_ start: Message) {
        guard let runner else { return }
        phase = .running
        CrashPoint.reach("worker.start.done")
        gauges.status = .running
        let params = runner.effectiveParams
        log(.info, "running \(runner.name) with \(params.redacted.text) on \(runner.topics.subscribed.count) topics")
        answer(start, "done", details: ["strategy_name": .string(runner.name), "params": params])
        deliver(runner.stamped(.statusUpdate(runner.setup.workerID, status: gauges.status.name)))
        heartbeat.beat()
    }
}
