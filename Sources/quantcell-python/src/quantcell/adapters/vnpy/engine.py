"""The engine that a `CtaTemplate` thinks it runs in: its orders become signals.

An order counts as filled in full, at its price, as soon as the callback that sent it has returned: `pos` follows, and `on_trade` is
called. What nobody here could carry out is refused.
"""

from __future__ import annotations

from typing import Any, List

from ...context import Context
from ...errors import StrategyError
from .known import bar_data, known, moment, own_record


class Engine:
    """One for each strategy. The names of its methods, and what they are called with, are vn.py's."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._symbol = context.symbols[0]
        self._fills: List[Any] = []
        self._orders = 0

    def take_fills(self) -> List[Any]:
        """What has been ordered since the last time."""
        fills, self._fills = self._fills, []
        return fills

    def send_order(
        self, strategy: Any, direction: Any, offset: Any, price: float, volume: float, stop: bool, lock: bool, net: bool = False
    ) -> List[str]:
        """Makes a signal of an order."""
        if stop:
            raise StrategyError(
                "stop orders are refused: QuantCell emits signals, and nobody would watch the price; compare it in on_bar, and send a "
                "limit order"
            )
        if volume <= 0:
            return []
        is_long, opens = direction.name == "LONG", offset.name == "OPEN"
        name = {(True, True): "buy", (False, False): "sell", (False, True): "short", (True, False): "cover"}[is_long, opens]
        self._context.signal(
            name, "buy" if is_long else "sell", symbol=self._symbol, price=price, quantity=volume,
            data={"offset": "open" if opens else "close", "pos": strategy.pos},
        )  # fmt: skip
        self._orders += 1
        identity = f"{self._context.worker_id}.{self._orders}"
        self._fills.append(
            own_record(
                "TradeData", self._symbol, orderid=identity, tradeid=identity, direction=direction, offset=offset, price=price,
                volume=volume, datetime=moment(self._context.now),
            )  # fmt: skip
        )
        return [identity]

    def load_bar(self, vt_symbol: str, days: int, interval: Any, callback: Any, use_database: bool = False) -> List[Any]:
        """The bars of the last days, by the record."""
        if interval.name != "MINUTE":
            raise StrategyError(f"load_bar gives bars of one minute here, not of {interval.name}")
        count = min(max(int(days * 1440), 1), 100_000)
        return [bar_data(bar) for bar in self._context.history(self._symbol, count=count) if bar.closed]

    def load_tick(self, vt_symbol: str, days: int, callback: Any) -> List[Any]:
        """Is refused."""
        raise StrategyError("load_tick is refused: start the strategy with --warmup, which shows it the last ticks")

    def write_log(self, msg: str, strategy: Any = None) -> None:
        """Writes to the worker's log."""
        self._context.log.info(msg)

    def send_email(self, msg: str, strategy: Any = None) -> None:
        """Writes to the worker's log."""
        self.write_log(f"(mail) {msg}")

    def get_engine_type(self) -> Any:
        """It is live."""
        return known("vnpy_ctastrategy.base", "EngineType").LIVE

    def get_pricetick(self, strategy: Any) -> float:
        """Is refused."""
        raise StrategyError("get_pricetick is refused: QuantCell does not know the contract; make it a parameter")

    def get_size(self, strategy: Any) -> float:
        """Is refused."""
        raise StrategyError("get_size is refused: QuantCell does not know the contract; make it a parameter")

    def cancel_order(self, strategy: Any, vt_orderid: str) -> None:
        """Does nothing: no order is ever open here."""

    def cancel_all(self, strategy: Any) -> None:
        """Does nothing: no order is ever open here."""

    def put_strategy_event(self, strategy: Any) -> None:
        """Does nothing: there is no window to show it in."""

    def sync_strategy_data(self, strategy: Any) -> None:
        """Does nothing: the variables are saved by themselves."""
