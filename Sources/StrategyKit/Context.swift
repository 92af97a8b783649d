/// What a strategy can see and do: handed to every callback.
///
/// Use it only inside callbacks, on the thread that they run on. It is safe to keep a reference for the strategy's life, but not
/// to use it from another thread or a `Task`; the compiler stops most such uses, since a context is not `Sendable`.
///
/// ```swift
/// func onBar(_ bar: Bar, _ context: Context<Params>) throws {
///     if bar.close > context.params.limit { context.signal("above", side: .sell) }
/// }
/// ```
public final class Context<Params: StrategyParams> {
    /// The strategy's settings: its defaults, with what the user gave laid over them.
    ///
    /// ```swift
    /// let window = context.params.window
    /// ```
    public package(set) var params: Params

    /// The symbols that the strategy was started with, such as `["BTC/USDT"]`.
    ///
    /// ```swift
    /// for symbol in context.symbols { closes[symbol] = [] }
    /// ```
    public let symbols: [String]

    /// The data types that the strategy was started with, such as `["kline"]`.
    ///
    /// ```swift
    /// context.log.info("listening to \(context.dataTypes.joined(separator: ", "))")
    /// ```
    public let dataTypes: [String]

    /// The name of the worker that runs the strategy, such as `sma-btc`.
    ///
    /// ```swift
    /// context.log.info("I am \(context.workerID), start number \(context.generation)")
    /// ```
    public let workerID: String

    /// How often this worker has been started: 1 the first time, one more after each restart.
    ///
    /// ```swift
    /// if context.generation > 1 { context.log.info("restarted") }
    /// ```
    public let generation: UInt64

    /// Whether ``Strategy/state`` was brought back from an earlier process.
    ///
    /// ```swift
    /// if !context.isRestored { state.startedAt = context.now }
    /// ```
    public package(set) var isRestored = false

    /// Writes to the worker's log, which `quantcell logs` shows.
    ///
    /// ```swift
    /// context.log.warning("no quote for \(bar.symbol) yet")
    /// ```
    public let log: StrategyLog

    /// Unowned, because the host owns the strategy, which may keep its context.
    private unowned let host: any StrategyHost

    package init(params: Params, setup: StrategySetup, host: any StrategyHost) {
        self.params = params
        self.symbols = setup.symbols
        self.dataTypes = setup.dataTypes
        self.workerID = setup.workerID
        self.generation = setup.generation
        self.log = StrategyLog(host: host)
        self.host = host
    }

    /// The time, in nanoseconds since the Unix epoch.
    ///
    /// While data is being handled it is the event time of that data, so that a strategy does the same on a replay as it did
    /// live; in all other callbacks it is the wall clock.
    ///
    /// ```swift
    /// let age = context.now - entryTime
    /// ```
    public var now: Int64 { host.now }

    /// Whether the data being handled comes from the manager's record: while the strategy is warmed up, while it catches up with what
    /// was published when it was not there, and where a gap is filled.
    ///
    /// Let no signal and no state depend on it, or they will not be the same after a crash. It is for what only makes sense at
    /// once, such as asking a price elsewhere.
    ///
    /// ```swift
    /// if !context.isReplaying { askForQuote() }
    /// ```
    public var isReplaying: Bool { host.isReplaying }

    /// The last bars of a topic, oldest first, from the manager's record.
    ///
    /// For a topic that the strategy subscribes to they end with the last one that it has handled, the one being handled included;
    /// so a replay gives the same. Asked in ``Strategy/onStart(_:)`` they end with the latest one, and data goes on right behind it. They are all marked ``Bar/isReplayed``. The strategy waits for the answer, up to 5 seconds.
    ///
    /// - Parameters:
    ///   - symbol: The instrument.
    ///   - dataType: A stream of bars, such as `kline`; when `nil`, the first data type that the strategy was started with.
    ///   - count: 1 to 100,000. There are fewer in the result when the record has no more.
    /// - Throws: when the topic is not one of bars, the count is out of range, or no answer came.
    ///
    /// ```swift
    /// let bars = try context.history("BTC/USDT", count: 200)
    /// ```
    public func history(_ symbol: String, _ dataType: String? = nil, count: Int) throws(StrategyError) -> [Bar] {
        guard let dataType = dataType ?? dataTypes.first else {
            throw StrategyError("history: there is no data type to ask for")
        }
        return try host.history(symbol: symbol, dataType: dataType, count: count)
    }

