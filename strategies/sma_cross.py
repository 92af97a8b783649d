# Moving-average crossover, the "hello, world" of trading strategies, and a tutorial. It does what sma_cross.swift does, signal for signal.
#
#   quantcell start-strategy strategies/sma_cross.py --symbols BTC/USDT --data-types kline --param fast=10 --param slow=30
#
# It keeps the last closing prices of each symbol and compares two simple moving averages of them, a fast one over few bars and
# a slow one over many. When the fast one crosses the slow one from below it emits a signal `cross` to buy, from above to sell.
#
# Exactly: let d be the fast average minus the slow one at the close of a bar. It exists from the `slow`th closed bar on.
# With d' the one of the bar before:
#
#   d' <= 0 and d > 0   buy
#   d' >= 0 and d < 0   sell
#
# The first d has none before it, so it gives no signal.

from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Dict, List, Optional

from quantcell import Bar, Context, Strategy, StrategyError


# What the user may set with --param. Every setting needs a default; what is given is checked against its type before the strategy
# starts. A plain dict would do too: params = {"fast": 10, "slow": 30}.
@dataclass
class Params:
    fast: int = 10
    slow: int = 30


# What has to be remembered for one symbol. A strategy may be started with several, so nothing may be kept for "the" symbol.
@dataclass
class Market:
    closes: List[float] = field(default_factory=list)
    difference: Optional[float] = None


# What must survive the process. QuantCell saves it every few seconds, together with the last bar that was handled. After a
# crash the next process gets it back, then the bars since then: the signals are the same as if nothing had happened.
@dataclass
class State:
    markets: Dict[str, Market] = field(default_factory=dict)


# The one class of the file that derives from Strategy is the strategy.
class SMACross(Strategy):
    params = Params()
    state = State()

    # Called once, before any data. What is raised here is what the user reads when the start is refused.
    def on_start(self, context: Context) -> None:
        fast, slow = self.params.fast, self.params.slow
        if not 1 <= fast < slow <= 100_000:
            raise StrategyError(f"need 1 <= fast < slow <= 100000, got fast={fast} slow={slow}")
        context.log.info(f"averages over {fast} and {slow} bars of {', '.join(context.symbols)}")

    # Called for each bar, in order, always on the same thread.
    def on_bar(self, bar: Bar, context: Context) -> None:
        # A bar that is still forming may close anywhere. Acting on it would give signals that no backtest can repeat.
        if not bar.closed:
            return
        fast, slow = self.params.fast, self.params.slow
        market = self.state.markets.setdefault(bar.symbol, Market())

        market.closes.append(bar.close)
        del market.closes[:-slow]
        if len(market.closes) < slow:
            return

        # The sums are taken anew over the window, oldest first. Adding the new close and subtracting the oldest one would be less
        # work, but the rounding errors would add up, and the result would depend on when the strategy was started. And not by
        # sum(): from Python 3.12 on it rounds otherwise than the versions before, and than Swift.
        fast_average = reduce(add, market.closes[-fast:], 0.0) / fast
        slow_average = reduce(add, market.closes, 0.0) / slow
        difference = fast_average - slow_average

        previous, market.difference = market.difference, difference
        if previous is None:
            return

        # Symbol, event time and price of a signal are those of the bar unless you say otherwise; `data` takes whatever helps
        # to understand the signal later, in `quantcell signals` or in the journal.
        if previous <= 0 < difference:
            context.signal("cross", "buy", data={"fast": fast_average, "slow": slow_average})
        elif previous >= 0 > difference:
            context.signal("cross", "sell", data={"fast": fast_average, "slow": slow_average})

    # Called after `stop`. There is nothing to close here; a strategy that holds a position would say so now.
    def on_stop(self, context: Context) -> None:
        context.log.info(f"stopped after following {len(self.state.markets)} symbols")
