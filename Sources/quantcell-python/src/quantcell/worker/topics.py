"""The topics that a strategy asked for, where each stands, and what is got from the record. Knows no sockets."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..errors import StrategyError
from ..wire.codec import decoder
from ..wire.envelope import whole
from ..wire.topic import Decoder, Topic

MAX_TOPICS = 10_000
_UNNAMED = "missing in the record"


class Entry:
    """One topic. It stays when it is not wanted any more, so that its index is good for the table's life."""

    __slots__ = ("data_type", "decode", "event_time", "frame", "index", "is_subscribed", "kind", "last", "name", "symbol")

    def __init__(self, index: int, topic: Topic) -> None:
        self.index = index
        self.symbol, self.data_type = topic
        self.kind = topic.kind or 0
        self.name = str(topic)
        self.frame = self.name.encode()
        self.decode: Decoder = decoder(topic)
        self.is_subscribed = True
        #: The last sequence handled; `None` while it is not known where the stream stands.
        self.last: Optional[int] = None
        #: Event time of the last message handled.
        self.event_time = -(1 << 63)


class TopicTable:
    """ZeroMQ matches prefixes; this matches whole topics, so that `market.X.kline` does not bring in `market.X.kline_1m`."""

    def __init__(self) -> None:
        self.by_frame: Dict[bytes, Entry] = {}
        #: The sum of the sequences up to which the subscribed topics have been handled.
        self.handled_total = 0

    def __len__(self) -> int:
        return len(self.by_frame)

    @property
    def subscribed(self) -> List[Entry]:
        """Those that are wanted, in the order of their indices."""
        return [entry for entry in self.by_frame.values() if entry.is_subscribed]

    def find(self, name: str) -> Optional[Entry]:
        """The entry of a subscribed topic."""
        entry = self.by_frame.get(name.encode())
        return entry if entry is not None and entry.is_subscribed else None

    def subscribe(self, topic: Topic) -> Tuple[Optional[Entry], bool]:
        """Adds a topic, or takes one in again; no entry when it is subscribed to already. Says whether the entry is a new one."""
        frame = str(topic).encode()
        entry = self.by_frame.get(frame)
        if entry is None:
            entry = self.by_frame[frame] = Entry(len(self.by_frame), topic)
            return entry, True
        if entry.is_subscribed:
            return None, False
        entry.is_subscribed, entry.last, entry.event_time = True, None, -(1 << 63)
        return entry, False

    def unsubscribe(self, topic: Topic) -> Optional[Entry]:
        """Takes a topic out."""
        entry = self.find(str(topic))
        if entry is not None:
            entry.is_subscribed = False
            self.handled_total -= entry.last or 0
        return entry

    def advance(self, entry: Entry, sequence: int) -> None:
        """Says that the topic stands at `sequence`: it was handled, or the worker joined there, or it is known to be lost."""
        self.handled_total += sequence - (entry.last or 0)
        entry.last = sequence

    @property
    def positions(self) -> Dict[str, int]:
        """Where each subscribed topic stands, as far as that is known."""
        return {entry.name: entry.last for entry in self.subscribed if entry.last is not None}


def checked(symbol: str, data_type: str) -> Topic:
    """A topic that a callback handles.

    Raises:
        StrategyError: when it is none.
    """
    try:
        topic = Topic.of(symbol, data_type)
    except (ValueError, TypeError, AttributeError) as error:
        raise StrategyError(str(error)) from None
    if topic.kind is None:
        raise StrategyError(
            f"no callback handles data of type '{data_type}': its name must begin with kline, bar, tick, trade, quote, depth or "
            "order_book"
        )
    return topic


class Range(NamedTuple):
    """A run of one topic's messages, both ends included."""

    topic: str
    first: int
    last: int

    @classmethod
    def read(cls, value: Any) -> Optional[Range]:
        """Reads `{"topic","from","to"}`."""
        if not isinstance(value, dict):
            return None
        topic, first, last = value.get("topic"), whole(value.get("from")), whole(value.get("to"))
        if not isinstance(topic, str) or first is None or last is None or not 1 <= first <= last:
            return None
        return cls(topic, first, last)

    @property
    def json(self) -> Dict[str, Any]:
        """As the protocol writes it."""
        return {"topic": self.topic, "from": self.first, "to": self.last}


