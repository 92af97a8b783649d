"""Bodies of market data, binary by `struct`. The layouts are those of the protocol's page on market data."""

from __future__ import annotations

import math
import struct
from typing import Dict, Optional, Sequence, Tuple

from ..errors import ProtocolError
from ..market import Bar, Depth, Event, Level, Quote, Side, Tick, Trade
from .json_body import json_decoder
from .topic import Decoder, Topic

MAGIC = 0x51
VERSION = 1
BAR, TICK, TRADE, QUOTE, DEPTH = 1, 2, 3, 4, 5
MAX_LEVELS = 1000

# The first four bytes (magic, version, kind, flags) are read as one number, whose upper byte are the flags.
_HEAD = "<IIQqq"
_BAR = struct.Struct(_HEAD + "6dq8sQ")
_TICK = struct.Struct(_HEAD + "6dQ")
_TRADE = struct.Struct(_HEAD + "2dB7x24s")
_QUOTE = struct.Struct(_HEAD + "4d")
_DEPTH = struct.Struct(_HEAD + "HHI")
_LEVEL = struct.Struct("<2d")
_SIDES: Tuple[Optional[Side], ...] = (None, "buy", "sell")
_isfinite = math.isfinite


def _word(kind: int) -> int:
    return MAGIC | VERSION << 8 | kind << 16


def _refuse(body: bytes, kind: int) -> ProtocolError:
    if len(body) < 32:
        return ProtocolError(f"a binary body of {len(body)} bytes")
    word, length = struct.unpack_from("<II", body)
    if word >> 8 & 0xFF != VERSION:
        return ProtocolError(f"version {word >> 8 & 0xFF} of the binary layout; {VERSION} is known")
    if word >> 16 & 0xFF != kind:
        return ProtocolError(f"a body of kind {word >> 16 & 0xFF} where {kind} is expected")
    if length != len(body):
        return ProtocolError(f"a body of {len(body)} bytes that says it has {length}")
    return ProtocolError("a binary body that is not as long as its kind, or with a number that is not finite")


# MARK: Reading


def decoder(topic: Topic) -> Decoder:
    """What reads the bodies of a topic, in either form.

    Raises:
        ProtocolError: for a data type of no kind.
    """
    kind = topic.kind
    if kind is None:
        raise ProtocolError(f"no callback handles data of type '{topic.data_type}'")
    binary = (_bars, _ticks, _trades, _quotes, _depths)[kind - 1](topic.symbol, topic.data_type)
    read_json = json_decoder(topic, kind)

    def decode(body: bytes, is_replayed: bool) -> Event:
        if body[:1] == b"Q":
            return binary(body, is_replayed)
        return read_json(body, is_replayed)

    return decode


def _bars(symbol: str, data_type: str) -> Decoder:
    unpack, size, word, new = _BAR.unpack, _BAR.size, _word(BAR), tuple.__new__
    intervals: Dict[bytes, str] = {}

    def decode(body: bytes, is_replayed: bool) -> Event:
        if len(body) != size:
            raise _refuse(body, BAR)
        head, length, seq, event, receive, o, h, lo, c, v, turnover, open_time, interval, trades = unpack(body)
        # A sum of finite numbers is finite, but for very large ones, which are looked at one by one.
        if head & 0xFFFFFF != word or length != size or not _isfinite(o + h + lo + c + v + turnover):
            if head & 0xFFFFFF != word or length != size or not all(map(_isfinite, (o, h, lo, c, v, turnover))):
                raise _refuse(body, BAR)
        name = intervals.get(interval)
        if name is None:
            name = interval.rstrip(b"\0").decode("ascii", "replace")
            if len(intervals) < 64:
                intervals[interval] = name
        # As Bar(...) does, without the detour over its arguments' names.
        return new(
            Bar,
            (
                symbol, o, h, lo, c, v, turnover, trades, head >> 24 & 1 == 1, name, open_time, event, receive, seq,
                data_type, is_replayed,
            ),
        )  # fmt: skip

    return decode


def _ticks(symbol: str, data_type: str) -> Decoder:
    def decode(body: bytes, is_replayed: bool) -> Event:
        if len(body) != _TICK.size:
            raise _refuse(body, TICK)
        head, length, seq, event, receive, price, *optional, present = _TICK.unpack(body)
        _check(body, TICK, head, length, price, *optional)
        size, bid, ask, bid_size, ask_size = (
            value if present >> bit & 1 else None for bit, value in enumerate(optional)
        )
        return Tick(
            symbol, price, size, bid, ask, bid_size, ask_size, event, receive, seq, data_type, is_replayed
        )

    return decode


