"""Runs one strategy: hands it data, timers and commands, and holds it to its error budget. Knows no sockets."""

from __future__ import annotations

import time
from typing import Dict, Mapping, Optional, Sequence, Type

from ..context import Context
from ..errors import ProtocolError, WorkerFailure
from ..market import Event, Gap
from ..strategy import Strategy
from . import crash_points, gauges
from .gauges import CALLBACK, MAX_POSITIONS, POSITIONS, Gauges
from .hosted import DATA_CALLBACKS, Outlet
from .hosting import Hosting
from .order import Sandbox, StartOrder
from .topics import Entry, Loss, Range, Recovery

_now = time.monotonic_ns


class StrategyRunner(Hosting):
    """Hands data over. Everything happens on the strategy's thread.

    It is made of parts, one file each: `hosted`, `requests`, `hosting`, and this one.
    """

    def __init__(self, kind: Type[Strategy], order: StartOrder, page: Gauges, outlet: Outlet) -> None:
        super().__init__(kind, order, page, outlet)
        self.context = Context(self, self.worker_id, order.generation, order.symbols, order.data_types)

    # MARK: Live data

    def handle(self, topic: bytes, body: bytes) -> Optional[Dict[Entry, int]]:
        """Handles one message of the data socket.

        Returns:
            What must be recovered first; the same message is to be handed in again then.
        """
        entry = self.find(topic)
        if entry is None or self.is_broken:
            return None
        event = self._read(entry, body)
        if event is None:
            return None
        sequence, last = event.sequence, entry.last
        if last is not None and sequence != last + 1:
            if sequence <= last:
                self._page.count(gauges.REPEATED)
                return None
            if self.delivery == "lossless":
                return {entry: sequence - 1}
            self._page.count(gauges.CONFLATED if self.delivery == "conflate" else gauges.DROPPED, sequence - last - 1)
        self.topics.handled_total += sequence - (last or 0)
        entry.last = sequence
        self._hand(entry, event)
        return None

    def find(self, topic: bytes) -> Optional[Entry]:
        """The entry of a topic frame that was asked for; counts it when it was not."""
        entry = self.topics.by_frame.get(topic)
        if entry is None or not entry.is_subscribed:
            self._page.count(gauges.UNREQUESTED)
            return None
        return entry

    def _read(self, entry: Entry, body: bytes) -> Optional[Event]:
        try:
            return entry.decode(body, self.is_warming_up)
        except ProtocolError as error:
            self._page.count(gauges.UNREADABLE)
            self.complain(f"dropped a message of {entry.name}: {error}")
            return None

    def _hand(self, entry: Entry, event: Event) -> None:
        """Hands over a message whose place has been taken."""
        words, sequence, index = self._words, event.sequence, entry.index
        if index < MAX_POSITIONS:
            words[POSITIONS + index] = sequence
        if event.event_time < entry.event_time:
            words[gauges.LATE] += 1
        else:
            entry.event_time = event.event_time
        self._entry, self._event, self._sequence, self._ordinal = entry, event, sequence, 0
        self._event_time, kind = event.event_time, entry.kind
        self._processed += 1
        # As `run` does, without its detours: this is done for every message.
        self._callback = DATA_CALLBACKS[kind]
        self._begin_message(
            self._processed, index + 1, sequence, event.receive_time, self.topics.handled_total, _now(), kind + 2
        )
        try:
            self._handlers[kind](event, self.context)
        except Exception as error:
            words[CALLBACK] = 0
            self._failed(error, DATA_CALLBACKS[kind])
        words[CALLBACK] = 0
        self._callback = ""
        self._entry = self._event = None
        if crash_points.is_armed:
            crash_points.reach("worker.message.handled")
        checkpointer = self.checkpointer
        if checkpointer is not None:
            checkpointer.is_touched = True
            checkpointer.messages += 1

    # MARK: From the record

    def replay(self, topic: bytes, body: bytes, recovery: Recovery) -> None:
        """Handles one message of the record."""
        entry = None if self.is_broken else self.find(topic)
        event = self._read(entry, body) if entry is not None else None
        if entry is None or event is None:
            return
        lost, is_next = recovery.arrive(event.sequence, entry)
        self.lose(lost, recovery.purpose)
        # A strategy that has unsubscribed in on_gap, or given up, gets no more.
        if is_next and not self.is_broken and entry.is_subscribed:
            self._page.count(gauges.REPLAYED)
            self._hand(entry, event)

    def lose(self, lost: Sequence[Loss], purpose: str) -> None:
        """Tells the strategy, the log and the manager what is lost for good. What was before a fresh start is no loss."""
        if purpose == "warm_up":
            return
        for entry, first, last, reason in lost:
            gap = Gap(entry.symbol, entry.data_type, first, last, reason)
            self._page.count(gauges.LOST, gap.messages)
            self._page.stands(entry.index, last)
            self._words[gauges.HANDLED_TOTAL] = self.topics.handled_total
            self.complain(f"lost {gap.messages} messages of {entry.name}, sequences {first} to {last}: {reason}")
            self._outlet.deliver(
                self.stamped("gap", {"topic": entry.name, "from": first, "to": last, "reason": reason})
            )
            # A signal of on_gap is caused by the data that is missing, and named after it.
            self._entry, self._event, self._sequence, self._ordinal = entry, None, last, 0
            self._event_time = max(entry.event_time, 0)
            if not self.is_broken:
                self.run("on_gap", lambda gap=gap: self._strategy.on_gap(gap, self.context))  # type: ignore[misc]
            self._entry = None

    # MARK: Joining

    def join(self, positions: Mapping[str, int]) -> Optional[Recovery]:
        """Takes where topics stood when the worker joined them.

        Returns:
            What was published since the position that the strategy goes on from, or since the history that it asked for.
        """
        missed: Dict[Entry, int] = {}
        for topic, sequence in positions.items():
            entry = self.topics.find(topic)
            if entry is None:
                continue
            if entry.last is not None and entry.last < sequence and self.delivery == "lossless":
                missed[entry] = sequence
                continue
            if entry.last is not None:
                if entry.last > sequence:
                    self._outlet.log(
                        2, f"{topic} stands at {sequence}, but {entry.last} of it were handled: its numbers have begun anew"
                    )
                else:
                    counter = gauges.CONFLATED if self.delivery == "conflate" else gauges.DROPPED
                    self._page.count(counter, sequence - entry.last)
            self.topics.advance(entry, sequence)
            self._page.stands(entry.index, sequence)
        self._words[gauges.HANDLED_TOTAL] = self.topics.handled_total
        return Recovery("catch_up", missed, self.topics) if missed else None

    def warm_up(self, count: int) -> Recovery:
        """The last `count` messages of each topic before where it stands now."""
        targets: Dict[Entry, int] = {}
        for entry in self.topics.subscribed:
            last = entry.last
            if last:
                targets[entry] = last
                self.topics.advance(entry, last - min(count, last))
        return Recovery("warm_up", targets, self.topics)

    def sandbox(self, sandbox: Sandbox) -> Recovery:
        """The recorded data that a sandboxed strategy gets: of each topic one range.

        Raises:
            WorkerFailure: for a topic that the strategy does not subscribe to, and for one that stands there twice.
        """
        targets: Dict[Entry, int] = {}
        for span in sandbox.ranges:
            entry = self.topics.find(span.topic)
            if entry is None:
                raise WorkerFailure(f"the strategy does not subscribe to {span.topic}")
            if entry in targets:
                raise WorkerFailure(f"{span.topic} stands in the ranges twice")
            targets[entry] = span.last
            self.topics.advance(entry, span.first - 1)
        return Recovery("sandbox", targets, self.topics)

    def begin_at(self, ranges: Sequence[Range]) -> None:
        """Has topics begin where ranges do, so that a strategy on trial cannot look beyond the beginning of its data."""
        self.restored = {span.topic: span.first - 1 for span in ranges}
