"""Market data as callbacks get it. All times are whole nanoseconds since the Unix epoch.

The last members are the same in all of them, and are written out in each: named tuples cannot share any. Data classes could, but
to make one takes half as long again, and one is made for every message.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional, Tuple, Union

Side = Literal["buy", "sell"]


class Bar(NamedTuple):
    """One bar (candle, kline): open, high, low, close and volume over an interval."""

    #: The instrument, such as `BTC/USDT`.
    symbol: str
    #: First price of the interval.
    open: float
    #: Highest price of the interval.
    high: float
    #: Lowest price of the interval.
    low: float
    #: Last price of the interval.
    close: float
    #: Quantity traded, in the unit of the source.
    volume: float = 0.0
    #: Value traded; 0 when the source does not say.
    turnover: float = 0.0
    #: Number of trades; 0 when the source does not say.
    trades: int = 0
    #: Whether the bar is final; `False` while it is still forming.
    closed: bool = True
    #: Length of the interval as the source writes it, such as `1m`; empty when the source does not say.
    interval: str = ""
    #: Start of the interval; 0 when the source does not say.
    open_time: int = 0
    #: When it happened, as the source says.
    event_time: int = 0
    #: When the manager received it.
    receive_time: int = 0
    #: Number of this message in its stream: from 1, without holes.
    sequence: int = 0
    #: The stream that the bar came on, such as `kline`.
    data_type: str = "kline"
    #: Whether it comes from the record to warm the strategy up: signals that it leads to are not sent.
    is_replayed: bool = False


class Tick(NamedTuple):
    """One price, with the best bid and ask where the source has them."""

    symbol: str
    price: float
    size: Optional[float] = None
    bid: Optional[float] = None
    ask: Optional[float] = None
    bid_size: Optional[float] = None
    ask_size: Optional[float] = None
    event_time: int = 0
    receive_time: int = 0
    sequence: int = 0
    data_type: str = "tick"
    is_replayed: bool = False


class Trade(NamedTuple):
    """One trade."""

    symbol: str
    price: float
    size: float
    #: Who took; `None` when the source does not say.
    side: Optional[Side] = None
    trade_id: str = ""
    event_time: int = 0
    receive_time: int = 0
    sequence: int = 0
    data_type: str = "trade"
    is_replayed: bool = False


class Quote(NamedTuple):
    """The best bid and ask; a size is 0 when the source does not say."""

    symbol: str
    bid: float
    ask: float
    bid_size: float = 0.0
    ask_size: float = 0.0
    event_time: int = 0
    receive_time: int = 0
    sequence: int = 0
    data_type: str = "quote"
    is_replayed: bool = False


class Level(NamedTuple):
    """A price of an order book and how much there is at it."""

    price: float
    size: float


class Depth(NamedTuple):
    """An order book, or a change of some levels: then size 0 removes a level. Best prices first."""

    symbol: str
    bids: Tuple[Level, ...]
    asks: Tuple[Level, ...]
    is_snapshot: bool = True
    event_time: int = 0
    receive_time: int = 0
    sequence: int = 0
    data_type: str = "depth"
    is_replayed: bool = False


class Gap(NamedTuple):
    """Messages of one topic that are lost for good, both ends included."""

    symbol: str
    data_type: str
    first: int
    last: int
    #: In words for a person, such as `pruned`.
    reason: str

    @property
    def messages(self) -> int:
        """How many messages it is."""
        return self.last - self.first + 1


Event = Union[Bar, Tick, Trade, Quote, Depth]
