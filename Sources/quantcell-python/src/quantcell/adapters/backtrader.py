"""A strategy in backtrader's manner: `next()`, and lines that are read backwards. Its orders become signals.

An order counts as filled in full, at its price or the close, as soon as `next()` has returned: `position` follows, and `notify_order` is
called. Indicators, and what belongs to a backtest, are refused.
"""

from __future__ import annotations

import collections
import datetime as _datetime
from typing import Any, Deque, Dict, List, Optional, Tuple, Type

from ..context import Context
from ..errors import StrategyError
from ..market import Bar
from ..params import Parameters, values
from ..strategy import Strategy as KitStrategy

#: How many bars a line holds.
MAX_BARS = 10_000
_FIELDS = ("open", "high", "low", "close", "volume")


class Line:
    """One number of each bar: `[0]` is the present one, `[-1]` the one before it."""

    def __init__(self, bars: Deque[Bar], field: str) -> None:
        self._bars = bars
        self._field = field

    def __getitem__(self, ago: int) -> float:
        if ago > 0:
            raise IndexError(f"{self._field}[{ago}] is in the future")
        if ago <= -len(self._bars) or not self._bars:
            raise IndexError(f"{self._field}[{ago}]: there are {len(self._bars)} bars, of which the last {MAX_BARS} are kept")
        return float(getattr(self._bars[ago - 1], self._field))

    def __len__(self) -> int:
        return len(self._bars)

    def __float__(self) -> float:
        return self[0]

    def get(self, ago: int = 0, size: int = 1) -> List[float]:
        """The `size` numbers up to the one `ago`, oldest first; none where there are not so many."""
        if size - ago > len(self._bars):
            return []
        return [self[place] for place in range(ago - size + 1, ago + 1)]


class TimeLine(Line):
    """The event times."""

    def datetime(self, ago: int = 0) -> _datetime.datetime:
        """In UTC, without a time zone, as backtrader has it."""
        moment = _datetime.datetime.fromtimestamp(self[ago] / 1e9, _datetime.timezone.utc)
        return moment.replace(tzinfo=None)

    def date(self, ago: int = 0) -> _datetime.date:
        """The day."""
        return self.datetime(ago).date()

    def time(self, ago: int = 0) -> _datetime.time:
        """The time of day."""
        return self.datetime(ago).time()


class Data:
    """The bars of one symbol, as lines."""

    def __init__(self, symbol: str) -> None:
        self._name = symbol
        self.bars: Deque[Bar] = collections.deque(maxlen=MAX_BARS)
        self.count = 0
        self.datetime = TimeLine(self.bars, "event_time")
        self.lines = {field: Line(self.bars, field) for field in _FIELDS}
        vars(self).update(self.lines)

    def __getitem__(self, ago: int) -> float:
        return self.lines["close"][ago]

    def __len__(self) -> int:
        return self.count

    def add(self, bar: Bar) -> None:
        """Takes the next bar."""
        self.bars.append(bar)
        self.count += 1


class Position:
    """How much is held, and at which price it was bought or sold."""

    def __init__(self) -> None:
        self.size = 0.0
        self.price = 0.0

    def __bool__(self) -> bool:
        return self.size != 0

    def fill(self, size: float, price: float) -> None:
        """Takes a fill; `size` is negative for a sale."""
        after = self.size + size
        if self.size * size >= 0 and after:
            self.price = (self.price * self.size + price * size) / after
        elif after * self.size <= 0:
            self.price = price if after else 0.0
        self.size = after


class Order:
    """An order that has been filled."""

    Created, Submitted, Accepted, Partial, Completed, Canceled, Expired, Margin, Rejected = range(9)
    Cancelled = Canceled
    Market, Close, Limit, Stop, StopLimit = range(5)

    def __init__(self, data: Data, size: float, price: float, name: str) -> None:
        self.data = data
        self.size = size
        self.price = price
        self.name = name
        self.status = self.Completed
        self.executed = self.created = self
        self.value, self.comm, self.pnl = size * price, 0.0, 0.0

    def isbuy(self) -> bool:
        """Whether it was one to buy."""
        return self.size > 0

    def issell(self) -> bool:
        """Whether it was one to sell."""
        return self.size < 0


class _Refused:
    """Something of backtrader's that there is not."""

    def __init__(self, what: str, instead: str) -> None:
        self._what = what
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise StrategyError(f"backtrader's {self._what} ('{name}') is not covered: {self._instead}")


_INDICATORS = _Refused("indicators", "work it out in next() from self.data.close.get(size=n)")
_ENGINE = _Refused("engine", "the manager runs the strategy; there is no cerebro")


