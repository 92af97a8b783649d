internal import CrashPoints
internal import Logging
internal import MarketRecord
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// How a strategy is handed to a process.
extension WorkerControl {
    /// Hands a worker's strategy, and the state that it goes on from, to its process.
    func load(_ worker: Worker) {
        guard let process = worker.process, process.isHost, let library = worker.library,
            let generation = supervisor.life(of: worker.id)?.generation
        else { return }
        readCheckpoint(of: worker.id) { [unowned self] result in
            // It may have died or been stopped meanwhile.
            guard currentProcess(of: worker, generation) === process,
                supervisor.state(of: worker.id) == .starting
            else { return }
            do {
                try handOver(worker, library, result.get(), to: process, generation)
            } catch {
                feed(.failed("its checkpoint cannot be read: \(error)"), to: worker.id)
            }
        }
    }

    private func handOver(
        _ worker: Worker,
        _ library: String,
        _ checkpoint: CheckpointRecord?,
        to process: WorkerProcess,
        _ generation: UInt64
    ) throws {
        var payload = startPayload(worker.config, library: library, logPath: spawner.logPath(worker.id))
        payload["checkpoint"] = try checkpoint?.startPayload()
        let message = Message(.start, workerID: worker.id, payload: .object(payload), generation: generation)
        process.startMessageID = message.messageID
        chronicle.afterCommit { [unowned self] in
            plane?.send(message, to: process.identity)
            CrashPoint.reach("manager.start.sent")
        }
    }

    /// What every `start` says.
    func startPayload(_ config: StrategyConfig, library: String, logPath: String) -> [String: JSONValue] {
        [
            "strategy_path": .string(library),
            "source_path": .string(config.path),
            "params": .object(config.params),
            "symbols": .array(config.symbols.map(JSONValue.string)),
            "data_types": .array(config.dataTypes.map(JSONValue.string)),
            "error_budget": [
                "errors": .integer(Int64(config.errorBudget)), "window": .number(config.errorWindow / .seconds(1)),
            ],
            "log_path": .string(logPath),
            "heartbeat_interval": .number(config.health.heartbeatInterval / .seconds(1)),
            "delivery": .string(config.delivery.rawValue),
            "warmup": .integer(Int64(config.warmup)),
            "checkpoint_policy": [
                "messages": .integer(Int64(config.checkpoint.messages)),
                "interval": .number(config.checkpoint.interval.duration / .seconds(1)),
            ],
        ]
    }
}
