internal import EventJournal
internal import Supervision
internal import WireProtocol

/// What an earlier manager meant to do and did not bring to its end, and how that is put right.
///
/// A start goes on: what should run is adopted, or started anew. A stop goes on, too: what should not run is ended.
struct IntentRepair {
    /// Workers that were being stopped.
    private(set) var stopping: Set<String> = []
    /// What was being started and is not among what should run yet; by worker.
    private(set) var starting: [String: StrategyConfig] = [:]
    private let unfinished: [UnfinishedIntent]

    /// - Parameters:
    ///   - unfinished: In the order of the journal; of one worker the last one counts.
    ///   - desired: What is known of workers beside the journal, by worker: secrets are only there.
    ///   - defaults: What a strategy has that does not say otherwise.
    init(_ unfinished: [UnfinishedIntent], desired: [String: DesiredWorker] = [:], defaults: StrategyConfig) {
        self.unfinished = unfinished
        for one in unfinished {
            guard let workerID = one.intent.workerID, let name = one.intent.cause.flatMap(Intent.Name.init) else {
                continue
            }
            stopping.remove(workerID)
            starting[workerID] = nil
            switch name {
            case .stop: stopping.insert(workerID)
            case .start: starting[workerID] = Self.config(one.intent, desired[workerID], defaults)
            case .restart: break
            }
        }
    }

    /// What a start was to run; `nil` for one that a program asked for, which asks again if it wants to.
    private static func config(
        _ intent: JournalEntry,
        _ desired: DesiredWorker?,
        _ defaults: StrategyConfig
    ) -> StrategyConfig? {
        guard let detail = intent.detail.flatMap({ try? JSONValue(parsing: $0) }),
            detail["source"]?.stringValue == DesiredWorker.Source.cli.rawValue, let config = detail["config"]
        else { return nil }
        // The same but for its secrets, where the journal had to leave those out.
        if let desired, let whole = try? JSONValue(parsing: desired.config), whole != config, whole.redacted == config {
            return StrategyConfig(json: desired.config, defaults: defaults)
        }
        return StrategyConfig(json: config.text, defaults: defaults)
    }

    /// What becomes of each intent, for its outcome.
    ///
    /// - Parameters:
    ///   - adopted: Workers whose processes go on.
    ///   - started: Workers that are started anew.
    func outcomes(adopted: Set<String>, started: Set<String>) -> [(intent: UnfinishedIntent, how: String)] {
        unfinished.map { one in
            let id = one.intent.workerID ?? ""
            let how =
                if adopted.contains(id) {
                    "its process is adopted"
                } else if started.contains(id) {
                    "it is started anew"
                } else if stopping.contains(id) {
                    "what was left of it is ended"
                } else {
                    "nobody wants it to run any more"
                }
            return (one, how)
        }
    }
}

extension WorkerControl {
    /// Finds what an earlier manager did not bring to its end.
    func intentRepair() throws -> IntentRepair {
        let desired = Dictionary(try journal.desiredWorkers().map { ($0.workerID, $0) }) { $1 }
        return IntentRepair(try journal.unfinishedIntents(), desired: desired, defaults: defaults)
    }

    /// Gives each unfinished intent its outcome, and writes down that what was being stopped is not wanted.
    func conclude(_ repair: IntentRepair, adopted: Set<String>, started: Set<String>) throws {
        let desired = Dictionary(try journal.desiredWorkers().map { ($0.workerID, $0) }) { $1 }
        for (one, how) in repair.outcomes(adopted: adopted, started: started) {
            var changes: [StateChange] = []
            if let id = one.intent.workerID, repair.stopping.contains(id), !started.contains(id),
                var wish = desired[id]
            {
                wish.wanted = .stopped
                changes = [.want(wish)]
            }
            chronicle.record(
                .outcome,
                of: one.seq,
                workerID: one.intent.workerID ?? "",
                generation: one.intent.generation,
                cause: "repaired",
                actor: .manager,
                detail: ["intent": JSONValue(one.intent.cause), "how": .string(how)],
                changes: changes
            )
        }
    }
}
