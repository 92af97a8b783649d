internal import EventJournal
internal import Logging
internal import ProcessControl
internal import Supervision
internal import WireProtocol
internal import ZeroMQ

// What is made ready before a process is spawned.
extension WorkerControl {
    /// Compiles a strategy in source form, and then throws its checkpoint away where it is to begin anew.
    func prepare(
        _ worker: Worker,
        isFresh: Bool,
        _ done: @escaping (Result<Void, ManagerError>) -> Void
    ) {
        prepare(worker) { [unowned self] result in
            guard isFresh, result.failure == nil else { return done(result) }
            deleteCheckpoint(of: worker.id) { result in
                done(
                    result.mapError { ManagerError(.internalError, "the old checkpoint cannot be thrown away: \($0)") }
                )
            }
        }
    }

    /// Has ready what a process needs to load a strategy.
    private func prepare(_ worker: Worker, _ done: @escaping (Result<Void, ManagerError>) -> Void) {
        let start = SuspendingClock().now
        provide(worker.config, worker.kind) { [unowned self] result in
            if case .success(let file) = result {
                worker.library = worker.kind.isHosted ? file : nil
                let elapsed = SuspendingClock().now - start
                if worker.kind == .source, elapsed > .milliseconds(20) {
                    logger.info(
                        "compiled \(worker.config.path) in \(elapsed.text)",
                        metadata: ["worker": "\(worker.id)"]
                    )
                }
            }
            done(result.map { _ in })
        }
    }

    /// Has ready what a new process needs, while the old one still runs: what would only be refused must not end that.
    func prepareAgain(_ worker: Worker, _ done: @escaping (Result<Void, ManagerError>) -> Void) {
        prepare(worker) { [unowned self] result in
            guard worker.kind == .python, result.failure == nil else { return done(result) }
            do throws(ManagerError) {
                pythons.check(worker.config.path, with: try pythons.find(worker.config.python), done: done)
            } catch {
                done(.failure(error))
            }
        }
    }

    /// Compiles a strategy in Swift, checks the interpreter of one in Python; nothing for any other.
    ///
    /// - Parameter done: Called with the file that a process is to load.
    func provide(
        _ config: StrategyConfig,
        _ kind: StrategyKind,
        _ done: @escaping (Result<String, ManagerError>) -> Void
    ) {
        switch kind {
        case .executable, .process, .library: done(.success(config.path))
        case .source: compiler.compile(config.path, done: done)
        case .python:
            do throws(ManagerError) {
                pythons.check(try pythons.find(config.python)) { result in done(result.map { config.path }) }
            } catch {
                done(.failure(error))
            }
        }
    }
}