def _trades(symbol: str, data_type: str) -> Decoder:
    def decode(body: bytes, is_replayed: bool) -> Event:
        if len(body) != _TRADE.size:
            raise _refuse(body, TRADE)
        head, length, seq, event, receive, price, size, side, trade_id = _TRADE.unpack(body)
        _check(body, TRADE, head, length, price, size)
        name = trade_id.rstrip(b"\0").decode("ascii", "replace")
        taker = _SIDES[side] if side < 3 else None
        return Trade(symbol, price, size, taker, name, event, receive, seq, data_type, is_replayed)

    return decode


def _quotes(symbol: str, data_type: str) -> Decoder:
    def decode(body: bytes, is_replayed: bool) -> Event:
        if len(body) != _QUOTE.size:
            raise _refuse(body, QUOTE)
        head, length, seq, event, receive, bid, ask, bid_size, ask_size = _QUOTE.unpack(body)
        _check(body, QUOTE, head, length, bid, ask, bid_size, ask_size)
        return Quote(symbol, bid, ask, bid_size, ask_size, event, receive, seq, data_type, is_replayed)

    return decode


def _depths(symbol: str, data_type: str) -> Decoder:
    def decode(body: bytes, is_replayed: bool) -> Event:
        if len(body) < _DEPTH.size:
            raise _refuse(body, DEPTH)
        head, length, seq, event, receive, bids, asks, _ = _DEPTH.unpack_from(body)
        if max(bids, asks) > MAX_LEVELS or len(body) != _DEPTH.size + _LEVEL.size * (bids + asks):
            raise _refuse(body, DEPTH)
        levels = [Level(*pair) for pair in _LEVEL.iter_unpack(memoryview(body)[_DEPTH.size :])]
        _check(body, DEPTH, head, length, *(number for level in levels for number in level))
        return Depth(
            symbol, tuple(levels[:bids]), tuple(levels[bids:]), head >> 24 & 2 != 0, event, receive, seq, data_type,
            is_replayed,
        )  # fmt: skip

    return decode


def _check(body: bytes, kind: int, head: int, length: int, *numbers: float) -> None:
    if head & 0xFFFFFF != _word(kind) or length != len(body) or not all(map(_isfinite, numbers)):
        raise _refuse(body, kind)


# MARK: Writing


def encode(event: Event) -> bytes:
    """The binary body of an event, as a publisher sends it; the manager writes sequence and receive time into it.

    Raises:
        ProtocolError: when a number is not finite, or text is too long or not ASCII.
    """
    try:
        body = _encode(event)
    except (struct.error, ValueError, TypeError) as error:
        raise ProtocolError(f"{type(event).__name__} cannot be written: {error}") from None
    return body


def _encode(event: Event) -> bytes:
    stamps = (event.sequence, event.event_time, event.receive_time)
    numbers: Tuple[float, ...]
    if isinstance(event, Bar):
        numbers = (event.open, event.high, event.low, event.close, event.volume, event.turnover)
        _finite(numbers)
        return _BAR.pack(
            _word(BAR) | int(event.closed) << 24, _BAR.size, *stamps, *numbers, event.open_time,
            _ascii(event.interval, 8), event.trades,
        )  # fmt: skip
    if isinstance(event, Tick):
        optional = (event.size, event.bid, event.ask, event.bid_size, event.ask_size)
        present = sum(1 << bit for bit, value in enumerate(optional) if value is not None)
        numbers = (event.price, *(value or 0.0 for value in optional))
        _finite(numbers)
        return _TICK.pack(_word(TICK), _TICK.size, *stamps, *numbers, present)
    if isinstance(event, Trade):
        _finite((event.price, event.size))
        side, name = _SIDES.index(event.side), _ascii(event.trade_id, 24)
        return _TRADE.pack(_word(TRADE), _TRADE.size, *stamps, event.price, event.size, side, name)
    if isinstance(event, Quote):
        numbers = (event.bid, event.ask, event.bid_size, event.ask_size)
        _finite(numbers)
        return _QUOTE.pack(_word(QUOTE), _QUOTE.size, *stamps, *numbers)
    numbers = tuple(number for level in (*event.bids, *event.asks) for number in level)
    _finite(numbers)
    if max(len(event.bids), len(event.asks)) > MAX_LEVELS:
        raise ValueError(f"more than {MAX_LEVELS} levels")
    size = _DEPTH.size + 8 * len(numbers)
    head = _word(DEPTH) | (2 if event.is_snapshot else 0) << 24
    return _DEPTH.pack(head, size, *stamps, len(event.bids), len(event.asks), 0) + struct.pack(
        f"<{len(numbers)}d", *numbers
    )


def _finite(numbers: Sequence[float]) -> None:
    for number in numbers:
        if not _isfinite(number):
            raise ValueError(f"{number} is not finite")


def _ascii(value: str, limit: int) -> bytes:
    raw = value.encode("ascii")
    if len(raw) > limit:
        raise ValueError(f"{value!r} is longer than {limit} characters")
    return raw
