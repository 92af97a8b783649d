"""Topics of market data: `market.{symbol}.{data_type}`."""

from __future__ import annotations

import re
from typing import Callable, NamedTuple, Optional

from ..errors import ProtocolError
from ..market import Event

#: Reads a body of one topic; the second argument says whether it only warms the strategy up.
Decoder = Callable[[bytes, bool], Event]

_DATA_TYPE = re.compile(r"[A-Za-z0-9_]{1,32}")
_KINDS = {
    "kline": 1, "bar": 1, "tick": 2, "ticker": 2, "trade": 3, "quote": 4, "depth": 5, "orderbook": 5,
}  # fmt: skip


def kind_of(data_type: str) -> Optional[int]:
    """The kind that a data type stands for, as the binary header numbers them; `None` for one without a layout."""
    if data_type == "order_book" or data_type.startswith("order_book_"):
        return 5
    return _KINDS.get(data_type.split("_", 1)[0])


class Topic(NamedTuple):
    """A checked topic."""

    symbol: str
    data_type: str

    @classmethod
    def of(cls, symbol: str, data_type: str) -> Topic:
        """Checks the names.

        Raises:
            ProtocolError: when one of them cannot be part of a topic.
        """
        raw = symbol.encode("utf-8", "surrogatepass")
        if not 1 <= len(raw) <= 64 or any(byte <= 0x20 or byte == 0x7F for byte in raw):
            raise ProtocolError(f"a symbol has 1 to 64 bytes without spaces and control characters, not {symbol!r}")
        if not _DATA_TYPE.fullmatch(data_type):
            raise ProtocolError(f"a data type has 1 to 32 of A-Z a-z 0-9 _, not {data_type!r}")
        return cls(symbol, data_type)

    @property
    def kind(self) -> Optional[int]:
        """As `kind_of` says."""
        return kind_of(self.data_type)

    def __str__(self) -> str:
        return f"market.{self.symbol}.{self.data_type}"
