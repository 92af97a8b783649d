"""What a strategy can see and do, handed to every callback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Sequence, Union

from .errors import StrategyError
from .market import Bar

if TYPE_CHECKING:
    from .worker.runner import StrategyRunner

_INTERVAL = re.compile(r"([0-9.]+)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LEVELS = ("debug", "info", "warning", "error")


class Log:
    """The worker's log, which `quantcell logs` shows."""

    def __init__(self, host: StrategyRunner) -> None:
        self._host = host

    def debug(self, text: object) -> None:
        """Writes a line for whoever looks for a fault."""
        self._host.log("debug", str(text))

    def info(self, text: object) -> None:
        """Writes a line."""
        self._host.log("info", str(text))

    def warning(self, text: object) -> None:
        """Writes a line, and tells the manager."""
        self._host.log("warning", str(text))

    def error(self, text: object) -> None:
        """Writes a line, and tells the manager. It does not count against the error budget."""
        self._host.log("error", str(text))


class Context:
    """What a strategy can see and do. Use it inside callbacks only, on the thread that they run on.

    Attributes:
        symbols: The symbols that the strategy was started with, such as `["BTC/USDT"]`.
        data_types: The data types that it was started with, such as `["kline"]`.
        worker_id: The name of the worker that runs it, such as `sma-btc`.
        generation: How often this worker has been started: 1 the first time, one more after each restart.
        is_restored: Whether the state was brought back from an earlier process.
        log: Writes to the worker's log.
    """

    def __init__(
        self,
        host: StrategyRunner,
        worker_id: str,
        generation: int,
        symbols: Sequence[str],
        data_types: Sequence[str],
    ) -> None:
        self._host = host
        self.worker_id = worker_id
        self.generation = generation
        self.symbols = list(symbols)
        self.data_types = list(data_types)
        self.is_restored = False
        self.log = Log(host)

    @property
    def params(self) -> Any:
        """The parameters that are in force; the same as the strategy's own `params`."""
        return self._host.params

    @property
    def now(self) -> int:
        """The time, in nanoseconds since the Unix epoch.

        While data is being handled it is the event time of that data, so that a strategy does the same on a replay as it did live; in
        all other callbacks it is the wall clock.
        """
        return self._host.now

    @property
    def is_replaying(self) -> bool:
        """Whether the data being handled comes from the manager's record. Let no signal and no state depend on it."""
        return self._host.is_replaying

    def signal(
        self,
        name: str,
        side: Optional[str] = None,
        *,
        symbol: Optional[str] = None,
        price: Optional[float] = None,
        quantity: Optional[float] = None,
        data: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Emits a signal: it is journaled, and published to whoever listens.

        A signal has an id that is the same when the same data is handled again, so that it is kept once. It is sent until it is on disk;
        with 10,000 signals or 16 MiB of them still to be, as when the manager is away, this waits.

        Args:
            name: What happened, such as `cross`.
            side: `buy`, `sell`, or `None`.
            symbol: The instrument; when `None`, that of the data being handled.
            price: When `None`, the price of the data being handled: a bar's close, a tick's or a trade's price, otherwise none.
            quantity: How much, if the signal says so.
            data: Anything else worth keeping: text, numbers and truth values by name.

        Raises:
            StrategyError: for a side that is neither, and data of another kind.
        """
        if side is not None and side not in ("buy", "sell"):
            raise StrategyError(f"a signal's side is 'buy', 'sell' or None, not {side!r}")
        self._host.emit(name, side, symbol, price, quantity, data or {})

    def metric(self, name: str, value: float) -> None:
        """Reports a number to watch. One that is not finite is dropped; so are all while the manager cannot be reached."""
        self._host.metric(name, value)

    def history(self, symbol: str, data_type: Optional[str] = None, *, count: int) -> List[Bar]:
        """The last bars of a topic, oldest first, from the manager's record.

        For a topic that the strategy subscribes to they end with the last one that it has handled, so a replay gives the same. Asked in
        `on_init` or `on_start` they end with the latest one, and data goes on right behind it. The strategy waits for the answer, up to
        5 seconds.

        Args:
            symbol: The instrument.
            data_type: A stream of bars; when `None`, the first data type that the strategy was started with.
            count: 1 to 100,000. There are fewer where the record has no more.

        Raises:
            StrategyError: when the topic is not one of bars, the count is out of range, or no answer came.
        """
        if data_type is None:
            if not self.data_types:
                raise StrategyError("history: there is no data type to ask for")
            data_type = self.data_types[0]
        return self._host.history(symbol, data_type, count)

    def subscribe(self, symbols: Iterable[str], data_types: Optional[Iterable[str]] = None) -> None:
        """Asks for more data: every symbol with every data type, those of the start unless given.

        Raises:
            StrategyError: when a name is not valid or there would be more than 10,000 topics. Nothing has changed then.
        """
        self._host.subscribe(_names(symbols), self.data_types if data_types is None else _names(data_types))

    def unsubscribe(self, symbols: Iterable[str], data_types: Optional[Iterable[str]] = None) -> None:
        """Asks for less data. Topics that were not subscribed to are ignored."""
        self._host.unsubscribe(_names(symbols), self.data_types if data_types is None else _names(data_types))

    def every(self, interval: Union[str, float], name: str) -> None:
        """Calls `on_timer` again and again, first after one interval.

        The same name again replaces the timer. A timer that could not run in time runs once, not once for each time missed.

        Args:
            interval: Seconds, or text such as `500ms`, `5s`, `1.5m`; 1 ms to 365 days.
            name: Handed to `on_timer`.

        Raises:
            StrategyError: when the interval is none or out of range, or there are 1,000 timers already.
        """
        self._host.schedule(name, _seconds(interval))

    def cancel(self, name: str) -> None:
        """Stops the timer of that name, if there is one."""
        self._host.cancel(name)


def _names(names: Iterable[str]) -> List[str]:
    if isinstance(names, str):
        raise StrategyError(f"a list of names is needed, not the text {names!r}")
    return list(names)


def _seconds(interval: Union[str, float]) -> float:
    if not isinstance(interval, str):
        return float(interval)
    match = _INTERVAL.fullmatch(interval)
    try:
        if match is not None:
            return float(match.group(1)) * _UNITS[match.group(2)]
    except ValueError:
        pass
    raise StrategyError(f"'{interval}' is not an interval: write a number and ms, s, m, h or d, such as 5s or 1.5m")
