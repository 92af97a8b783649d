internal import EventJournal
internal import Logging
internal import Supervision
internal import WireProtocol

// Other parameters for workers that run.
extension WorkerControl {
    /// Offers a strategy other values for some of its parameters; `done` is called when they are in force and on disk, or refused.
    func changeParams(
        of worker: Worker,
        _ changes: [String: JSONValue],
        actor: Actor,
        done: @escaping (Result<Void, ManagerError>) -> Void
    ) {
        let state = supervisor.state(of: worker.id)
        guard let process = worker.process, state == .running || state == .paused, worker.reload == nil else {
            let situation = worker.reload == nil ? state?.rawValue ?? "compiling" : "being reloaded"
            return done(
                .failure(
                    ManagerError(
                        .conflict,
                        "'\(worker.id)' is \(situation); parameters are changed of what runs or is paused"
                    )
                )
            )
        }
        ask(process, worker, .updateParams, ["params": .object(changes)]) { [unowned self] result in
            switch result {
            case .success(let answer):
                changed(worker, changes, answer["params"]?.objectValue, actor) { done(.success(())) }
            case .failure(let error):
                done(.failure(ManagerError(.invalidParameters, "'\(worker.id)': \(error)")))
            }
        }
    }

    private func changed(
        _ worker: Worker,
        _ changes: [String: JSONValue],
        _ effective: [String: JSONValue]?,
        _ actor: Actor,
        _ done: @escaping () -> Void
    ) {
        let before = worker.effectiveParams
        if actor == .operator { worker.config.changedParams.change(changes, from: worker.config.params) }
        for (key, value) in changes { worker.config.params[key] = value.laid(over: worker.config.params[key]) }
        worker.effectiveParams = effective ?? worker.effectiveParams.merging(changes) { $1.laid(over: $0) }
        let shown = (
            before: JSONValue.object(before).redacted, after: JSONValue.object(worker.effectiveParams).redacted
        )
        let text = changes.keys.sorted().map { key in
            "\(key) \(shown.before[key]?.text ?? "-") → \(shown.after[key]?.text ?? "-")"
        }
        chronicle.record(
            .worker,
            workerID: worker.id,
            generation: supervisor.life(of: worker.id)?.generation,
            cause: "parameters changed: \(text.joined(separator: ", "))",
            actor: actor,
            detail: ["before": shown.before, "after": shown.after],
            changes: [want(worker, asked(of: worker))],
            level: .notice,
            then: done
        )
    }
}
