internal import Supervision
internal import WireProtocol

/// A rolling restart that is under way: ``RollingRestart`` decides, this carries it out.
final class RollingRestartRun {
    private unowned let control: WorkerControl
    private var plan: RollingRestart
    private let done: (Result<[Worker], ManagerError>) -> Void

    init(
        _ control: WorkerControl,
        _ workers: [Worker],
        maxUnavailable: Int,
        done: @escaping (Result<[Worker], ManagerError>) -> Void
    ) {
        self.control = control
        self.done = done
        plan = RollingRestart(workers.map(\.id), maxUnavailable: maxUnavailable)
    }

    /// Begins.
    func begin() {
        carryOut(plan.on(.begin))
    }

    private func carryOut(_ actions: [RollingRestart.Action]) {
        for action in actions {
            switch action {
            case .restart(let id): restart(id)
            case .finished: done(.success(plan.done.compactMap { control.workers[$0] }))
            case .aborted(let id, let reason):
                let back = plan.done.isEmpty ? "none" : plan.done.joined(separator: ", ")
                done(
                    .failure(
                        ManagerError(
                            .workerStart,
                            "stopped at '\(id)', which did not come back: \(reason); restarted before it: \(back); not touched: "
                                + "\(plan.waiting.isEmpty ? "none" : plan.waiting.joined(separator: ", "))"
                        )
                    )
                )
            }
        }
    }

    private func restart(_ id: String) {
        guard let worker = control.workers[id] else { return carryOut(plan.on(.failed(id, reason: "it is gone"))) }
        control.restart(worker, actor: .operator) { [self] result in
            switch result {
            case .success: carryOut(plan.on(.ready(id)))
            case .failure(let error): carryOut(plan.on(.failed(id, reason: error.description)))
            }
        }
    }
}
