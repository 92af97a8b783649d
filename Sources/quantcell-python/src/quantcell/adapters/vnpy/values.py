"""The words and the records of vn.py, where vn.py itself is not installed."""

from __future__ import annotations

import dataclasses
import datetime as _datetime
import enum
from typing import Any, Optional


class Direction(enum.Enum):
    """Which way an order goes."""

    LONG = "long"
    SHORT = "short"
    NET = "net"


class Offset(enum.Enum):
    """Whether an order opens a position or closes one."""

    NONE = ""
    OPEN = "open"
    CLOSE = "close"
    CLOSETODAY = "closetoday"
    CLOSEYESTERDAY = "closeyesterday"


class Status(enum.Enum):
    """How far an order has got; here it is always `ALLTRADED`."""

    SUBMITTING = "submitting"
    NOTTRADED = "nottraded"
    PARTTRADED = "parttraded"
    ALLTRADED = "alltraded"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Interval(enum.Enum):
    """The length of a bar."""

    MINUTE = "1m"
    HOUR = "1h"
    DAILY = "d"
    WEEKLY = "w"
    TICK = "tick"


class Exchange(enum.Enum):
    """There is only one here."""

    LOCAL = "LOCAL"


class EngineType(enum.Enum):
    """What runs a strategy."""

    LIVE = "live"
    BACKTESTING = "backtesting"


@dataclasses.dataclass
class _Record:
    gateway_name: str
    symbol: str
    exchange: Any

    @property
    def vt_symbol(self) -> str:
        """Symbol and exchange."""
        return f"{self.symbol}.{self.exchange.value}"


@dataclasses.dataclass
class BarData(_Record):
    """One bar."""

    datetime: _datetime.datetime
    interval: Any = None
    volume: float = 0
    turnover: float = 0
    open_interest: float = 0
    open_price: float = 0
    high_price: float = 0
    low_price: float = 0
    close_price: float = 0


@dataclasses.dataclass
class TickData(_Record):
    """One tick."""

    datetime: _datetime.datetime
    name: str = ""
    volume: float = 0
    last_price: float = 0
    last_volume: float = 0
    bid_price_1: float = 0
    ask_price_1: float = 0
    bid_volume_1: float = 0
    ask_volume_1: float = 0


@dataclasses.dataclass
class TradeData(_Record):
    """One fill."""

    orderid: str
    tradeid: str
    direction: Any = None
    offset: Any = Offset.NONE
    price: float = 0
    volume: float = 0
    datetime: Optional[_datetime.datetime] = None


class OrderData:
    """Only to be named in annotations: no order is ever open here."""


class StopOrder:
    """Only to be named in annotations: stop orders are refused."""