class Loss(NamedTuple):
    """A run of one topic that the record does not have."""

    entry: Entry
    first: int
    last: int
    reason: str


class Recovery:
    """Gets ranges of topics from the record: says what to ask for, puts what comes in order, and names what is lost.

    Every message of a range is handled once, in order, or is named as lost, once.

    Args:
        purpose: `gap` (a hole was seen), `catch_up` (what was published while the strategy was not there), `warm_up`, `sandbox`.
        targets: The last sequence to get of each topic.
    """

    def __init__(self, purpose: str, targets: Dict[Entry, int], topics: TopicTable) -> None:
        self.purpose = purpose
        self._targets = dict(sorted(targets.items(), key=lambda item: item[0].index))
        self._topics = topics
        self._named: Dict[Entry, List[Loss]] = {}
        self._has_more = False
        self._has_progressed = False

    @property
    def open(self) -> List[Range]:
        """What is still to be had; empty when all is done."""
        return [Range(entry.name, first, last) for entry, first, last in self._open]

    @property
    def _open(self) -> List[Tuple[Entry, int, int]]:
        spans = ((entry, (entry.last or 0) + 1, last) for entry, last in self._targets.items())
        return [(entry, first, last) for entry, first, last in spans if entry.is_subscribed and first <= last]

    def begin(self, payload: Dict[str, Any]) -> None:
        """Takes the beginning of an answer."""
        self._has_more = payload.get("more") is True
        self._has_progressed = False
        self._named = {}
        lost = payload.get("lost")
        for item in lost if isinstance(lost, list) else []:
            span = Range.read(item)
            entry = self._topics.find(span.topic) if span else None
            if span is None or entry is None:
                continue
            reason = item.get("reason")
            loss = Loss(entry, span.first, span.last, reason if isinstance(reason, str) else "not recorded")
            self._named.setdefault(entry, []).append(loss)
        for losses in self._named.values():
            losses.sort(key=lambda loss: loss.first)

    def arrive(self, sequence: int, entry: Entry) -> Tuple[List[Loss], bool]:
        """Takes a message of the answer.

        Returns:
            What is lost before it, and whether it is to be handled; when not, it was not asked for or came before.
        """
        target = self._targets.get(entry)
        due = (entry.last or 0) + 1
        if target is None or not due <= sequence <= target:
            return [], False
        self._has_progressed = True
        self._topics.advance(entry, sequence)
        return [] if sequence == due else self._losses(entry, due, sequence - 1), True

    def end(self) -> List[Loss]:
        """Takes the end of the answer, and returns what is lost now; `open` says what to ask for next."""
        lost: List[Loss] = []
        for entry, first, last in self._open:
            # Where the answer goes on, only what is named right here is known to be lost.
            due = first
            for loss in self._named.get(entry, []):
                if due <= last and loss.first <= due <= loss.last:
                    until = min(loss.last, last)
                    lost.append(Loss(entry, due, until, loss.reason))
                    due = until + 1
            if due > first:
                self._topics.advance(entry, due - 1)
        if self._has_more and (self._has_progressed or lost):
            return lost
        # An answer that ends here, or one that says there is more and brings nothing, has nothing to wait for.
        for entry, first, last in self._open:
            lost += self._losses(entry, first, last)
            self._topics.advance(entry, last)
        return lost

    def give_up(self, reason: str) -> List[Loss]:
        """Gives up what is still to be had."""
        lost = [Loss(entry, first, last, reason) for entry, first, last in self._open]
        for loss in lost:
            self._topics.advance(loss.entry, loss.last)
        return lost

    def _losses(self, entry: Entry, first: int, last: int) -> List[Loss]:
        """The range, cut where the reason changes."""
        lost: List[Loss] = []
        due = first
        for loss in self._named.get(entry, []):
            if loss.last < due or loss.first > last or due > last:
                continue
            if loss.first > due:
                lost.append(Loss(entry, due, loss.first - 1, _UNNAMED))
                due = loss.first
            until = min(loss.last, last)
            lost.append(Loss(entry, due, until, loss.reason))
            due = until + 1
        if due <= last:
            lost.append(Loss(entry, due, last, _UNNAMED))
        return lost
