import CLinux
import StrategyKit
import WireProtocol

/// Runs one strategy: hands it data, timers and commands, and holds it to its error budget. Knows no sockets.
///
/// Everything happens on the strategy's thread.
final class StrategyRunner {
    let setup: StrategySetup
    /// The name of the strategy's class.
    let name: String
    let gauges: WorkerGauges
    let logLevel: LogLevel
    let delivery: DeliveryMode
    unowned let outlet: any RunnerOutlet

    // Every message passes through these, always on the strategy's thread, and no access to one of them leads to another: what Swift
    // would check for each is a fifth of what a message costs.
    @exclusivity(unchecked) var topics = TopicTable()
    /// The message that is being handled.
    @exclusivity(unchecked) var event: EventInHand?
    /// Whether what is handled comes from the record.
    var isReplaying = false
    /// Whether what is handled only warms the strategy up.
    @exclusivity(unchecked) var isWarmingUp = false
    /// Decides when the state is saved; `nil` for a strategy without one.
    @exclusivity(unchecked) var checkpointer: Checkpointer?
    /// Where topics stood in an earlier process, until they are subscribed to.
    var restored: [String: UInt64] = [:]
    /// Whether what the strategy has asked for in `onStart` is where it goes on from.
    var goesOnFromHistory = false
    /// Signals of this generation that no data caused.
    var signalCounter = 0
    /// Whether the error budget is spent: the strategy gets no more data and waits to be stopped.
    @exclusivity(unchecked) private(set) var isBroken = false

    private var budget: ErrorBudget
    @exclusivity(unchecked) private var instance: (any StrategyInstance)?
    @exclusivity(unchecked) private(set) var callback: Callback?
    /// When the last callback began.
    @exclusivity(unchecked) private(set) var lastEntry: Int64 = 0
    var timers = TimerSchedule()
    private var complaints = RateLimit(10, per: .seconds(60))

    /// What a signal, and the time, take from the message that is being handled.
    struct EventInHand {
        let topic: Topic
        let sequence: UInt64
        let eventTime: Int64
        let price: Double?
        var signals = 0
    }

    init(
        setup: StrategySetup,
        name: String,
        budget: ErrorBudget,
        gauges: WorkerGauges,
        logLevel: LogLevel,
        delivery: DeliveryMode = .lossless,
        outlet: any RunnerOutlet
    ) {
        self.setup = setup
        self.name = name
        self.budget = budget
        self.gauges = gauges
        self.logLevel = logLevel
        self.delivery = delivery
        self.outlet = outlet
    }

    // MARK: Life

    /// Makes the strategy, gives it back its state, subscribes to its topics and calls `onStart`.
    ///
    /// - Throws: what makes the start refused: ``StrategyError`` for parameters and topics, ``WorkerFailure`` for state and `onStart`.
    func start(
        _ factory: StrategyFactory,
        params: UserParams,
        checkpoint: Checkpoint? = nil,
        policy: Checkpointer.Policy = Checkpointer.Policy()
    ) throws {
        let instance = try factory.make(setup, params, self)
        self.instance = instance
        try restore(instance, checkpoint, policy)
        try subscribe(symbols: setup.symbols, dataTypes: setup.dataTypes)
        do {
            try enter(.onStart) { try instance.onStart() }
        } catch {
            throw WorkerFailure("onStart threw: \(error)")
        }
    }

    /// The state as of now.
    ///
    /// - Throws: what the strategy's own encoding throws, and when the state nests too deeply.
    func encodedState() throws -> JSONValue {
        let state = EncodedState()
        try instance?.saveState(state)
        return state.json
    }

