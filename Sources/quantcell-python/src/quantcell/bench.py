"""How many bars a second Python reads and handles, beside what `json.loads` alone would allow, in one run. With binary bodies it is to
be twice as many at least.

usage: python3 -m quantcell.bench [ROUNDS]
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Dict, List

from .context import Context
from .market import Bar
from .strategy import Strategy
from .wire import codec
from .wire.topic import Topic
from .worker.gauges import Gauges
from .worker.order import StartOrder
from .worker.runner import StrategyRunner

COUNT = 50_000
#: What is to be twice as fast as `json.loads` alone.
TARGET = "binary body through the worker, callback included"


class _Nothing(Strategy):
    """Looks at the close and nothing else."""

    total = 0.0

    def on_bar(self, bar: Bar, context: Context) -> None:
        self.total += bar.close


class _Nowhere:
    """An outlet for what never comes."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


def _binary(sequence: int) -> bytes:
    price = 94_000 + sequence % 100 / 4
    stamp = 1_736_933_400_000_000_000 + sequence * 60_000_000_000
    return codec.encode(
        Bar(
            "BTC/USDT", price, price + 2, price - 2, price + 1, 12.5, 1_165_432.125, 345, True, "1m", stamp, stamp, stamp, sequence
        )  # fmt: skip
    )


def _json(sequence: int) -> bytes:
    price = 94_000 + sequence % 100 / 4
    stamp = 1_736_933_400 + sequence * 60
    data = {
        "open": price, "high": price + 2, "low": price - 2, "close": price + 1, "volume": 12.5, "turnover": 1_165_432.125, "trades": 345,
        "closed": True, "interval": "1m", "open_time": stamp,
    }  # fmt: skip
    payload = {"symbol": "BTC/USDT", "data_type": "kline", "source": "bench", "timestamp": stamp, "data": data}
    body = {"seq": sequence, "ts_ns": stamp * 1_000_000_000, "msg_type": "market_data", "payload": payload}
    return json.dumps(body, separators=(",", ":")).encode()


def _rate(bodies: List[bytes], handle: Callable[[bytes], Any]) -> float:
    begin = time.perf_counter()
    for body in bodies:
        handle(body)
    return len(bodies) / (time.perf_counter() - begin)


def _runner() -> StrategyRunner:
    message = {"worker_id": "bench", "generation": 1, "payload": {"strategy_path": "", "symbols": ["BTC/USDT"], "data_types": ["kline"]}}
    runner = StrategyRunner(_Nothing, StartOrder.read(message), Gauges("bench", 1, "bench"), _Nowhere())  # type: ignore[arg-type]
    runner.start()
    return runner


def main(rounds: int = 5) -> None:
    """Prints the median of each figure."""
    binary, plain = [_binary(number) for number in range(1, COUNT + 1)], [_json(number) for number in range(1, COUNT + 1)]
    decode = codec.decoder(Topic("BTC/USDT", "kline"))
    topic = b"market.BTC/USDT.kline"

    def read(body: bytes) -> Any:
        return decode(body, False)

    def loads(body: bytes) -> Any:
        return json.loads(body)

    figures: Dict[str, Callable[[], float]] = {
        "json.loads alone, the same bar": lambda: _rate(plain, loads),
        "binary body to a Bar": lambda: _rate(binary, read),
        "JSON body to a Bar": lambda: _rate(plain, read),
        TARGET: lambda: _rate(binary, _handler(topic)),
        "JSON body through the worker, callback included": lambda: _rate(plain, _handler(topic)),
    }
    # Round by round, so that what the machine does meanwhile meets all alike.
    found: List[List[float]] = [[] for _ in figures]
    for _ in range(rounds):
        for rates, measure in zip(found, figures.values()):
            rates.append(measure())
    medians = [sorted(rates)[len(rates) // 2] for rates in found]
    print(f"bars a second, median of {rounds} rounds of {COUNT:,}; Python {sys.version.split()[0]}")
    for name, rate in zip(figures, medians):
        ratio = rate / medians[0]
        target = "" if name != TARGET else "   target: 2 times " + ("met" if ratio >= 2 else "missed")
        print(f"{name:52}{rate:12,.0f}   {ratio:5.2f} times json.loads{target}")


def _handler(topic: bytes) -> Callable[[bytes], Any]:
    handle = _runner().handle
    return lambda body: handle(topic, body)


if __name__ == "__main__":
    if len(sys.argv) > 2 or not all(word.isdigit() and int(word) > 0 for word in sys.argv[1:]):
        sys.exit(__doc__)
    main(*map(int, sys.argv[1:]))
