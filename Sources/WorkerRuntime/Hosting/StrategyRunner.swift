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
    unowned let outlet: any RunnerOutlet

    var topics = TopicTable()
    var timers = TimerSchedule()
    /// The message that is being handled.
    var event: EventInHand?
    /// Signals of this generation that no data caused.
    var signalCounter = 0
    /// Whether the error budget is spent: the strategy gets no more data and waits to be stopped.
    private(set) var isBroken = false

    private var budget: ErrorBudget
    private var instance: (any StrategyInstance)?
    private(set) var callback: Callback?
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
        outlet: any RunnerOutlet
    ) {
        self.setup = setup
        self.name = name
        self.budget = budget
        self.gauges = gauges
        self.logLevel = logLevel
        self.outlet = outlet
    }

    // MARK: Life

    /// Makes the strategy, subscribes to its topics and calls `onStart`.
    ///
    /// - Throws: what makes the start refused: ``StrategyError`` for parameters and topics, ``WorkerFailure`` for `onStart`.
    func start(_ factory: StrategyFactory, params: UserParams) throws {
        let instance = try factory.make(setup, params, self)
        self.instance = instance
        try subscribe(symbols: setup.symbols, dataTypes: setup.dataTypes)
        do {
            try enter(.onStart) { try instance.onStart() }
        } catch {
            throw WorkerFailure("onStart threw: \(error)")
        }
    }

    /// The parameters that are in force.
    var effectiveParams: JSONValue {
        guard let params = instance?.params else { return .object([:]) }
        // Cannot fail: these parameters came out of a decoder that checks that they can be encoded.
        return (try? ParamsEncoding.json(params)) ?? .object([:])
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

    // MARK: Data

    /// Handles one message of the data socket.
    func handle(topic frame: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) {
        guard !isBroken else { return }
        guard let index = topics.find(frame) else { return gauges.count(.unrequested) }
        let topic = topics[index].topic
        let message: MarketEvent
        do {
            message = try MarketEvent(parsing: body, kind: topics[index].kind)
        } catch {
            gauges.count(.unreadable)
            return complain("dropped a message of \(topic): \(error)")
        }
        switch topics.place(message.sequence, at: index) {
        case .next:
            break
        case .repeated:
            return gauges.count(.repeated)
        case .gap(let missing):
            gauges.count(.missed, Int(clamping: missing))
            complain("\(missing) messages of \(topic) before sequence \(message.sequence) never came")
        }
        gauges.handled(topic: index, sequence: message.sequence)
        gauges.count(.processed)
        hand(message, of: topic)
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
        gauges.enter(callback.number, at: qc_monotonic_ns())
        defer {
            gauges.leave()
            self.callback = nil
        }
        try body()
    }

    private func failed(_ error: any Error, in callback: Callback) {
        gauges.count(.errors)
        let isFatal = !isBroken && budget.spend(at: qc_monotonic_ns())
        isBroken = isBroken || isFatal
        let text = "\(callback.rawValue) threw: \(error)"
        outlet.log(.error, text)
        let verdict =
            "error budget spent: more than \(budget.errors) errors in \(Duration.nanoseconds(budget.window).text)"
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
    private func complain(_ text: String) {
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