    /// Asks for more data: every symbol with every data type.
    ///
    /// Data that is published from then on arrives; asking again for a topic changes nothing.
    ///
    /// - Parameters:
    ///   - symbols: at most 64 bytes each, without spaces and control characters.
    ///   - dataTypes: letters, digits and `_`, at most 32 each; when `nil`, those that the strategy was started with.
    /// - Throws: when a name is not valid or the worker would have more than 10,000 topics. Nothing has changed then.
    ///
    /// ```swift
    /// try context.subscribe(symbols: ["ETH/USDT"], dataTypes: ["trade"])
    /// ```
    public func subscribe(symbols: [String], dataTypes: [String]? = nil) throws(StrategyError) {
        try host.subscribe(symbols: symbols, dataTypes: dataTypes ?? self.dataTypes)
    }

    /// Asks for less data: every symbol with every data type. Topics that were not subscribed to are ignored.
    ///
    /// ```swift
    /// context.unsubscribe(symbols: ["ETH/USDT"], dataTypes: ["trade"])
    /// ```
    public func unsubscribe(symbols: [String], dataTypes: [String]? = nil) {
        host.unsubscribe(symbols: symbols, dataTypes: dataTypes ?? self.dataTypes)
    }

    /// Emits a signal: it is journaled, and published to whoever listens.
    ///
    /// A signal has an id that is the same when the same data is handled again, so that it is kept once. It is sent until it is on
    /// disk; with 10,000 signals or 16 MiB of them still to be, as when the manager is away, this waits. While the strategy is
    /// warmed up (see ``Bar/isReplayed``) signals are not sent.
    ///
    /// - Parameters:
    ///   - name: what happened, such as `cross`.
    ///   - side: which way to trade, if the signal says so.
    ///   - symbol: the instrument; when `nil`, that of the data being handled.
    ///   - price: when `nil`, the price of the data being handled: a bar's close, a tick's or a trade's price, otherwise none.
    ///   - quantity: how much, if the signal says so.
    ///   - data: anything else worth keeping. A number that is not finite is kept as text, such as `nan`.
    ///
    /// ```swift
    /// context.signal("cross", side: .buy, data: ["fast": fast, "slow": slow])
    /// ```
    public func signal(
        _ name: String,
        side: Side? = nil,
        symbol: String? = nil,
        price: Double? = nil,
        quantity: Double? = nil,
        data: [String: any SignalValueConvertible] = [:]
    ) {
        host.emit(
            SignalRequest(
                name: name,
                side: side,
                symbol: symbol,
                price: price,
                quantity: quantity,
                data: data.mapValues(\.signalValue)
            )
        )
    }

    /// Reports a number to watch, such as a spread or a position. A value that is not finite is dropped.
    ///
    /// When the manager cannot be reached, metrics are dropped.
    ///
    /// ```swift
    /// context.metric("position", position)
    /// ```
    public func metric(_ name: String, _ value: Double) {
        host.metric(name, value)
    }

    /// Calls ``Strategy/onTimer(_:_:)`` again and again, first after one interval.
    ///
    /// The same name again replaces the timer. A timer that could not run in time runs once, not once for each time missed.
    ///
    /// - Parameters:
    ///   - interval: 1 ms to 365 days.
    ///   - name: handed to `onTimer`.
    /// - Throws: when the interval is out of range, or there are 1,000 timers already.
    ///
    /// ```swift
    /// try context.every(.seconds(5), "report")
    /// ```
    public func every(_ interval: Duration, _ name: String) throws(StrategyError) {
        try host.schedule(name, every: interval)
    }

    /// Calls ``Strategy/onTimer(_:_:)`` again and again, at an interval written as text: a number and `ms`, `s`, `m`, `h` or `d`.
    ///
    /// - Throws: when the text is not an interval, and as ``every(_:_:)-(Duration,_)`` does.
    ///
    /// ```swift
    /// try context.every("5s", "report")
    /// ```
    public func every(_ interval: String, _ name: String) throws(StrategyError) {
        guard let duration = Duration(intervalText: interval) else {
            throw StrategyError(
                "'\(interval)' is not an interval: write a number and ms, s, m, h or d, such as 5s or 1.5m"
            )
        }
        try every(duration, name)
    }

    /// Stops the timer of that name, if there is one.
    ///
    /// ```swift
    /// context.cancel("report")
    /// ```
    public func cancel(_ name: String) {
        host.cancelTimer(name)
    }
}
