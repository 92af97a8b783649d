"""vn.py's `CtaTemplate`: its orders become signals.

An order counts as filled in full, at its price, as soon as the callback that sent it has returned: `pos` follows, and `on_trade` is
called. What nobody here could carry out is refused.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
from typing import Any, Callable, Dict, List, Optional, Type

from ..context import Context
from ..errors import StrategyError
from ..market import Bar, Tick
from ..params import values
from ..strategy import Strategy

_NOT_SAVED = ("inited", "trading")
_MINUTE = 60_000_000_000
_UNITS = {"s": 1_000_000_000, "m": _MINUTE, "h": 60 * _MINUTE, "d": 1440 * _MINUTE}


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
class BarData:
    """One bar."""

    gateway_name: str
    symbol: str
    exchange: Any
    datetime: datetime.datetime
    interval: Any = None
    volume: float = 0
    turnover: float = 0
    open_interest: float = 0
    open_price: float = 0
    high_price: float = 0
    low_price: float = 0
    close_price: float = 0

    @property
    def vt_symbol(self) -> str:
        """Symbol and exchange."""
        return f"{self.symbol}.{self.exchange.value}"


@dataclasses.dataclass
class TickData:
    """One tick."""

    gateway_name: str
    symbol: str
    exchange: Any
    datetime: datetime.datetime
    name: str = ""
    volume: float = 0
    last_price: float = 0
    last_volume: float = 0
    bid_price_1: float = 0
    ask_price_1: float = 0
    bid_volume_1: float = 0
    ask_volume_1: float = 0

    @property
    def vt_symbol(self) -> str:
        """Symbol and exchange."""
        return f"{self.symbol}.{self.exchange.value}"


@dataclasses.dataclass
class TradeData:
    """One fill."""

    gateway_name: str
    symbol: str
    exchange: Any
    orderid: str
    tradeid: str
    direction: Any = None
    offset: Any = Offset.NONE
    price: float = 0
    volume: float = 0
    datetime: Optional[datetime.datetime] = None


class OrderData:
    """Only to be named in annotations: no order is ever open here."""


class StopOrder:
    """Only to be named in annotations: stop orders are refused."""


class CtaTemplate:
    """What vn.py's strategies derive from, where vn.py itself is not installed."""

    author = ""
    parameters: List[str] = []
    variables: List[str] = []

    def __init__(self, cta_engine: Any, strategy_name: str, vt_symbol: str, setting: Dict[str, Any]) -> None:
        self.cta_engine = cta_engine
        self.strategy_name = strategy_name
        self.vt_symbol = vt_symbol
        self.inited = False
        self.trading = False
        self.pos: float = 0
        self.variables = [*_NOT_SAVED, "pos", *type(self).variables]
        self.update_setting(setting)

    def update_setting(self, setting: Dict[str, Any]) -> None:
        """Takes parameters over."""
        for name in self.parameters:
            if name in setting:
                setattr(self, name, setting[name])

    def on_init(self) -> None:
        """Called first."""

    def on_start(self) -> None:
        """Called before the first data that counts."""

    def on_stop(self) -> None:
        """Called last."""

    def on_tick(self, tick: Any) -> None:
        """Called for each tick."""

    def on_bar(self, bar: Any) -> None:
        """Called for each bar."""

    def on_trade(self, trade: Any) -> None:
        """Called for each fill."""

    def on_order(self, order: Any) -> None:
        """Not called here."""

    def on_stop_order(self, stop_order: Any) -> None:
        """Not called here."""

    def buy(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Opens a long position."""
        return self.send_order(Direction.LONG, Offset.OPEN, price, volume, stop, lock, net)

    def sell(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Closes a long position."""
        return self.send_order(Direction.SHORT, Offset.CLOSE, price, volume, stop, lock, net)

    def short(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Opens a short position."""
        return self.send_order(Direction.SHORT, Offset.OPEN, price, volume, stop, lock, net)

    def cover(self, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False) -> List[str]:
        """Closes a short position."""
        return self.send_order(Direction.LONG, Offset.CLOSE, price, volume, stop, lock, net)

    def send_order(
        self, direction: Any, offset: Any, price: float, volume: float, stop: bool = False, lock: bool = False, net: bool = False
    ) -> List[str]:
        """Sends an order, if the strategy trades already."""
        if not self.trading:
            return []
        found: List[str] = self.cta_engine.send_order(self, direction, offset, price, volume, stop, lock, net)
        return found

    def cancel_order(self, vt_orderid: str) -> None:
        """Does nothing: no order is ever open here."""

    def cancel_all(self) -> None:
        """Does nothing: no order is ever open here."""

    def write_log(self, msg: str) -> None:
        """Writes to the worker's log."""
        self.cta_engine.write_log(msg, self)

    def get_engine_type(self) -> Any:
        """It is live."""
        return self.cta_engine.get_engine_type()

    def load_bar(
        self, days: int, interval: Any = Interval.MINUTE, callback: Optional[Callable[[Any], None]] = None, use_database: bool = False
    ) -> None:
        """Shows the bars of the last days, by the record."""
        for bar in self.cta_engine.load_bar(self.vt_symbol, days, interval, callback or self.on_bar, use_database):
            (callback or self.on_bar)(bar)

    def load_tick(self, days: int) -> None:
        """Is refused."""
        self.cta_engine.load_tick(self.vt_symbol, days, self.on_tick)

    def put_event(self) -> None:
        """Does nothing: there is no window to show it in."""

    def send_email(self, msg: str) -> None:
        """Writes to the worker's log."""
        self.write_log(f"(mail) {msg}")

    def sync_data(self) -> None:
        """Does nothing: the variables are saved by themselves."""


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
            self._bar = _new(
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
            whole = self._window_bar = _new(
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


def names() -> Dict[str, Any]:
    """What the modules that stand in for vn.py's hold. vn.py's own ArrayManager and BarGenerator come first, where they are."""
    own = (
        ArrayManager, BarData, BarGenerator, CtaTemplate, Direction, EngineType, Exchange, Interval, Offset, OrderData, Status, StopOrder,
        TickData, TradeData,
    )  # fmt: skip
    found: Dict[str, Any] = {kind.__name__: kind for kind in own}
    for module in ("vnpy.trader.utility", "vnpy.trader.object", "vnpy.trader.constant"):
        loaded = sys.modules.get(module)
        if loaded is None:
            try:
                __import__(module)
            except ImportError:
                continue
            loaded = sys.modules.get(module)
        for name in found:
            if hasattr(loaded, name):
                found[name] = getattr(loaded, name)
    return found


def _new(name: str, **values: Any) -> Any:
    """An instance of the class that the strategy knows by that name: vn.py's own, or ours."""
    loaded = sys.modules.get("vnpy.trader.object")
    return getattr(loaded, name, globals()[name])(**values)


def adapt(kind: type) -> Optional[Type[Strategy]]:
    """Hosts a `CtaTemplate`, vn.py's own or ours."""
    if not any(base.__name__ == "CtaTemplate" for base in kind.__mro__[1:]):
        return None

    class Cta(_Cta):
        quantcell_name = kind.__name__
        params = {name: getattr(kind, name) for name in kind.parameters}  # type: ignore[attr-defined]
        hosted = kind

    return Cta


class _Cta(Strategy):
    """The strategy, and the engine that it thinks it runs in."""

    hosted: type

    def __init__(self) -> None:
        self.foreign: Any = None
        self._context: Optional[Context] = None
        self._fills: List[Any] = []
        self._orders = 0

    # MARK: Callbacks

    def on_init(self, context: Context) -> None:
        if len(context.symbols) != 1:
            raise StrategyError(f"a CtaTemplate trades one symbol, not {len(context.symbols)}: start it once for each")
        self._context = context
        symbol = f"{context.symbols[0]}.LOCAL"
        self.foreign = self.hosted(self, context.worker_id, symbol, dict(values(self.params)))
        self.foreign.on_init()
        self.foreign.inited = True

    def on_start(self, context: Context) -> None:
        self.foreign.on_start()
        self.foreign.trading = True

    def on_bar(self, bar: Bar, context: Context) -> None:
        if bar.closed:
            self.foreign.on_bar(_bar(bar))
            self._fill()

    def on_tick(self, tick: Tick, context: Context) -> None:
        self.foreign.on_tick(
            _new(
                "TickData", gateway_name="quantcell", symbol=tick.symbol, exchange=_exchange(), datetime=_time(tick.event_time),
                last_price=tick.price, last_volume=tick.size or 0, bid_price_1=tick.bid or 0, ask_price_1=tick.ask or 0,
                bid_volume_1=tick.bid_size or 0, ask_volume_1=tick.ask_size or 0,
            )  # fmt: skip
        )
        self._fill()

    def on_stop(self, context: Context) -> None:
        self.foreign.trading = False
        self.foreign.on_stop()

    def on_params(self, previous: Any, context: Context) -> None:
        self.foreign.update_setting(dict(values(self.params)))

    def on_save(self) -> Any:
        return {name: getattr(self.foreign, name, None) for name in self.foreign.variables if name not in _NOT_SAVED}

    def on_load(self, saved: Any) -> None:
        for name, value in saved.items():
            if name in self.foreign.variables:
                setattr(self.foreign, name, value)

    def _fill(self) -> None:
        fills, self._fills = self._fills, []
        for trade in fills:
            self.foreign.pos += trade.volume if trade.direction.name == "LONG" else -trade.volume
            self.foreign.on_trade(trade)

    # MARK: The engine

    def send_order(
        self, strategy: Any, direction: Any, offset: Any, price: float, volume: float, stop: bool, lock: bool, net: bool = False
    ) -> List[str]:
        """Makes a signal of an order."""
        if stop:
            raise StrategyError(
                "stop orders are refused: QuantCell emits signals, and nobody would watch the price; compare it in on_bar, and send a "
                "limit order"
            )
        if self._context is None or volume <= 0:
            return []
        is_long, opens = direction.name == "LONG", offset.name == "OPEN"
        name = {(True, True): "buy", (False, False): "sell", (False, True): "short", (True, False): "cover"}[is_long, opens]
        self._context.signal(
            name, "buy" if is_long else "sell", symbol=self._context.symbols[0], price=price, quantity=volume,
            data={"offset": "open" if opens else "close", "pos": self.foreign.pos},
        )  # fmt: skip
        self._orders += 1
        identity = f"{self._context.worker_id}.{self._orders}"
        self._fills.append(
            _new(
                "TradeData", gateway_name="quantcell", symbol=self._context.symbols[0], exchange=_exchange(), orderid=identity,
                tradeid=identity, direction=direction, offset=offset, price=price, volume=volume, datetime=_time(self._context.now),
            )  # fmt: skip
        )
        return [identity]

    def load_bar(self, vt_symbol: str, days: int, interval: Any, callback: Any, use_database: bool = False) -> List[Any]:
        """The bars of the last days, by the record."""
        if interval.name != "MINUTE":
            raise StrategyError(f"load_bar gives bars of one minute here, not of {interval.name}")
        if self._context is None:
            return []
        count = min(max(int(days * 1440), 1), 100_000)
        return [_bar(bar) for bar in self._context.history(self._context.symbols[0], count=count) if bar.closed]

    def load_tick(self, vt_symbol: str, days: int, callback: Any) -> List[Any]:
        """Is refused."""
        raise StrategyError("load_tick is refused: start the strategy with --warmup, which shows it the last ticks")

    def write_log(self, msg: str, strategy: Any = None) -> None:
        """Writes to the worker's log."""
        if self._context is not None:
            self._context.log.info(msg)

    def send_email(self, msg: str, strategy: Any = None) -> None:
        """Writes to the worker's log."""
        self.write_log(f"(mail) {msg}")

    def get_engine_type(self) -> Any:
        """It is live."""
        loaded = sys.modules.get("vnpy_ctastrategy.base")
        return getattr(loaded, "EngineType", EngineType).LIVE

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


def _exchange() -> Any:
    loaded = sys.modules.get("vnpy.trader.constant")
    return getattr(loaded, "Exchange", Exchange).LOCAL


def _time(nanoseconds: int) -> datetime.datetime:
    # In whole microseconds, which a float of today's seconds is just good for.
    return datetime.datetime.fromtimestamp(nanoseconds // 1000 / 1_000_000, datetime.timezone.utc)


def _bar(bar: Bar) -> Any:
    unit = _UNITS.get(bar.interval[-1:], _MINUTE)
    length = int(bar.interval[:-1]) * unit if bar.interval[:-1].isdigit() else _MINUTE
    loaded = sys.modules.get("vnpy.trader.constant")
    return _new(
        # vn.py's bars bear the time of their beginning.
        "BarData", gateway_name="quantcell", symbol=bar.symbol, exchange=_exchange(),
        datetime=_time(bar.open_time or bar.event_time - length),
        interval=getattr(loaded, "Interval", Interval).MINUTE, volume=bar.volume, turnover=bar.turnover, open_price=bar.open,
        high_price=bar.high, low_price=bar.low, close_price=bar.close,
    )  # fmt: skip
