"""Runs one strategy: hands it data, timers and commands, and holds it to its error budget. Knows no sockets."""

from __future__ import annotations

import math
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Protocol, Sequence, Type

from .. import params as parameters
from .. import strategy as kit
from ..context import Context
from ..errors import ProtocolError, StrategyError, WorkerFailure
from ..market import Bar, Event, Gap
from ..strategy import Strategy
from ..wire import envelope
from ..wire.codec import BAR
from ..wire.envelope import JSON
from . import crash_points, gauges
from .gauges import CALLBACK, CALLBACKS, MAX_POSITIONS, POSITIONS, Gauges
from .limits import RateLimit, Timers
from .loader import trace
from .order import Checkpoint, Sandbox, StartOrder
from .outbox import MAX_STATE_BYTES, Checkpointer
from .topics import MAX_TOPICS, Entry, Loss, Range, Recovery, TopicTable, checked

LEVELS = ("debug", "info", "warning", "error")
_NUMBERS = {name: place for place, name in enumerate(CALLBACKS, 1)}
_DATA_CALLBACKS = ("", "on_bar", "on_tick", "on_trade", "on_quote", "on_depth")
_now = time.monotonic_ns


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


class StrategyRunner:
    """Everything happens on the strategy's thread."""

    def __init__(self, kind: Type[Strategy], order: StartOrder, page: Gauges, outlet: Outlet) -> None:
        self.name = getattr(kind, "quantcell_name", kind.__name__)
        # On trial it is who it stands for: so its signals have the ids of that one's.
        self.worker_id = order.sandbox.worker_id if order.sandbox else order.worker_id
        self.generation = order.generation
        self.delivery = "lossless" if order.sandbox else order.delivery
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
        self.context = Context(self, self.worker_id, order.generation, order.symbols, order.data_types)
        self._handlers: List[Callable[[Any, Context], Any]] = []

    # MARK: Life

    def start(self) -> None:
        """Makes the strategy, gives it back its state, subscribes to its topics and calls `on_init` and `on_start`.

        Raises:
            StrategyError, WorkerFailure: what makes the start refused.
        """
        order = self._order
        checkpoint = order.checkpoint
        if checkpoint is not None and not self.restored:
            self.restored = dict(checkpoint.positions)
        try:
            strategy = self._strategy = kit.make(self._kind, order.params)
        except StrategyError:
            raise
        except Exception as error:
            raise WorkerFailure(f"{self.name}() raised {trace(error)}") from None
        self._handlers = [_no_kind, *(getattr(strategy, name) for name in _DATA_CALLBACKS[1:])]
        self.subscribe(order.symbols, order.data_types)
        self._begin("on_init", lambda: strategy.on_init(self.context))
        self._restore(strategy, checkpoint)
        self._begin("on_start", lambda: strategy.on_start(self.context))

    def _begin(self, callback: str, body: Callable[[], None]) -> None:
        try:
            self._enter(callback, body)
        except StrategyError as error:
            raise WorkerFailure(f"{callback}: {error}") from None
        except Exception as error:
            raise WorkerFailure(f"{callback} raised {trace(error)}") from None

    def _restore(self, strategy: Strategy, checkpoint: Optional[Checkpoint]) -> None:
        if not kit.has_state(strategy):
            if checkpoint is not None:
                raise WorkerFailure(
                    f"there is a checkpoint of '{self.worker_id}', but the strategy has no state any more; {self._way_out}", True
                )
            return
        self.checkpointer = Checkpointer(self._order.policy, checkpoint.ordinal if checkpoint else 0, _now())
        if checkpoint is None:
            return
        try:
            self._enter("on_load", lambda: kit.load(strategy, checkpoint.state))
        except Exception as error:
            reason = str(error) if isinstance(error, StrategyError) else trace(error)
            raise WorkerFailure(
                f"the state of checkpoint {checkpoint.ordinal} does not fit the strategy: {reason}; {self._way_out}", True
            ) from None
        self.context.is_restored = True

    @property
    def _way_out(self) -> str:
        return (
            f"the checkpoint is kept: look at it with 'quantcell checkpoint {self.worker_id} export', begin anew with "
            f"'quantcell checkpoint {self.worker_id} reset'"
        )

    @property
    def params(self) -> Any:
        """The parameters that are in force."""
        return self._strategy.params

    @property
    def effective_params(self) -> JSON:
        """The same, as they are shown."""
        return parameters.values(self._strategy.params)

    def pause(self) -> None:
        """Calls `on_pause`."""
        self.run("on_pause", lambda: self._strategy.on_pause(self.context))

    def resume(self) -> None:
        """Sets the timers anew and calls `on_resume`."""
        self.timers.restart(_now())
        self.run("on_resume", lambda: self._strategy.on_resume(self.context))

    def stop(self) -> None:
        """Calls `on_stop`."""
        self.run("on_stop", lambda: self._strategy.on_stop(self.context))

    def change_params(self, given: Mapping[str, Any]) -> None:
        """Changes parameters.

        Raises:
            StrategyError: why the change is refused; the parameters are what they were.
        """
        strategy, previous = self._strategy, self._strategy.params
        changed = parameters.overlay(previous, given)
        strategy.params = changed
        try:
            self._enter("on_params", lambda: strategy.on_params(previous, self.context))
        except Exception as error:
            strategy.params = previous
            if isinstance(error, StrategyError):
                raise
            raise StrategyError(trace(error)) from None

    def run_timers(self) -> None:
        """Runs the timers that are due, each once: data and commands come in between."""
        for _ in range(Timers.MAX):
            name = None if self.is_broken else self.timers.take_due(_now())
            if name is None:
                return
            self.run("on_timer", lambda name=name: self._strategy.on_timer(name, self.context))  # type: ignore[misc]

    def run(self, callback: str, body: Callable[[], None]) -> None:
        """Calls `body` as the callback, keeps what it raises within the budget."""
        try:
            self._enter(callback, body)
        except Exception as error:
            self._failed(error, callback)

    def _enter(self, callback: str, body: Callable[[], None]) -> None:
        self._callback = callback
        words = self._words
        words[gauges.CALLBACK_START] = _now()
        words[gauges.CALLBACK] = _NUMBERS[callback]
        if self.checkpointer is not None:
            self.checkpointer.is_touched = True
        try:
            body()
        finally:
            words[gauges.CALLBACK] = 0
            self._callback = ""

    def _failed(self, error: Exception, callback: str) -> None:
        self._page.count(gauges.ERRORS)
        budget = self._order.budget
        is_fatal = not self.is_broken and budget.spend(_now())
        if is_fatal:
            self.is_broken = True
            self._page.status = "error"
        text = f"{callback} raised {type(error).__name__}: {error}"
        whole = trace(error)
        self._outlet.log(3, f"{callback} raised {whole}")
        verdict = f"error budget spent: more than {budget.errors} errors in {budget.seconds:g} s"
        if is_fatal:
            self._outlet.log(3, verdict)
        self._outlet.deliver(
            self.stamped(
                "error",
                {
                    "message": f"{verdict}; the last: {text}" if is_fatal else text,
                    "callback": callback,
                    "errors_count": self._words[gauges.ERRORS],
                    "fatal": is_fatal,
                    "traceback": whole,
                },
            )
        )
        if callback != "on_error":
            self.run("on_error", lambda: self._strategy.on_error(error, callback, self.context))

    def stamped(self, msg_type: str, payload: JSON) -> JSON:
        """A message as this worker's generation says it. It stands there for the process's own name, also on trial."""
        names = self._page.names
        return envelope.message(msg_type, payload, worker_id=names.worker_id, generation=names.generation)

    def complain(self, text: str) -> None:
        """Logs something that may happen with every message, at a limited rate."""
        suppressed = self._complaints.admit(_now())
        if suppressed is not None:
            more = f" (and {suppressed} more like it were not logged)" if suppressed else ""
            self._outlet.log(2, text + more)

    # MARK: State

    def encoded_checkpoint(self, reason: str) -> bytes:
        """The strategy's state and where its topics stand, as the message that goes to the manager.

        Raises:
            StrategyError: when the state cannot be saved; what `on_save` raises.
        """
        found: List[Any] = []
        self._callback = "on_save"
        self._words[gauges.CALLBACK_START] = _now()
        self._words[gauges.CALLBACK] = _NUMBERS["on_save"]
        try:
            found.append(kit.save(self._strategy))
        finally:
            self._words[gauges.CALLBACK] = 0
            self._callback = ""
        payload = {
            "ordinal": (self.checkpointer.ordinal if self.checkpointer else 0) + 1,
            "positions": self.topics.positions,
            "state": found[0],
            "strategy": self.name,
            "reason": reason,
        }
        data = envelope.encode(self.stamped("checkpoint", payload))
        if len(data) > MAX_STATE_BYTES:
            size = len(envelope.text(found[0]).encode("utf-8", "replace"))
            if size > MAX_STATE_BYTES:
                raise StrategyError(
                    f"the state has {size} bytes as JSON, more than the {MAX_STATE_BYTES} (16 MiB) that can be saved; keep less in it"
                )
        return data

    def report_unsaved(self, error: Exception) -> None:
        """Says that the state could not be saved. The strategy goes on: after a crash it goes on from the last one that could."""
        self._page.count(gauges.ERRORS)
        reason = str(error) if isinstance(error, StrategyError) else trace(error)
        text = f"the state was not saved: {reason}"
        self.complain(text)
        self._outlet.deliver(
            self.stamped("error", {"message": text, "errors_count": self._words[gauges.ERRORS], "fatal": False})
        )

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
        self._callback = _DATA_CALLBACKS[kind]
        self._begin_message(
            self._processed, index + 1, sequence, event.receive_time, self.topics.handled_total, _now(), kind + 2
        )
        try:
            self._handlers[kind](event, self.context)
        except Exception as error:
            words[CALLBACK] = 0
            self._failed(error, _DATA_CALLBACKS[kind])
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

    # MARK: What the strategy asks for through its context

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


def _no_kind(event: Any, context: Context) -> None:
    """Stands where no kind has its number."""


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
