# Bollinger bands: buys below the lower band, sells above the upper one. It shows `variables`: attributes that are saved by their names.
#
#   quantcell start-strategy strategies/bollinger.py --symbols BTC/USDT --param window=20 --param width=2
#
# With the mean m and the standard deviation s of the last `window` closes: below m - width * s it emits `entry` to buy, above
# m + width * s `exit` to sell, each only once until the other one comes.

from math import sqrt

from quantcell import Bar, Context, Strategy, StrategyError


class Bollinger(Strategy):
    params = {"window": 20, "width": 2.0}

    # What is in these attributes survives the process, as it was between two bars. Everything that a signal depends on belongs here.
    variables = ["closes", "is_long"]

    def __init__(self) -> None:
        self.closes: list = []
        self.is_long = False

    def on_start(self, context: Context) -> None:
        if len(context.symbols) != 1:
            raise StrategyError(f"this strategy keeps one list of closes: start it with one symbol, not {len(context.symbols)}")
        if self.params.window < 2:
            raise StrategyError("window must be at least 2")

    def on_bar(self, bar: Bar, context: Context) -> None:
        if not bar.closed:
            return
        self.closes.append(bar.close)
        del self.closes[: -self.params.window]
        if len(self.closes) < self.params.window:
            return
        mean = sum(self.closes) / len(self.closes)
        deviation = sqrt(sum((close - mean) ** 2 for close in self.closes) / len(self.closes))
        if not self.is_long and bar.close < mean - self.params.width * deviation:
            self.is_long = True
            context.signal("entry", "buy", data={"mean": mean, "deviation": deviation})
        elif self.is_long and bar.close > mean + self.params.width * deviation:
            self.is_long = False
            context.signal("exit", "sell", data={"mean": mean, "deviation": deviation})

    # The window may change while it runs: what there is too much of falls off with the next bar.
    def on_params(self, previous: object, context: Context) -> None:
        if self.params.window < 2:
            raise StrategyError("window must be at least 2")