    private func restore(
        _ instance: any StrategyInstance,
        _ checkpoint: Checkpoint?,
        _ policy: Checkpointer.Policy
    ) throws {
        guard instance.hasState else {
            guard checkpoint == nil else {
                throw WorkerFailure(
                    "there is a checkpoint of '\(setup.workerID)', but the strategy has no state any more; \(wayOut)",
                    isFinal: true
                )
            }
            return
        }
        checkpointer = Checkpointer(policy, ordinal: checkpoint?.ordinal ?? 0, at: qc_monotonic_ns())
        guard let checkpoint else { return }
        do {
            try instance.restoreState(SavedState(json: checkpoint.state))
        } catch {
            throw WorkerFailure(
                "the state of checkpoint \(checkpoint.ordinal) does not fit the strategy: \(error); \(wayOut)",
                isFinal: true
            )
        }
        if restored.isEmpty { restored = checkpoint.positions }
    }

    private var wayOut: String {
        "the checkpoint is kept: look at it with 'quantcell checkpoint \(setup.workerID) export', begin anew with "
            + "'quantcell checkpoint \(setup.workerID) reset'"
    }

    /// The parameters that are in force.
    var effectiveParams: JSONValue {
        guard let params = instance?.params else { return .object([:]) }
        // Cannot fail: these parameters came out of a decoder that checks that they can be encoded.
        return (try? ValueEncoding.json(params)) ?? .object([:])
    }

    func pause() {
        run(.onPause) { try $0.onPause() }
    }

    func resume() {
        timers.restart(at: qc_monotonic_ns())
        run(.onResume) { try $0.onResume() }
    }

    func stop() {
        run(.onStop) { try $0.onStop() }
    }

    /// Changes parameters.
    ///
    /// - Throws: why the change is refused; the parameters are what they were.
    func changeParams(_ params: UserParams) throws {
        guard let instance else { return }
        try enter(.onParams) { try instance.changeParams(params) }
    }

    /// Runs the timers that are due.
    func runTimers() {
        // At most each timer once a call: data and commands come in between.
        for _ in 0..<TimerSchedule.maxTimers {
            guard !isBroken, let name = timers.takeDue(at: qc_monotonic_ns()) else { return }
            run(.onTimer) { try $0.onTimer(name) }
        }
    }

    /// Calls `body` as the callback, keeps what it throws within the budget.
    func run(_ callback: Callback, _ body: (any StrategyInstance) throws -> Void) {
        guard let instance else { return }
        do {
            try enter(callback) { try body(instance) }
        } catch {
            failed(error, in: callback)
            guard callback != .onError else { return }
            run(.onError) { try $0.onError(error, in: callback.rawValue) }
        }
    }

    private func enter(_ callback: Callback, _ body: () throws -> Void) throws {
        self.callback = callback
        lastEntry = qc_monotonic_ns()
        gauges.enter(callback.number, at: lastEntry)
        checkpointer?.touch()
        defer {
            gauges.leave()
            self.callback = nil
        }
        try body()
    }

    private func failed(_ error: any Error, in callback: Callback) {
        gauges.count(.errors)
        let isFatal = !isBroken && budget.spend(at: qc_monotonic_ns())
        if isFatal {
            isBroken = true
            gauges.status = .error
        }
        let text = "\(callback.rawValue) threw: \(error)"
        outlet.log(.error, text)
        let window = Duration.nanoseconds(budget.window).text
        let verdict = "error budget spent: more than \(budget.errors) errors in \(window)"
        if isFatal { outlet.log(.error, verdict) }
        outlet.deliver(
            stamped(
                .error(
                    setup.workerID,
                    isFatal ? "\(verdict); the last: \(text)" : text,
                    details: [
                        "callback": .string(callback.rawValue), "errors_count": .integer(Int64(gauges[.errors])),
                        "fatal": .bool(isFatal),
                    ]
                )
            )
        )
    }

    /// Logs something that may happen with every message, at a limited rate.
    func complain(_ text: String) {
        guard let suppressed = complaints.admit(at: qc_monotonic_ns()) else { return }
        outlet.log(.warning, suppressed == 0 ? text : "\(text) (and \(suppressed) more like it were not logged)")
    }

    /// The message as this worker's generation says it.
    func stamped(_ message: Message) -> Message {
        var message = message
        message.generation = setup.generation
        return message
    }
}
