/// A trading strategy: one class, in one file, marked `@main`.
///
/// Write the callbacks you need and leave out the rest. Every callback runs on the same thread, one after the other, in the
/// order in which the data was published, so a strategy needs no locks. QuantCell makes one instance per process.
///
/// ```swift
/// import StrategyKit
///
/// @main
/// final class BigBar: Strategy {
///     struct Params: StrategyParams {
///         var volume = 100.0
///     }
///
///     func onBar(_ bar: Bar, _ context: Context<Params>) throws {
///         if bar.volume > context.params.volume {
///             context.signal("big-bar", data: ["volume": bar.volume])
///         }
///     }
/// }
/// ```
///
/// Start it with `quantcell start-strategy big_bar.swift --symbols BTC/USDT --data-types kline --param volume=250`.
///
/// A callback may throw. The error is logged with the callback's name and counts against the worker's error budget (10 errors
/// in 60 seconds unless configured otherwise); beyond it the worker stops handling data and goes into the state `error`.
///
/// A strategy is not `Sendable` and its instance never leaves its thread; only its type may cross threads, hence `SendableMetatype`.
public protocol Strategy: AnyObject, SendableMetatype {
    /// The strategy's settings; leave it out when there are none.
    ///
    /// ```swift
    /// struct Params: StrategyParams { var fast = 10, slow = 30 }
    /// ```
    associatedtype Params: StrategyParams = NoParams

    /// What the strategy must not forget when its process ends; leave it out when there is nothing.
    ///
    /// It is saved together with the last sequence of each topic, so that the next process goes on exactly there: see ``state``.
    ///
    /// ```swift
    /// struct State: Codable { var closes: [String: [Double]] = [:] }
    /// ```
    associatedtype State: Codable = NoState

    /// The state as of now. It is saved between callbacks: every 1,000 messages or 5 seconds unless configured otherwise, when the
    /// strategy is paused or stopped, and before its code is exchanged. A new process gets it back before ``onStart(_:)``.
    ///
    /// Everything that a signal may depend on belongs in it. It may take 16 MiB as JSON. A `Set` is saved in no particular order.
    ///
    /// ```swift
    /// var state = State()
    /// ```
    var state: State { get set }

    /// Makes the strategy, before anything is known about its configuration. Properties with default values need no `init`.
    init()

    /// Called once, before any data: check the parameters, set timers, subscribe to more topics.
    ///
    /// In a process that goes on from a saved state, ``state`` holds it already, and ``Context/isRestored`` says so.
    ///
    /// Throwing here refuses the start, and the text of the error is what the user reads.
    ///
    /// ```swift
    /// func onStart(_ context: Context<Params>) throws {
    ///     guard context.params.fast < context.params.slow else { throw StrategyError("fast must be less than slow") }
    ///     try context.every("30s", "report")
    /// }
    /// ```
    func onStart(_ context: Context<Params>) throws

    /// Called for each bar. A bar that is still forming has ``Bar/closed`` set to `false`.
    ///
    /// ```swift
    /// func onBar(_ bar: Bar, _ context: Context<Params>) throws {
    ///     guard bar.closed else { return }
    ///     closes[bar.symbol, default: []].append(bar.close)
    /// }
    /// ```
    func onBar(_ bar: Bar, _ context: Context<Params>) throws

    /// Called for each change of the last price.
    ///
    /// ```swift
    /// func onTick(_ tick: Tick, _ context: Context<Params>) throws {
    ///     last[tick.symbol] = tick.price
    /// }
    /// ```
    func onTick(_ tick: Tick, _ context: Context<Params>) throws

    /// Called for each trade.
    ///
    /// ```swift
    /// func onTrade(_ trade: Trade, _ context: Context<Params>) throws {
    ///     if trade.side == .buy { bought += trade.size }
    /// }
    /// ```
    func onTrade(_ trade: Trade, _ context: Context<Params>) throws

    /// Called for each change of the best bid and ask.
    ///
    /// ```swift
    /// func onQuote(_ quote: Quote, _ context: Context<Params>) throws {
    ///     context.metric("spread", quote.ask - quote.bid)
    /// }
    /// ```
    func onQuote(_ quote: Quote, _ context: Context<Params>) throws

