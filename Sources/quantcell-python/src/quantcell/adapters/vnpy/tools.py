"""vn.py's tools for bars, where vn.py itself is not installed."""

from __future__ import annotations

import datetime
import sys
from typing import Any, Callable, Optional

from ...errors import StrategyError
from .known import record
from .values import Interval


class BarGenerator:
    """Makes bars of ticks, and longer bars of bars of one minute."""

    def __init__(
        self,
        on_bar: Callable[[Any], None],
        window: int = 0,
        on_window_bar: Optional[Callable[[Any], None]] = None,
        interval: Any = Interval.MINUTE,
        daily_end: Any = None,
    ) -> None:
        if interval.name not in ("MINUTE", "HOUR"):
            raise StrategyError(f"BarGenerator makes bars of minutes and hours here, not of {interval.name}")
        self._on_bar = on_bar
        self._window = max(window, 1)
        self._on_window_bar = on_window_bar
        self._minutes = self._window * (1 if interval.name == "MINUTE" else 60)
        self._bar: Any = None
        self._window_bar: Any = None
        self._last_volume: Optional[float] = None

    def update_tick(self, tick: Any) -> None:
        """Takes a tick; a bar is complete with the first tick of the next minute."""
        if not tick.last_price:
            return
        minute = tick.datetime.replace(second=0, microsecond=0)
        if self._bar is not None and self._bar.datetime != minute:
            self.generate()
        if self._bar is None:
            self._bar = record(
                "BarData", gateway_name=tick.gateway_name, symbol=tick.symbol, exchange=tick.exchange, datetime=minute,
                interval=Interval.MINUTE, open_price=tick.last_price, high_price=tick.last_price, low_price=tick.last_price,
                close_price=tick.last_price,
            )  # fmt: skip
        self._bar.high_price = max(self._bar.high_price, tick.last_price)
        self._bar.low_price = min(self._bar.low_price, tick.last_price)
        self._bar.close_price = tick.last_price
        self._bar.volume += tick.last_volume

    def generate(self) -> Any:
        """Completes the bar that is being made."""
        bar, self._bar = self._bar, None
        if bar is not None:
            self._on_bar(bar)
        return bar

    def update_bar(self, bar: Any) -> None:
        """Takes a bar of one minute."""
        minute = int(bar.datetime.timestamp()) // 60
        start = minute - minute % self._minutes
        whole = self._window_bar
        if whole is not None and int(whole.datetime.timestamp()) // 60 != start:
            # Its last minute never came.
            self._complete()
            whole = None
        if whole is None:
            begin = datetime.datetime.fromtimestamp(start * 60, bar.datetime.tzinfo)
            whole = self._window_bar = record(
                "BarData", gateway_name=bar.gateway_name, symbol=bar.symbol, exchange=bar.exchange, datetime=begin,
                open_price=bar.open_price, high_price=bar.high_price, low_price=bar.low_price,
            )  # fmt: skip
        whole.high_price = max(whole.high_price, bar.high_price)
        whole.low_price = min(whole.low_price, bar.low_price)
        whole.close_price = bar.close_price
        whole.volume += bar.volume
        whole.turnover += bar.turnover
        if minute == start + self._minutes - 1:
            self._complete()

    def _complete(self) -> None:
        bar, self._window_bar = self._window_bar, None
        if self._on_window_bar is not None:
            self._on_window_bar(bar)


class ArrayManager:
    """vn.py's own, where it is installed; here it only says so."""

    def __init__(self, size: int = 100) -> None:
        raise StrategyError(
            f"ArrayManager is part of vn.py, which {sys.executable} does not have; to install it: {sys.executable} -m pip install vnpy"
        )