class Strategy:
    """What a strategy in backtrader's manner derives from."""

    params: Any = ()
    datas: List[Data]
    data: Data
    p: Any
    broker = _Refused("broker", "QuantCell emits signals and knows no cash; self.position says what they add up to")
    #: What the orders of the present callback add up to; the kit's.
    _sink: Any

    def next(self) -> None:
        """Called for each bar, once every symbol has had one."""

    def prenext(self) -> None:
        """Called for each bar before that."""

    def start(self) -> None:
        """Called first."""

    def stop(self) -> None:
        """Called last."""

    def notify_order(self, order: Any) -> None:
        """Called for each order, filled."""

    def notify_trade(self, trade: Any) -> None:
        """Not called here."""

    @property
    def position(self) -> Position:
        """That of the first symbol."""
        return self.getposition()

    def getposition(self, data: Optional[Data] = None) -> Position:
        """That of a symbol."""
        found: Position = self._sink.positions[(data or self.data)._name]
        return found

    def __len__(self) -> int:
        return len(self.data)

    def buy(self, data: Optional[Data] = None, size: float = 1, price: Optional[float] = None, exectype: Any = None, **rest: Any) -> Order:
        """Emits a signal to buy."""
        return self._order("buy", data, size, price, exectype)

    def sell(self, data: Optional[Data] = None, size: float = 1, price: Optional[float] = None, exectype: Any = None, **rest: Any) -> Order:
        """Emits a signal to sell."""
        return self._order("sell", data, -size, price, exectype)

    def close(self, data: Optional[Data] = None, size: Optional[float] = None, **rest: Any) -> Optional[Order]:
        """Emits the signal that ends the position, if there is one."""
        held = self.getposition(data).size
        if not held:
            return None
        return self._order("close", data, -held if size is None else -size if held > 0 else size, None, None)

    def order_target_size(self, data: Optional[Data] = None, target: float = 0, **rest: Any) -> Optional[Order]:
        """Emits the signal that makes the position that large."""
        missing = target - self.getposition(data).size
        return self._order("buy" if missing > 0 else "sell", data, missing, None, None) if missing else None

    def cancel(self, order: Any) -> None:
        """Does nothing: no order is ever open here."""

    def _order(self, name: str, data: Optional[Data], size: float, price: Optional[float], exectype: Any) -> Order:
        if exectype not in (None, Order.Market, Order.Limit):
            raise StrategyError("stop orders are refused: QuantCell emits signals, and nobody would watch the price")
        order: Order = self._sink.order(data or self.data, name, size, price)
        return order


def names() -> Dict[str, Any]:
    """What the module that stands in for backtrader holds."""
    return {
        "Strategy": Strategy, "Order": Order, "indicators": _INDICATORS, "ind": _INDICATORS, "talib": _INDICATORS,
        "Cerebro": _ENGINE, "feeds": _ENGINE, "analyzers": _ENGINE, "sizers": _ENGINE, "TimeFrame": _ENGINE,
        "__getattr__": _missing,
    }  # fmt: skip


def refused_names() -> Dict[str, Any]:
    """What its parts hold."""
    return {"__getattr__": _missing}


def _missing(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise StrategyError(
        f"backtrader's '{name}' is not covered: there are Strategy and Order; work indicators out in next() from "
        "self.data.close.get(size=n)"
    )


def adapt(kind: type) -> Optional[Type[KitStrategy]]:
    """Hosts a class with `next()`."""
    if not issubclass(kind, Strategy):
        return None

    class Next(_Next):
        quantcell_name = kind.__name__
        params = dict(_declared(kind))
        hosted = kind

    return Next


def _declared(kind: type) -> List[Tuple[str, Any]]:
    """The parameters of the class and of those that it derives from, as backtrader adds them up."""
    found: List[Tuple[str, Any]] = []
    for base in reversed(kind.__mro__):
        params = vars(base).get("params", ())
        found += list(params.items()) if isinstance(params, dict) else [(pair[0], pair[1]) for pair in params]
    return found


class _Next(KitStrategy):
    hosted: type

    def __init__(self) -> None:
        self.foreign: Any = None
        self._datas: Dict[str, Data] = {}
        self.positions: Dict[str, Position] = {}
        self._orders: List[Order] = []
        self._context: Optional[Context] = None

    def on_init(self, context: Context) -> None:
        if not context.symbols:
            raise StrategyError("a strategy in backtrader's manner needs a symbol: start it with --symbols")
        self._context = context
        self._datas = {symbol: Data(symbol) for symbol in context.symbols}
        self.positions = {symbol: Position() for symbol in context.symbols}
        foreign: Any = object.__new__(self.hosted)
        self.foreign = foreign
        foreign._sink = self
        foreign.datas = list(self._datas.values())
        foreign.data = foreign.datas[0]
        for index, data in enumerate(foreign.datas):
            setattr(foreign, f"data{index}", data)
        foreign.p = foreign.params = Parameters(values(self.params))
        foreign.__init__()
        foreign.start()

    def on_bar(self, bar: Bar, context: Context) -> None:
        data = self._datas.get(bar.symbol)
        if not bar.closed or data is None:
            return
        data.add(bar)
        if all(len(data) for data in self._datas.values()):
            self.foreign.next()
        else:
            self.foreign.prenext()
        orders, self._orders = self._orders, []
        for order in orders:
            self.positions[order.data._name].fill(order.size, order.price)
            self.foreign.notify_order(order)

    def on_stop(self, context: Context) -> None:
        self.foreign.stop()

    def on_params(self, previous: Any, context: Context) -> None:
        self.foreign.p = self.foreign.params = Parameters(values(self.params))

    def order(self, data: Data, name: str, size: float, price: Optional[float]) -> Order:
        """Makes a signal of an order."""
        if self._context is None or not len(data):
            raise StrategyError("an order before the first bar has no price")
        order = Order(data, size, data[0] if price is None else price, name)
        self._context.signal(
            name, "buy" if size > 0 else "sell", symbol=data._name, price=order.price, quantity=abs(size),
            data={"position": self.positions[data._name].size},
        )  # fmt: skip
        self._orders.append(order)
        return order
