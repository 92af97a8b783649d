internal import EventJournal
public import MarketData
internal import Supervision
public import WireProtocol
internal import ZeroMQ

// What an embedder asks for while it runs.
extension WorkerManager {
    /// Starts a strategy and waits until it runs.
    ///
    /// - Parameters:
    ///   - path: A `.swift` file, a shared object, or a program that speaks the protocol; relative to the working directory.
    ///   - config: What it is to receive and how it is watched.
    /// - Returns: The worker's id.
    /// - Throws: ``ManagerError``, for a strategy that does not compile, load or start; its text says why.
    @discardableResult
    public func startStrategy(path: String, config: StrategyConfig = StrategyConfig()) async throws -> String {
        let control = try control()
        var config = config
        config.path = SettingsInputs.join(path, to: ProcessEnvironment.workingDirectory(), home: nil)
        return try await withCheckedThrowingContinuation { done in
            // The program that starts it starts it again, if it wants to: it is not taken up by a later manager.
            control.start(config, actor: .operator, source: .api, waits: true) { result in
                // Who is told that it runs can rely on it.
                control.chronicle.afterCommit { done.resume(with: result.map(\.id)) }
            }
        }
    }

    /// Stops a worker and waits until its process and all its descendants in its group are gone.
    ///
    /// - Throws: ``ManagerError`` when there is no such worker.
    public func stopWorker(_ workerID: String) async throws {
        let control = try control()
        guard let worker = control.workers[workerID] else {
            throw ManagerError(.workerNotFound, "there is no worker '\(workerID)'")
        }
        await withCheckedContinuation { done in
            control.stop(worker, actor: .operator) { control.chronicle.afterCommit { done.resume() } }
        }
    }

    /// Carries out a request as one that has come over admin: journaled, once for each `msg_id`, answered by the same words.
    ///
    /// - Parameters:
    ///   - request: What is asked for; its `deadline` is not looked at.
    ///   - origin: Who asks and from where, as whoever lets the request in has found out.
    ///   - onAnswer: Called on the control loop with each answer: `ack` with `result` `accepted`, where it takes a while, then `ack` with
    ///     `done`, or `error`.
    package func handle(
        _ request: Message,
        from origin: CommandOrigin,
        onAnswer: @escaping @Sendable (Message) -> Void
    ) throws(ManagerError) {
        try control().take(
            Requester(
                request: request,
                origin: origin,
                answer: onAnswer,
                // Remembered are answers to commands, which are far smaller than the largest envelope.
                repeatAnswer: { bytes in
                    if let answer = try? bytes.withUnsafeBytes({ try Message(parsing: $0) }) { onAnswer(answer) }
                }
            )
        )
    }

    /// The state of a worker; `nil` where there is none.
    public func state(of workerID: String) -> WorkerState? {
        running?.control.supervisor.state(of: workerID)
    }

    /// The ids of all workers, stopped ones too.
    public var workerIDs: [String] {
        running?.control.workers.keys.sorted() ?? []
    }

    // MARK: Market data

    /// Publishes market data to whoever subscribes to its topic.
    ///
    /// - Parameters:
    ///   - symbol: The instrument.
    ///   - dataType: The kind of data, such as `kline`.
    ///   - data: The fields of the wire protocol's `data`.
    /// - Returns: The message's sequence in its topic.
    /// - Throws: ``ProtocolError`` when it is refused, ``ManagerError`` when the manager does not run.
    @discardableResult
    public func publishMarketData(symbol: String, dataType: String, data: JSONValue) async throws -> UInt64 {
        try await broker.publish(symbol: symbol, dataType: dataType, data: data)
    }

    /// The broker, for listening in this process and for counters.
    ///
    /// - Throws: ``ManagerError`` when the manager does not run.
    public var broker: DataBroker {
        get throws {
            guard let broker = running?.broker else { throw Self.notRunning }
            return broker
        }
    }

    private static let notRunning = ManagerError(.serviceUnavailable, "the manager does not run")

    private func control() throws(ManagerError) -> WorkerControl {
        guard let control = running?.control, !isStopping else { throw Self.notRunning }
        return control
    }
}
