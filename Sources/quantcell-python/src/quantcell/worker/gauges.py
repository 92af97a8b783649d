"""What the strategy's process leaves for the heartbeat's process to tell: a page of memory that both have.

Only the strategy's process writes. Each number is one aligned word, so it is right by itself; two of them may be one message apart.
Text (names of topics, whom the worker speaks for) lies behind the numbers, under a version that is odd while it is being written.
"""

from __future__ import annotations

import functools
import json
import mmap
import os
import struct
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

STATUSES = ("initialized", "starting", "running", "paused", "stopping", "error", "reloading")

#: The callbacks, by the names that their author knows; a gauge holds the place among them, from 1.
CALLBACKS = (
    "on_init", "on_start", "on_bar", "on_tick", "on_trade", "on_quote", "on_depth", "on_timer", "on_params", "on_pause",
    "on_resume", "on_stop", "on_error", "on_gap", "on_save", "on_load", "loading the file",
)  # fmt: skip

#: Topics whose positions a heartbeat tells.
MAX_POSITIONS = 64

# The words of the page. The first ones are written together for each message, the callback last: see `begin_message`.
(
    PROCESSED, LAST_TOPIC, LAST_SEQUENCE, LAST_RECEIVE, HANDLED_TOTAL, CALLBACK_START, CALLBACK,
    STATUS, SIGNALS, ERRORS, LOST, DROPPED, CONFLATED, REPLAYED, LATE, REPEATED, UNREQUESTED, UNREADABLE, SUPPRESSED,
    PENDING, CATCHING_UP, INTERVAL, VERSION,
) = range(23)  # fmt: skip
_MESSAGE = struct.Struct("@7q")
POSITIONS = 24

_COUNTERS = {
    "messages_processed": PROCESSED, "signals_emitted": SIGNALS, "errors_count": ERRORS, "messages_lost": LOST,
    "messages_dropped": DROPPED, "messages_conflated": CONFLATED, "messages_replayed": REPLAYED, "messages_late": LATE,
    "messages_repeated": REPEATED, "messages_unrequested": UNREQUESTED, "messages_unreadable": UNREADABLE,
    "signals_suppressed": SUPPRESSED, "signals_pending": PENDING, "handled_receive_ns": LAST_RECEIVE,
    "last_sequence": LAST_SEQUENCE, "handled_total": HANDLED_TOTAL,
}  # fmt: skip
_TEXT = 8 * (POSITIONS + MAX_POSITIONS)
_SIZE = 32 << 10
_LENGTH = struct.Struct("<I")
#: Topics have at most 104 bytes, a path at most 4,096.
_MAX_TEXT = _SIZE - _TEXT - _LENGTH.size


class Names(NamedTuple):
    """The text of the page."""

    worker_id: str
    generation: int
    #: The file that output goes to; empty for that of the start.
    log_path: str
    #: The first topics, in the order of their positions.
    topics: Tuple[str, ...]


class Gauges:
    """The page. It is made before the process is forked."""

    def __init__(self, worker_id: str, generation: int, identity: str) -> None:
        self._page = mmap.mmap(-1, _SIZE)
        #: The words, as one writes and reads them.
        self.words = memoryview(self._page).cast("q")
        self.identity = identity
        #: Writes what is said of a message that is about to be handled: the words from `PROCESSED` to `CALLBACK`.
        self.begin_message: Callable[..., None] = functools.partial(_MESSAGE.pack_into, self._page, 0)
        self._names = Names(worker_id, generation, "", ())
        self.words[INTERVAL] = 1_000_000_000
        for index in range(MAX_POSITIONS):
            self.words[POSITIONS + index] = -1
        self._write(self._names)

    # MARK: From the strategy's process

    @property
    def names(self) -> Names:
        """As whom the worker speaks."""
        return self._names

    def rename(self, **changes: Any) -> None:
        """Changes some of the text."""
        self._write(self._names._replace(**changes))

    def add_topic(self, name: str) -> None:
        """Names the next topic."""
        if len(self._names.topics) < MAX_POSITIONS:
            self.rename(topics=(*self._names.topics, name))

    @property
    def status(self) -> str:
        """What the worker is doing."""
        return STATUSES[self.words[STATUS]]

    @status.setter
    def status(self, status: str) -> None:
        self.words[STATUS] = STATUSES.index(status)

    def count(self, counter: int, amount: int = 1) -> None:
        """Counts."""
        self.words[counter] += amount

    def stands(self, index: int, sequence: Optional[int]) -> None:
        """Says where a topic stands; `None` when it is not subscribed to, or nothing is known yet."""
        if index < MAX_POSITIONS:
            self.words[POSITIONS + index] = -1 if sequence is None else sequence

    def _write(self, names: Names) -> None:
        data = json.dumps(names).encode()
        if len(data) > _MAX_TEXT:
            data = json.dumps(names._replace(topics=())).encode()
        self._names = names
        self.words[VERSION] += 1
        _LENGTH.pack_into(self._page, _TEXT, len(data))
        self._page[_TEXT + _LENGTH.size : _TEXT + _LENGTH.size + len(data)] = data
        self.words[VERSION] += 1

    # MARK: From the heartbeat's process

    def read_names(self) -> Names:
        """The text, as of now or a moment ago."""
        for _ in range(100):
            before = self.words[VERSION]
            (length,) = _LENGTH.unpack_from(self._page, _TEXT)
            data = self._page[_TEXT + _LENGTH.size : _TEXT + _LENGTH.size + min(length, _MAX_TEXT)]
            if before % 2 == 0 and before == self.words[VERSION]:
                worker_id, generation, log_path, topics = json.loads(data)
                self._names = Names(worker_id, generation, log_path, tuple(topics))
                break
            # The other process may need this processor to get to the end of it.
            os.sched_yield()
        # The strategy's process may have died, or stand still, while it wrote: then what was read last is as good as it gets.
        return self._names

    def callback(self, now: int) -> Tuple[Optional[str], float]:
        """The callback that runs, and since how many seconds."""
        number = self.words[CALLBACK]
        if not 1 <= number <= len(CALLBACKS):
            return None, 0.0
        return CALLBACKS[number - 1], max(now - self.words[CALLBACK_START], 0) / 1e9

    def heartbeat(self, now: int) -> Dict[str, Any]:
        """The payload of a heartbeat; `read_names` has read the names before."""
        words, topics = self.words, self._names.topics
        payload: Dict[str, Any] = {name: words[word] for name, word in _COUNTERS.items()}
        callback, seconds = self.callback(now)
        last = words[LAST_TOPIC] - 1
        payload.update(
            status=STATUSES[words[STATUS]],
            identity=self.identity,
            messages_missed=words[LOST] + words[DROPPED],
            mode="catching_up" if words[CATCHING_UP] else "live",
            positions=self._positions(topics),
            last_topic=topics[last] if 0 <= last < len(topics) else None,
            callback=callback,
            callback_seconds=seconds,
        )
        return payload

    def _positions(self, topics: Tuple[str, ...]) -> Dict[str, int]:
        known: List[Tuple[str, int]] = [(topic, self.words[POSITIONS + i]) for i, topic in enumerate(topics)]
        return {topic: sequence for topic, sequence in known if sequence >= 0}
