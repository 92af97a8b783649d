internal import EventJournal
internal import Supervision
internal import WireProtocol

/// What a person or the configuration asks to be done with a worker; on disk before anything is done about it.
struct Intent {
    /// What is to be done; the `cause` of the entry.
    enum Name: String {
        case start, stop, restart
    }

    let name: Name
    let workerID: String
    let actor: Actor
    /// Its place in the journal; `nil` where that could not be written.
    let place: Int64?
}

// Intents, effects and outcomes: three entries, so that a crash between them can be seen, and put right by the next manager.
extension WorkerControl {
    /// Writes down what is about to be done with a worker; `then` is called when that is on disk, or cannot be.
    func intend(_ name: Intent.Name, _ worker: Worker, actor: Actor, _ then: @escaping (Intent) -> Void) {
        let shown = worker.description.redacted
        let detail: JSONValue = name == .start ? ["source": .string(worker.source.rawValue), "config": shown] : [:]
        // Where the entry may not say all, a later manager finds the rest in the state; it is wanted from its first state on.
        let isWhole = name != .start || shown == worker.description
        chronicle.record(
            .intent,
            of: nil,
            workerID: worker.id,
            cause: name.rawValue,
            actor: actor,
            detail: detail,
            changes: isWhole ? [] : [want(worker, .stopped)]
        ) {
            let intent = Intent(name: name, workerID: worker.id, actor: actor, place: $0)
            worker.intent = intent
            then(intent)
        }
    }

    /// Writes down what was done for the intent that a worker is under; nothing where there is none.
    func effect(_ cause: String, _ worker: Worker, detail: JSONValue? = nil) {
        guard let place = worker.intent?.place else { return }
        chronicle.record(
            .effect,
            of: place,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation,
            cause: cause,
            actor: .manager,
            detail: detail
        )
    }

    /// Writes down how an intent ended; `then` is called when that is on disk, or cannot be.
    func conclude(
        _ intent: Intent,
        _ worker: Worker,
        _ failure: ManagerError? = nil,
        _ then: @escaping () -> Void = {}
    ) {
        if worker.intent?.place == intent.place { worker.intent = nil }
        guard let place = intent.place else { return then() }
        chronicle.record(
            .outcome,
            of: place,
            workerID: intent.workerID,
            generation: supervisor.life(of: intent.workerID)?.generation,
            cause: failure == nil ? "done" : "failed",
            actor: intent.actor,
            detail: failure.map { ["reason": .string($0.description)] }
        ) { _ in then() }
    }
}
