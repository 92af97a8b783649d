// Mean reversion with a z-score, in the manner of Bollinger bands, on bars or on ticks.
//
//   quantcell start-strategy strategies/mean_reversion.swift --symbols BTC/USDT --data-types kline \
//       --param window=20 --param entry=2 --param exit=0.5
//
// For each symbol it keeps the last `window` prices, closes of bars or prices of ticks, and measures how unusual the newest is:
//
//   z = (price - mean) / standard deviation        both over the window, the newest price included
//
//   flat   and z <= -entry   buy  "entry"    unusually cheap, expected to rise
//   flat   and z >= +entry   sell "entry"    unusually dear, expected to fall
//   long   and z >= -exit    sell "exit"     back to normal
//   short  and z <= +exit    buy  "exit"
//
// The standard deviation is that of the population (divided by `window`), as Bollinger bands have it.

import StrategyKit

@main
final class MeanReversion: Strategy {
    struct Params: StrategyParams {
        /// Prices in the window, 2 or more.
        var window = 20
        /// How many standard deviations away from the mean to enter.
        var entry = 2.0
        /// How near to the mean, in standard deviations, to leave; less than `entry`.
        var exit = 0.5
    }

    enum Position: String, Codable {
        case flat
        case long
        case short
    }

    // Everything about one symbol. A class, so that changing it does not mean taking it out of the dictionary and putting it back.
    final class Market: Codable {
        var prices: [Double] = []
        var position = Position.flat
    }

    // What survives the process: the window, and above all whether a position is open.
    struct State: Codable {
        var markets: [String: Market] = [:]
    }

    var state = State()

    func onStart(_ context: Context<Params>) throws {
        try check(context.params)
    }

    // Called when the parameters are changed while the strategy runs. Throwing refuses the change.
    func onParams(_ previous: Params, _ context: Context<Params>) throws {
        try check(context.params)
    }

    func onBar(_ bar: Bar, _ context: Context<Params>) throws {
        guard bar.closed else { return }
        handle(bar.close, of: bar.symbol, context)
    }

    func onTick(_ tick: Tick, _ context: Context<Params>) throws {
        handle(tick.price, of: tick.symbol, context)
    }

    private func check(_ params: Params) throws {
        guard (2...100_000).contains(params.window) else { throw StrategyError("window must be 2 to 100000") }
        guard params.entry > params.exit, params.exit >= 0 else { throw StrategyError("need 0 <= exit < entry") }
    }

    private func handle(_ price: Double, of symbol: String, _ context: Context<Params>) {
        let params = context.params
        let market = state.markets[symbol] ?? Market()
        state.markets[symbol] = market

        market.prices.append(price)
        if market.prices.count > params.window { market.prices.removeFirst(market.prices.count - params.window) }
        guard market.prices.count == params.window else { return }

        // Two passes over the window: the one-pass formula with squares loses its digits when prices are large and moves small.
        let count = Double(params.window)
        let mean = market.prices.reduce(0, +) / count
        let variance = market.prices.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        guard variance > 0 else { return }
        let z = (price - mean) / variance.squareRoot()

        switch market.position {
        case .flat where z <= -params.entry:
            market.position = .long
            context.signal("entry", side: .buy, data: ["z": z, "mean": mean])
        case .flat where z >= params.entry:
            market.position = .short
            context.signal("entry", side: .sell, data: ["z": z, "mean": mean])
        case .long where z >= -params.exit:
            market.position = .flat
            context.signal("exit", side: .sell, data: ["z": z, "mean": mean])
        case .short where z <= params.exit:
            market.position = .flat
            context.signal("exit", side: .buy, data: ["z": z, "mean": mean])
        case .flat, .long, .short:
            break
        }
    }
}
