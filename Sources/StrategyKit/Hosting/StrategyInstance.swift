/// A strategy with its context, its own types forgotten: what the host calls.
package protocol StrategyInstance: AnyObject {
    /// The parameters that the strategy runs with.
    var params: any StrategyParams { get }
    /// The parameters that it has when the user gives none.
    var defaults: any StrategyParams { get }

    func onStart() throws
    func onBar(_ bar: Bar) throws
    func onTick(_ tick: Tick) throws
    func onTrade(_ trade: Trade) throws
    func onQuote(_ quote: Quote) throws
    func onDepth(_ depth: Depth) throws
    func onGap(_ gap: Gap) throws
    func onTimer(_ name: String) throws
    func onPause() throws
    func onResume() throws
    func onStop() throws
    func onError(_ error: any Error, in callback: String) throws

    /// Whether there is a state to save.
    var hasState: Bool { get }
    /// Hands out the state.
    func saveState(_ writer: any StateWriter) throws
    /// Takes the state over from an earlier process.
    func restoreState(_ reader: any StateReader) throws

    /// Changes the parameters and calls `onParams`; when that throws, the parameters are what they were.
    func changeParams(_ reader: any ParamsReader) throws
}

final class HostedStrategy<Hosted: Strategy>: StrategyInstance {
    private let strategy: Hosted
    private let context: Context<Hosted.Params>

    init(setup: StrategySetup, reader: any ParamsReader, host: any StrategyHost) throws(StrategyError) {
        let params = try reader.params(over: Hosted.Params())
        self.context = Context(params: params, setup: setup, host: host)
        self.strategy = Hosted()
    }

    var params: any StrategyParams { context.params }
    var defaults: any StrategyParams { Hosted.Params() }

    func onStart() throws { try strategy.onStart(context) }
    func onBar(_ bar: Bar) throws { try strategy.onBar(bar, context) }
    func onTick(_ tick: Tick) throws { try strategy.onTick(tick, context) }
    func onTrade(_ trade: Trade) throws { try strategy.onTrade(trade, context) }
    func onQuote(_ quote: Quote) throws { try strategy.onQuote(quote, context) }
    func onDepth(_ depth: Depth) throws { try strategy.onDepth(depth, context) }
    func onGap(_ gap: Gap) throws { try strategy.onGap(gap, context) }
    func onTimer(_ name: String) throws { try strategy.onTimer(name, context) }
    func onPause() throws { try strategy.onPause(context) }
    func onResume() throws { try strategy.onResume(context) }
    func onStop() throws { try strategy.onStop(context) }
    func onError(_ error: any Error, in callback: String) throws { try strategy.onError(error, in: callback, context) }

    var hasState: Bool { Hosted.State.self != NoState.self }
    func saveState(_ writer: any StateWriter) throws { try writer.write(strategy.state) }

    func restoreState(_ reader: any StateReader) throws {
        strategy.state = try reader.read(Hosted.State.self)
        context.isRestored = true
    }

    func changeParams(_ reader: any ParamsReader) throws {
        let previous = context.params
        context.params = try reader.params(over: previous)
        do {
            try strategy.onParams(previous, context)
        } catch {
            context.params = previous
            throw error
        }
    }
}
