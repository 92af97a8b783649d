extension StrategyTemplate {
    /// The file's text, in Python.
    var pythonText: String {
        """
        # What this strategy does, in a sentence or two.
        #
        #   quantcell start-strategy \(fileName) --symbols BTC/USDT --data-types kline --param lookback=20
        #   quantcell signals -f
        #
        # It runs as it is: it emits a signal when a bar closes above the highest or below the lowest close of the bars
        # before it. Change it, and 'quantcell reload \(name)' puts the new version to work.

        from quantcell import Bar, Context, Strategy, StrategyError


        # The one class of the file that derives from Strategy is the strategy. All callbacks run on one thread, one after
        # the other, so it needs no locks.
        class \(className)(Strategy):
            # What the user may set with --param. Every setting needs a default value, which also fixes its type.
            #   lookback: how many closed bars to look back on
            #   report: how often to write a line to the log, a number and ms, s, m, h or d
            params = {"lookback": 20, "report": "1m"}

            # What must survive the process: dicts, lists, text and numbers. After a crash the next process gets it back,
            # and then the bars since then. The closes are kept for each symbol on its own: there may be several.
            state = {"bars": 0, "closes": {}}

            # Called once, before any data. What is raised here is what the user reads when the start is refused.
            def on_start(self, context: Context) -> None:
                if self.params.lookback < 1:
                    raise StrategyError(f"lookback must be at least 1, not {self.params.lookback}")
                context.every(self.params.report, "report")
                context.log.info(f"watching {', '.join(context.symbols)}")

            # Called for each bar, in order. There are on_tick, on_trade, on_quote and on_depth too: write those that you
            # need, and start the strategy with their data types.
            def on_bar(self, bar: Bar, context: Context) -> None:
                # A bar that is still forming may close anywhere.
                if not bar.closed:
                    return
                self.state["bars"] += 1

                window = self.state["closes"].setdefault(bar.symbol, [])
                if len(window) == self.params.lookback:
                    # Symbol, time and price of a signal are those of the bar; `data` takes whatever explains it later.
                    if bar.close > max(window):
                        context.signal("breakout", "buy", data={"level": max(window)})
                    elif bar.close < min(window):
                        context.signal("breakout", "sell", data={"level": min(window)})
                window.append(bar.close)
                del window[: -self.params.lookback]

            # Called for the timer that on_start has set. Metrics are numbers to watch while the strategy runs.
            def on_timer(self, name: str, context: Context) -> None:
                context.log.info(f"{self.state['bars']} bars so far")
                context.metric("bars", self.state["bars"])

            # Called once, last. Signals that are emitted here still go out.
            def on_stop(self, context: Context) -> None:
                context.log.info(f"stopped after {self.state['bars']} bars")

        """
    }
}
