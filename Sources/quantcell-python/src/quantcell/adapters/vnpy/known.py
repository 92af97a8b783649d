"""What a strategy knows by vn.py's names: vn.py's own, where it is installed, or what stands in for it."""

from __future__ import annotations

import datetime
import sys
from typing import Any

from . import values
from ...market import Bar

_MINUTE = 60_000_000_000
_UNITS = {"s": 1_000_000_000, "m": _MINUTE, "h": 60 * _MINUTE, "d": 1440 * _MINUTE}


def known(module: str, name: str) -> Any:
    """What `module` holds under that name, where it has been imported; else ours."""
    return getattr(sys.modules.get(module), name, None) or getattr(values, name)


def record(name: str, **members: Any) -> Any:
    """An instance of `BarData`, `TickData` or `TradeData`."""
    return known("vnpy.trader.object", name)(**members)


def own_record(name: str, symbol: str, **members: Any) -> Any:
    """One of what QuantCell brings."""
    exchange = known("vnpy.trader.constant", "Exchange").LOCAL
    return record(name, gateway_name="quantcell", symbol=symbol, exchange=exchange, **members)


def bar_data(bar: Bar) -> Any:
    """The bar as vn.py has it."""
    unit = _UNITS.get(bar.interval[-1:], _MINUTE)
    length = int(bar.interval[:-1]) * unit if bar.interval[:-1].isdigit() else _MINUTE
    return own_record(
        # vn.py's bars bear the time of their beginning.
        "BarData", bar.symbol, datetime=moment(bar.open_time or bar.event_time - length),
        interval=known("vnpy.trader.constant", "Interval").MINUTE, volume=bar.volume, turnover=bar.turnover, open_price=bar.open,
        high_price=bar.high, low_price=bar.low, close_price=bar.close,
    )  # fmt: skip


def moment(nanoseconds: int) -> datetime.datetime:
    """A time as vn.py has it."""
    # In whole microseconds, which a float of today's seconds is just good for.
    return datetime.datetime.fromtimestamp(nanoseconds // 1000 / 1_000_000, datetime.timezone.utc)