    /// Called for each order book, whole or as an update of levels.
    ///
    /// ```swift
    /// func onDepth(_ depth: Depth, _ context: Context<Params>) throws {
    ///     guard depth.isSnapshot, let best = depth.bids.first else { return }
    ///     context.metric("best-bid-size", best.size)
    /// }
    /// ```
    func onDepth(_ depth: Depth, _ context: Context<Params>) throws

    /// Called where messages of a topic are lost for good: they never came, and the manager's record does not have them either.
    ///
    /// It comes in the topic's order: after the last message before the gap, before the first one behind it.
    ///
    /// ```swift
    /// func onGap(_ gap: Gap, _ context: Context<Params>) throws {
    ///     closes[gap.symbol] = nil
    /// }
    /// ```
    func onGap(_ gap: Gap, _ context: Context<Params>) throws

    /// Called when a timer set with ``Context/every(_:_:)-(Duration,_)`` is due. Not called while the strategy is paused.
    ///
    /// ```swift
    /// func onTimer(_ name: String, _ context: Context<Params>) throws {
    ///     if name == "report" { context.log.info("\(count) bars so far") }
    /// }
    /// ```
    func onTimer(_ name: String, _ context: Context<Params>) throws

    /// Called after the parameters were changed while running; `context.params` holds the new ones.
    ///
    /// Throwing here refuses the change, and `context.params` goes back to what it was.
    ///
    /// ```swift
    /// func onParams(_ previous: Params, _ context: Context<Params>) throws {
    ///     if context.params.window != previous.window { closes.removeAll() }
    /// }
    /// ```
    func onParams(_ previous: Params, _ context: Context<Params>) throws

    /// Called when the strategy has been paused. No data and no timers arrive until ``onResume(_:)``.
    ///
    /// ```swift
    /// func onPause(_ context: Context<Params>) throws { context.log.info("paused") }
    /// ```
    func onPause(_ context: Context<Params>) throws

    /// Called when the strategy goes on after a pause, before any data.
    ///
    /// ```swift
    /// func onResume(_ context: Context<Params>) throws { context.log.info("going on") }
    /// ```
    func onResume(_ context: Context<Params>) throws

    /// Called once, last, when the strategy is told to stop. Signals emitted here still go out.
    ///
    /// ```swift
    /// func onStop(_ context: Context<Params>) throws {
    ///     if holding { context.signal("exit", side: .sell, symbol: "BTC/USDT") }
    /// }
    /// ```
    func onStop(_ context: Context<Params>) throws

    /// Called after a callback has thrown. The error is logged and counted already; do what the strategy needs to recover.
    ///
    /// - Parameters:
    ///   - error: what was thrown.
    ///   - callback: the name of the callback that threw it, such as `onBar`.
    ///   - context: the strategy's context.
    ///
    /// ```swift
    /// func onError(_ error: any Error, in callback: String, _ context: Context<Params>) throws {
    ///     closes.removeAll()
    /// }
    /// ```
    func onError(_ error: any Error, in callback: String, _ context: Context<Params>) throws
}

extension Strategy {
    /// Does nothing.
    public func onStart(_ context: Context<Params>) throws {}
    /// Does nothing.
    public func onBar(_ bar: Bar, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onTick(_ tick: Tick, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onTrade(_ trade: Trade, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onQuote(_ quote: Quote, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onDepth(_ depth: Depth, _ context: Context<Params>) throws {}
    /// Does nothing: the gap is logged, journaled and counted already.
    public func onGap(_ gap: Gap, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onTimer(_ name: String, _ context: Context<Params>) throws {}
    /// Does nothing: the new parameters are in `context.params`.
    public func onParams(_ previous: Params, _ context: Context<Params>) throws {}
    /// Does nothing.
    public func onPause(_ context: Context<Params>) throws {}
    /// Does nothing.
    public func onResume(_ context: Context<Params>) throws {}
    /// Does nothing.
    public func onStop(_ context: Context<Params>) throws {}
    /// Does nothing: the error is logged and counted already.
    public func onError(_ error: any Error, in callback: String, _ context: Context<Params>) throws {}
}

extension Strategy where State == NoState {
    /// Nothing to remember.
    public var state: NoState {
        get { NoState() }
        set {}
    }
}

/// The state of a strategy that has none: its process begins anew each time, with the data of then.
public struct NoState: Codable, Sendable {
    /// Makes the empty state.
    public init() {}
}
