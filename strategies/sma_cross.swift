// Moving-average crossover, the "hello, world" of trading strategies, and a tutorial.
//
//   quantcell start-strategy strategies/sma_cross.swift --symbols BTC/USDT --data-types kline --param fast=10 --param slow=30
//
// It keeps the last closing prices of each symbol and compares two simple moving averages of them, a fast one over few bars and
// a slow one over many. When the fast one crosses the slow one from below it emits a signal `cross` to buy, from above to sell.
//
// Exactly: let d be the fast average minus the slow one at the close of a bar. It exists from the `slow`th closed bar on.
// With d' the one of the bar before:
//
//   d' <= 0 and d > 0   buy
//   d' >= 0 and d < 0   sell
//
// The first d has none before it, so it gives no signal.

import StrategyKit

// `@main` makes this class the strategy of the file. `final` lets the compiler call its methods directly.
@main
final class SMACross: Strategy {
    // What the user may set with --param. Every setting needs a default; its type is checked before the strategy starts.
    struct Params: StrategyParams {
        /// Bars in the fast average.
        var fast = 10
        /// Bars in the slow average; more than `fast`.
        var slow = 30
    }

    // What has to be remembered for one symbol. A strategy may be started with several, so nothing may be kept for "the" symbol.
    struct Market: Codable {
        var closes: [Double] = []
        var difference: Double?
    }

    // What must survive the process. QuantCell saves it every few seconds, together with the last bar that was handled. After a
    // crash the next process gets it back, then the bars since then: the signals are the same as if nothing had happened.
    struct State: Codable {
        var markets: [String: Market] = [:]
    }

    var state = State()

    // Called once, before any data. What is thrown here is what the user reads when the start is refused.
    func onStart(_ context: Context<Params>) throws {
        let params = context.params
        guard params.fast >= 1, params.slow > params.fast, params.slow <= 100_000 else {
            throw StrategyError("need 1 <= fast < slow <= 100000, got fast=\(params.fast) slow=\(params.slow)")
        }
        context.log.info(
            "averages over \(params.fast) and \(params.slow) bars of \(context.symbols.joined(separator: ", "))"
        )
    }

    // Called for each bar, in order, always on the same thread.
    func onBar(_ bar: Bar, _ context: Context<Params>) throws {
        // A bar that is still forming may close anywhere. Acting on it would give signals that no backtest can repeat.
        guard bar.closed else { return }
        let (fast, slow) = (context.params.fast, context.params.slow)

        var market = state.markets[bar.symbol] ?? Market()
        defer { state.markets[bar.symbol] = market }

        market.closes.append(bar.close)
        if market.closes.count > slow { market.closes.removeFirst(market.closes.count - slow) }
        guard market.closes.count == slow else { return }

        // The sums are taken anew over the window, oldest first. Adding the new close and subtracting the oldest one would be
        // less work, but the rounding errors would add up, and the result would depend on when the strategy was started.
        let fastAverage = market.closes.suffix(fast).reduce(0, +) / Double(fast)
        let slowAverage = market.closes.reduce(0, +) / Double(slow)
        let difference = fastAverage - slowAverage

        let previous = market.difference
        market.difference = difference
        guard let previous else { return }

        // Symbol, event time and price of a signal are those of the bar unless you say otherwise; `data` takes whatever helps
        // to understand the signal later, in `quantcell signals` or in the journal.
        if previous <= 0, difference > 0 {
            context.signal("cross", side: .buy, data: ["fast": fastAverage, "slow": slowAverage])
        } else if previous >= 0, difference < 0 {
            context.signal("cross", side: .sell, data: ["fast": fastAverage, "slow": slowAverage])
        }
    }

    // Called after `stop`. There is nothing to close here; a strategy that holds a position would say so now.
    func onStop(_ context: Context<Params>) throws {
        context.log.info("stopped after following \(state.markets.count) symbols")
    }
}
