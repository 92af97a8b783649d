"""What all parts of a runner share. Knows no sockets."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional, Protocol, Type

from ..context import Context
from ..market import Event
from ..strategy import Strategy
from ..wire import envelope
from ..wire.envelope import JSON
from .gauges import CALLBACKS, Gauges
from .limits import RateLimit, Timers
from .order import StartOrder
from .outbox import Checkpointer
from .topics import Entry, TopicTable

LEVELS = ("debug", "info", "warning", "error")
#: Where a callback stands in the gauges.
NUMBERS = {name: place for place, name in enumerate(CALLBACKS, 1)}
#: By the kind of the data.
DATA_CALLBACKS = ("", "on_bar", "on_tick", "on_trade", "on_quote", "on_depth")


class Outlet(Protocol):
    """Where a running strategy's wishes go: the worker's sockets and its log."""

    def set_subscribed(self, topic: str, is_subscribed: bool) -> None:
        """Tells the publisher which topic is wanted, or not wanted any more."""

    def emit(self, signal: JSON) -> None:
        """Numbers a signal and sends it until it is on disk: waits while too many are not."""

    def deliver(self, message: JSON) -> None:
        """Sends a message that must arrive: waits while the queue is full."""

    def offer(self, message: JSON) -> None:
        """Sends a message that may be lost: drops it while the queue is full."""

    def last_bars(self, entry: Entry, count: int, before: Optional[int]) -> List[Event]:
        """The last messages of a topic from the record, oldest first."""

    def log(self, level: int, text: str) -> None:
        """Writes a line to the log."""


class Hosted:
    """A strategy and what is known of it; each of the classes that derive from this one adds a part. See `runner.StrategyRunner`."""

    context: Context

    def __init__(self, kind: Type[Strategy], order: StartOrder, page: Gauges, outlet: Outlet) -> None:
        self.name = getattr(kind, "quantcell_name", kind.__name__)
        # On trial it is who it stands for: so its signals have the ids of that one's.
        self.worker_id = order.sandbox.worker_id if order.sandbox else order.worker_id
        self.generation = order.generation
        self.delivery = "lossless" if order.is_sandboxed else order.delivery
        self.topics = TopicTable()
        self.timers = Timers()
        self.is_replaying = False
        self.is_warming_up = False
        #: Whether the error budget is spent: the strategy gets no more data and waits to be stopped.
        self.is_broken = False
        #: Decides when the state is saved; `None` for a strategy without one.
        self.checkpointer: Optional[Checkpointer] = None
        #: Where topics stood in an earlier process, until they are subscribed to.
        self.restored: Dict[str, int] = {}
        #: Whether what the strategy has asked for at its start is where it goes on from.
        self.goes_on_from_history = False
        self._order = order
        self._kind = kind
        self._page = page
        self._words = page.words
        self._begin_message = page.begin_message
        self._processed = 0
        self._outlet = outlet
        self._complaints = RateLimit(10, 60)
        self._callback = ""
        # What a signal, and the time, take from the message that is being handled.
        self._entry: Optional[Entry] = None
        self._event: Optional[Event] = None
        self._sequence = self._event_time = 0
        self._ordinal = 0
        # Signals of this generation that no data caused.
        self._counter = 0
        self._strategy: Strategy = Strategy()
        self._handlers: List[Callable[[Any, Context], Any]] = []

    def stamped(self, msg_type: str, payload: JSON) -> JSON:
        """A message as this worker's generation says it. It stands there for the process's own name, also on trial."""
        names = self._page.names
        return envelope.message(msg_type, payload, worker_id=names.worker_id, generation=names.generation)

    def complain(self, text: str) -> None:
        """Logs something that may happen with every message, at a limited rate."""
        suppressed = self._complaints.admit(time.monotonic_ns())
        if suppressed is not None:
            more = f" (and {suppressed} more like it were not logged)" if suppressed else ""
            self._outlet.log(2, text + more)


def no_kind(event: Any, context: Context) -> None:
    """Stands where no kind has its number."""
