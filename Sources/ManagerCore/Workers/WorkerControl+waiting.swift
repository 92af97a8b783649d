internal import EventJournal
internal import Logging
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// Waiting for what becomes of a worker.
extension WorkerControl {
    /// Calls `check` now and after each change until it returns true; the change may not be on disk yet.
    func wait(for worker: Worker, _ check: @escaping (WorkerLife?) -> Bool) {
        if !check(supervisor.life(of: worker.id)) { worker.waiting.append(check) }
    }

    /// Lets those who wait for a worker look again, when all has been done that follows from what happened.
    ///
    /// What they record goes to disk together with it; who tells somebody outside waits for that.
    func settle(_ worker: Worker) {
        guard !worker.waiting.isEmpty else { return }
        loop.afterTurn { [unowned self] in
            let waiting = worker.waiting
            worker.waiting = []
            let life = supervisor.life(of: worker.id)
            worker.waiting = waiting.filter { !$0(life) } + worker.waiting
        }
    }

    /// Waits until a worker runs, with a generation after the given one, or does not get there.
    func awaitRunning(_ worker: Worker, after generation: UInt64 = 0, _ done: @escaping (Outcome) -> Void) {
        wait(for: worker) { life in
            guard let life, let state = life.state else { return false }
            if state == .running || state == .paused, life.generation > generation {
                done(.success(worker))
            } else if life.hasGivenUp {
                done(.failure(ManagerError(.workerStart, worker.lastError ?? "'\(worker.id)' failed")))
            } else if state == .stopped, life.wanted == .stopped {
                done(.failure(Self.stopped(worker)))
            } else if state == .stopped, worker.kind == .process {
                // It has done what it was there for, and sooner than it would have counted as running.
                done(.success(worker))
            } else if state == .stopped {
                done(.failure(ManagerError(.workerStart, "'\(worker.id)' ended by itself before it ran")))
            } else {
                return false
            }
            return true
        }
    }
}
