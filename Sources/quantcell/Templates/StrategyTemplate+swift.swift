extension StrategyTemplate {
    /// The file's text, in Swift.
    var swiftText: String {
        """
        // What this strategy does, in a sentence or two.
        //
        //   quantcell start-strategy \(fileName) --symbols BTC/USDT --data-types kline --param lookback=20
        //   quantcell signals -f
        //
        // It runs as it is: it emits a signal when a bar closes above the highest or below the lowest close of the bars
        // before it. Change it, and 'quantcell restart \(name)' puts the new version to work.

        import StrategyKit

        // `@main` makes this class the strategy of the file. All callbacks run on one thread, one after the other, so it
        // needs no locks.
        @main
        final class \(className): Strategy {
            // What the user may set with --param. Every setting needs a default value, which also fixes its type.
            struct Params: StrategyParams {
                /// How many closed bars to look back on.
                var lookback = 20
                /// How often to write a line to the log: a number and ms, s, m, h or d.
                var report = "1m"
            }

            // What is remembered, for each symbol on its own: a strategy may be started with several.
            private var closes: [String: [Double]] = [:]
            private var bars = 0

            // Called once, before any data. What is thrown here is what the user reads when the start is refused.
            func onStart(_ context: Context<Params>) throws {
                guard context.params.lookback >= 1 else {
                    throw StrategyError("lookback must be at least 1, not \\(context.params.lookback)")
                }
                try context.every(context.params.report, "report")
                context.log.info("watching \\(context.symbols.joined(separator: ", "))")
            }

            // Called for each bar, in order. There are onTick, onTrade, onQuote and onDepth too: write those that you need,
            // and start the strategy with their data types.
            func onBar(_ bar: Bar, _ context: Context<Params>) throws {
                // A bar that is still forming may close anywhere.
                guard bar.closed else { return }
                bars += 1

                let lookback = context.params.lookback
                let window = closes[bar.symbol, default: []]
                if window.count == lookback, let highest = window.max(), let lowest = window.min() {
                    // Symbol, time and price of a signal are those of the bar; `data` takes whatever explains it later.
                    if bar.close > highest {
                        context.signal("breakout", side: .buy, data: ["level": highest])
                    } else if bar.close < lowest {
                        context.signal("breakout", side: .sell, data: ["level": lowest])
                    }
                }
                closes[bar.symbol] = (window + [bar.close]).suffix(lookback)
            }

            // Called for the timer that onStart has set. Metrics are numbers to watch while the strategy runs.
            func onTimer(_ name: String, _ context: Context<Params>) throws {
                context.log.info("\\(bars) bars so far")
                context.metric("bars", Double(bars))
            }

            // Called once, last. Signals that are emitted here still go out.
            func onStop(_ context: Context<Params>) throws {
                context.log.info("stopped after \\(bars) bars")
            }
        }

        """
    }
}
