"""Bodies of market data."""

from __future__ import annotations

import json
import math
import re
import struct
import unittest
from pathlib import Path

from quantcell import Bar, Depth, Level, ProtocolError, Quote, Tick, Trade
from quantcell.wire import codec
from quantcell.wire.topic import Topic, kind_of

PAGE = Path(__file__).resolve().parents[2] / "WireProtocol/WireProtocol.docc/MarketData.md"
EVENTS = [
    Bar("X", 1, 2, 0.5, 1.5, 7, 10.5, 3, False, "1m", 5, 6, 7, 8),
    Tick("X", 1.5, None, 1.0, None, 2.0, None, 5, 6, 7),
    Tick("X", 1.5, 0.0, 1.0, 2.0, 2.0, 3.0, 5, 6, 7),
    Trade("X", 1.5, 2.5, "sell", "T-1", 5, 6, 7),
    Trade("X", 1.5, 2.5, None, "", 5, 6, 7),
    Quote("X", 1.5, 2.5, 3.5, 0.0, 5, 6, 7),
    Depth("X", (Level(1, 2), Level(0.5, 3)), (Level(2, 1),), False, 5, 6, 7),
]


class CodecTests(unittest.TestCase):
    def test_the_example_of_the_page(self) -> None:
        block = PAGE.read_text().split("```hex\n")[1].split("```")[0]
        body = bytes.fromhex("".join(re.match(r"\S+((?: +[0-9a-f]{2}){8})", line).group(1) for line in block.splitlines()))
        bar = codec.decoder(Topic("BTC/USDT", "kline_1m"))(body, False)
        expected = Bar(
            "BTC/USDT", 94321.5, 94400.125, 94300.25, 94388.75, 12.5, 1165432.125, 345, True, "1m", 1736933340000000000,
            1736933400123456789, 1736933400123999000, 4711, "kline_1m",
        )  # fmt: skip
        self.assertEqual(bar, expected)
        self.assertEqual(codec.encode(expected), body)

    def test_what_is_written_can_be_read(self) -> None:
        for event in EVENTS:
            decode = codec.decoder(Topic(event.symbol, event.data_type))
            self.assertEqual(decode(codec.encode(event), False), event)
            self.assertTrue(decode(codec.encode(event), True).is_replayed)

    def test_bodies_that_are_not_valid_are_refused(self) -> None:
        for event in EVENTS:
            decode, body = codec.decoder(Topic(event.symbol, event.data_type)), codec.encode(event)
            wrong = [body[:-1], body + b"\0", b"Q", b"", body[:1] + b"\2" + body[2:], body[:2] + b"\x09" + body[3:]]
            if not isinstance(event, Depth):
                wrong += [body[:32] + struct.pack("<d", number) + body[40:] for number in (math.nan, math.inf)]
            for bad in wrong:
                with self.assertRaises(ProtocolError, msg=repr(bad)):
                    decode(bad, False)

    def test_sums_beyond_a_double_are_no_reason_to_refuse(self) -> None:
        bar = Bar("X", 1e308, 1e308, 1e308, 1e308)
        self.assertEqual(codec.decoder(Topic("X", "kline"))(codec.encode(bar), False), bar)

    def test_json(self) -> None:
        decode = codec.decoder(Topic("X", "kline"))
        data = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 3, "closed": False, "interval": "5m", "timestamp": "now"}
        body = {"msg_type": "market_data", "seq": 9, "ts_ns": 8, "timestamp": 1.25, "payload": {"data": data}}
        bar = decode(json.dumps(body).encode(), False)
        self.assertEqual(bar, Bar("X", 1, 2, 1, 2, 3, 0, 0, False, "5m", 0, 1_250_000_000, 8, 9))
        for bad in (b"{", b"{}", b'{"payload":{"data":{"open":"1"}}}', b'{"payload":[]}', b"{" * 100_000):
            with self.assertRaises(ProtocolError):
                decode(bad, False)

    def test_what_cannot_be_written_is_refused(self) -> None:
        for event in (Bar("X", math.nan, 1, 1, 1), Bar("X", 1, 1, 1, 1, interval="x" * 9), Trade("X", 1, 1, trade_id="ü")):
            with self.assertRaises(ProtocolError):
                codec.encode(event)

    def test_topics(self) -> None:
        self.assertEqual(str(Topic.of("BRK.B", "kline_1m")), "market.BRK.B.kline_1m")
        for symbol, data_type in (("", "kline"), ("a b", "kline"), ("X", "k.line"), ("X", ""), ("x" * 65, "kline")):
            with self.assertRaises(ProtocolError):
                Topic.of(symbol, data_type)
        kinds = {"kline_1m": 1, "ticker": 2, "order_book_5": 5, "trades": None, "Kline": None}
        self.assertEqual({name: kind_of(name) for name in kinds}, kinds)
