import CLinux
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
            gauges.become(.init(workerID: order.workerID, generation: order.generation))
            gauges.status = .starting
            WorkerProgram.setTitle(order.workerID)
            if let seconds = order.heartbeatSeconds { heartbeat.setInterval(seconds: seconds) }
            try control.answer(message.messageID, "accepted")
            try host(order)
            try data.set(.subscribe, syncTopic)
            try askForMarker(start: message)
        } catch let error as ZeroMQError {
            throw error
        } catch {
            log(.error, "refused: \(error)")
            try control.answer(message.messageID, "refused", reason: "\(error)")
            phase = .refused(until: qc_monotonic_ns() + 1_000_000_000)
        }
    }

    private func host(_ order: StartOrder) throws {
        let factory = try StrategyLoader.load(order.strategyPath)
        let setup = StrategySetup(
            workerID: order.workerID,
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
            outlet: self
        )
        self.runner = runner
        try runner.start(factory, params: UserParams(order.params))
    }

    private func askForMarker(start: Message) throws(ZeroMQError) {
        let topics = runner?.topics.subscribed.map { JSONValue.string($0.description) } ?? []
        let request = Message(.sync, payload: ["topics": .array(topics)])
        phase = .joining(start: start, syncID: request.messageID)
        try control.send(request)
    }

    /// Takes the marker: from here on the strategy gets every message of its topics.
    func join(_ body: UnsafeRawBufferPointer, start: Message, syncID: String) {
        guard let runner, let marker = try? Message(parsing: body), marker.replyTo == syncID else {
            return log(.warning, "ignored a marker that does not answer this worker's request")
        }
        let positions = marker.payload["topics"]?.objectValue ?? [:]
        runner.join(positions.compactMapValues { $0.integerValue.flatMap(UInt64.init(exactly:)) })
        phase = .running
        gauges.status = .running
        let params = runner.effectiveParams
        log(.info, "running \(runner.name) with \(params.text) on \(runner.topics.subscribed.count) topics")
        answer(start, "done", details: ["strategy_name": .string(runner.name), "params": params])
        deliver(runner.stamped(.statusUpdate(runner.setup.workerID, status: gauges.status.name)))
        heartbeat.beat()
    }
}
