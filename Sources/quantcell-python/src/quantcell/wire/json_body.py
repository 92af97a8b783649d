"""Bodies of market data in JSON, read. They are easier to write than binary ones, and slower to read."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, Optional, Tuple

from ..errors import ProtocolError
from ..market import Bar, Depth, Event, Level, Quote, Tick, Trade
from .topic import Decoder, Topic


def nanoseconds(seconds: float) -> int:
    """Seconds as JSON has them, in nanoseconds; rounded to microseconds, since a double holds no more of today's dates."""
    scaled = seconds * 1_000_000
    return math.trunc(scaled + math.copysign(0.5, scaled)) * 1000


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def json_decoder(topic: Topic, kind: int) -> Decoder:
    """What reads the JSON bodies of a topic."""
    build = (_bar, _tick, _trade, _quote, _depth)[kind - 1]

    def decode(body: bytes, is_replayed: bool) -> Event:
        try:
            envelope = json.loads(body)
            payload = envelope["payload"]
            data = payload["data"]
            stamps = (place.get("timestamp") for place in (data, payload, envelope))
            seconds = next((stamp for stamp in stamps if _is_number(stamp)), 0)
            common = (
                nanoseconds(seconds), int(envelope.get("ts_ns") or 0), int(envelope.get("seq") or 0), topic.data_type,
                is_replayed,
            )  # fmt: skip
            return build(topic.symbol, data, common)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ProtocolError(f"no JSON body of this kind: {error!r}") from None

    return decode


def _float(value: Any) -> float:
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _optional(value: Any) -> Optional[float]:
    return None if value is None else _float(value)


def _bar(symbol: str, data: Dict[str, Any], common: Tuple[Any, ...]) -> Event:
    event, receive, sequence, data_type, is_replayed = common
    open_time = data.get("open_time")
    return Bar(
        symbol,
        _float(data["open"]), _float(data["high"]), _float(data["low"]), _float(data["close"]), _float(data["volume"]),
        _float(data.get("turnover") or 0), int(_float(data.get("trades") or 0)), data.get("closed") is not False,
        str(data.get("interval") or ""), nanoseconds(_float(open_time)) if _is_number(open_time) else 0,
        event, receive, sequence, data_type, is_replayed,
    )  # fmt: skip


def _tick(symbol: str, data: Dict[str, Any], common: Tuple[Any, ...]) -> Event:
    size, bid, ask, bid_size, ask_size = (
        _optional(data.get(name)) for name in ("size", "bid", "ask", "bid_size", "ask_size")
    )
    return Tick(symbol, _float(data["price"]), size, bid, ask, bid_size, ask_size, *common)


def _trade(symbol: str, data: Dict[str, Any], common: Tuple[Any, ...]) -> Event:
    side = data.get("side")
    taker = side if side in ("buy", "sell") else None
    return Trade(symbol, _float(data["price"]), _float(data["size"]), taker, str(data.get("trade_id") or ""), *common)


def _quote(symbol: str, data: Dict[str, Any], common: Tuple[Any, ...]) -> Event:
    bid_size, ask_size = (_float(data.get(name) or 0) for name in ("bid_size", "ask_size"))
    return Quote(symbol, _float(data["bid"]), _float(data["ask"]), bid_size, ask_size, *common)


def _depth(symbol: str, data: Dict[str, Any], common: Tuple[Any, ...]) -> Event:
    def levels(name: str) -> Tuple[Level, ...]:
        return tuple(Level(_float(price), _float(size)) for price, size in data[name])

    return Depth(symbol, levels("bids"), levels("asks"), data.get("snapshot") is not False, *common)
