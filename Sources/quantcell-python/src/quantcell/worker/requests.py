"""What a strategy asks for through its context."""

from __future__ import annotations

import math
import time
from typing import Any, List, Mapping, Optional, Sequence

from ..errors import StrategyError
from ..market import Bar
from ..wire.codec import BAR
from . import gauges
from .hosted import LEVELS, Hosted
from .topics import MAX_TOPICS, Entry, checked

_now = time.monotonic_ns


class Requests(Hosted):
    """Does what the context promises."""

    @property
    def now(self) -> int:
        """The event time of the data being handled, else the wall clock."""
        return self._event_time if self._entry is not None else time.time_ns()

    def log(self, level: str, text: str) -> None:
        """Writes a line to the log."""
        self._outlet.log(LEVELS.index(level), text)

    def subscribe(self, symbols: Sequence[str], data_types: Sequence[str]) -> None:
        """Asks for every symbol with every data type."""
        wanted = [checked(symbol, data_type) for symbol in symbols for data_type in data_types]
        if len(self.topics) + len(wanted) > MAX_TOPICS:
            raise StrategyError(f"too many topics: a worker may have {MAX_TOPICS}")
        for topic in wanted:
            entry, is_new = self.topics.subscribe(topic)
            if entry is None:
                continue
            if is_new:
                self._page.add_topic(entry.name)
            position = self.restored.pop(entry.name, None)
            if position is not None:
                self.topics.advance(entry, position)
            self._page.stands(entry.index, entry.last)
            self._outlet.set_subscribed(entry.name, True)

    def unsubscribe(self, symbols: Sequence[str], data_types: Sequence[str]) -> None:
        """Asks for less."""
        for symbol in symbols:
            for data_type in data_types:
                try:
                    entry = self.topics.unsubscribe(checked(symbol, data_type))
                except StrategyError:
                    continue
                if entry is not None:
                    self._page.stands(entry.index, None)
                    self._outlet.set_subscribed(entry.name, False)
        self._words[gauges.HANDLED_TOTAL] = self.topics.handled_total

    def emit(
        self,
        name: str,
        side: Optional[str],
        symbol: Optional[str],
        price: Optional[float],
        quantity: Optional[float],
        data: Mapping[str, Any],
    ) -> None:
        """Emits a signal."""
        entry = self._entry
        values = {str(key): _value(str(key), value) for key, value in data.items()}
        # The ordinal counts all the same where nothing is sent: the signals of a callback keep their ids.
        if entry is not None:
            self._ordinal += 1
            identity = f"{self.worker_id}:{entry.symbol}.{entry.data_type}:{self._sequence}:{self._ordinal}"
        else:
            self._counter += 1
            identity = f"{self.worker_id}:{self._callback or 'main'}:{self.generation}:{self._counter}"
        if self.is_warming_up:
            self._page.count(gauges.SUPPRESSED)
            return
        if price is None:
            price = getattr(self._event, "close", getattr(self._event, "price", None))
        self._page.count(gauges.SIGNALS)
        self._outlet.emit(
            self.stamped(
                "signal",
                {
                    "signal_id": identity,
                    "name": str(name),
                    "side": side,
                    "symbol": symbol or (entry.symbol if entry is not None else None),
                    "data_type": entry.data_type if entry is not None else None,
                    "sequence": self._sequence if entry is not None else None,
                    "event_time": self.now,
                    "price": _number(price),
                    "quantity": _number(quantity),
                    "data": values,
                },
            )
        )

    def metric(self, name: str, value: float) -> None:
        """Reports a number to watch."""
        if math.isfinite(value):
            self._outlet.offer(self.stamped("metrics", {"name": str(name), "value": float(value)}))

    def history(self, symbol: str, data_type: str, count: int) -> List[Bar]:
        """The last bars of a topic."""
        if not 1 <= count <= 100_000:
            raise StrategyError(f"history: the count must be 1 to 100000, not {count}")
        topic = checked(symbol, data_type)
        if topic.kind != BAR:
            raise StrategyError(f"history: '{data_type}' is not a stream of bars")
        entry = self.topics.find(str(topic))
        position = entry.last if entry is not None else None
        events = self._outlet.last_bars(entry or Entry(-1, topic), count, None if position is None else position + 1)
        is_starting = self._callback in ("on_init", "on_start")
        if entry is not None and position is None and self.goes_on_from_history and is_starting and events:
            # The strategy has seen the stream up to here: what is published before it has joined is missing.
            self.topics.advance(entry, events[-1].sequence)
        return [event for event in events if isinstance(event, Bar)]

    def schedule(self, name: str, seconds: float) -> None:
        """Sets a timer."""
        self.timers.set(str(name), seconds, _now())

    def cancel(self, name: str) -> None:
        """Stops a timer."""
        self.timers.cancel(str(name))


def _number(value: Any) -> Optional[float]:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise StrategyError(f"a price or quantity is a number, not {value!r}") from None
    return number if math.isfinite(number) else None


def _value(name: str, value: Any) -> Any:
    """A value of a signal's data. JSON has no number that is not finite: it becomes text."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else float(value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise StrategyError(
            f"a signal's data holds numbers, text and truth values, not {type(value).__name__} as '{name}'"
        ) from None
    return number if math.isfinite(number) else str(number)
