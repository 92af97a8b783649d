"""Signals and checkpoints on their way to the disk. Knows no sockets."""

from __future__ import annotations

import collections
from typing import Deque, NamedTuple, Optional

from .limits import NEVER, SECOND

#: The largest state, bytes of JSON.
MAX_STATE_BYTES = 16 << 20


class SignalOutbox:
    """Signals that are not on disk yet, numbered from 1 without a hole: sent in order, and again when the manager asks for it."""

    MAX_SIGNALS = 10_000
    MAX_BYTES = 16 << 20

    def __init__(self) -> None:
        self._waiting: Deque[bytes] = collections.deque()
        self._sent = 0
        self._bytes = 0
        #: All signals up to this number are on disk.
        self.recorded = 0
        #: Whether a signal was given up: no state that comes after it may be saved.
        self.has_dropped = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def last(self) -> int:
        """The number of the last signal."""
        return self.recorded + len(self._waiting)

    @property
    def has_unsent(self) -> bool:
        """Whether one has not been sent, or is to be sent again."""
        return self._sent < len(self._waiting)

    def has_room(self, size: int) -> bool:
        """Whether a signal of so many bytes may be added. An empty outbox takes any."""
        waiting = len(self._waiting)
        return waiting == 0 or (waiting < self.MAX_SIGNALS and self._bytes + size <= self.MAX_BYTES)

    def append(self, signal: bytes) -> None:
        """Adds a signal whose number is `last` plus 1."""
        self._waiting.append(signal)
        self._bytes += len(signal)

    @property
    def next_unsent(self) -> Optional[bytes]:
        """The next signal to send."""
        return self._waiting[self._sent] if self.has_unsent else None

    def sent(self) -> None:
        """The next signal has been sent."""
        self._sent = min(self._sent + 1, len(self._waiting))

    def take_recorded(self, number: int) -> bool:
        """All signals up to `number` are on disk; `False` when that was known."""
        count = min(number - self.recorded, len(self._waiting))
        if count <= 0:
            return False
        for _ in range(count):
            self._bytes -= len(self._waiting.popleft())
        self._sent = max(self._sent - count, 0)
        self.recorded += count
        return True

    def rewind(self, number: int = 0) -> bool:
        """Sends again from `number` on, at the latest from the first that was never sent.

        Returns:
            `False` when that one is on disk as far as the worker was told, and so is not here any more.
        """
        self._sent = min(self._sent, max(number - self.recorded - 1, 0))
        return number == 0 or number > self.recorded


class Policy(NamedTuple):
    """When a checkpoint is due, if anything was handled since the last one."""

    messages: int = 1000
    interval: int = 5 * SECOND


class Checkpointer:
    """Decides when a strategy's state is saved, and follows one checkpoint at a time until it is on disk.

    A checkpoint leaves the worker only when every signal that was emitted before it is on disk: else a crash could leave a state behind
    that says they were emitted, while they were not.
    """

    def __init__(self, policy: Policy, ordinal: int, now: int) -> None:
        self.policy = policy
        #: The last checkpoint that was taken.
        self.ordinal = ordinal
        self._outgoing: Optional[bytes] = None
        self._is_sent = False
        self._signals = 0
        self._wanted: Optional[str] = None
        #: Messages since the last one.
        self.messages = 0
        self.is_touched = False
        self._last_taken = now

    @property
    def is_settled(self) -> bool:
        """Whether nothing is on its way, or wanted."""
        return self._outgoing is None and self._wanted is None

    @property
    def is_full(self) -> bool:
        """Whether enough messages have been handled. To be asked after each of them."""
        return self.messages >= self.policy.messages and self._outgoing is None

    def want(self, reason: str) -> None:
        """Asks for a checkpoint as soon as the last one is on disk, whatever the policy says."""
        self._wanted = reason

    def due(self, now: int) -> Optional[str]:
        """Why a checkpoint is to be taken now; `None` when none is."""
        if self._outgoing is not None:
            return None
        if self._wanted is not None or not self.is_touched:
            return self._wanted
        if self.messages >= self.policy.messages:
            return "messages"
        return "interval" if now - self._last_taken >= self.policy.interval else None

    @property
    def next_due(self) -> int:
        """When the next checkpoint is due by time alone."""
        return self._last_taken + self.policy.interval if self._outgoing is None and self.is_touched else NEVER

    def take(self, data: bytes, signals: int, now: int) -> None:
        """Takes a checkpoint with the ordinal that comes next; `signals` is the number of the last signal before it."""
        self.ordinal += 1
        self._outgoing, self._is_sent, self._signals = data, False, signals
        self.failed(now)

    def failed(self, now: int) -> None:
        """No checkpoint could be made; the next one is due as if there had been one."""
        self._wanted = None
        self.messages = 0
        self.is_touched = False
        self._last_taken = now

    def to_send(self, recorded_signals: int) -> Optional[bytes]:
        """The checkpoint to send now."""
        return None if self._is_sent or self._signals > recorded_signals else self._outgoing

    def sent(self) -> None:
        """It has been sent."""
        self._is_sent = True

    def take_recorded(self, ordinal: int) -> bool:
        """It is on disk; `False` when it is not the one that is on its way."""
        if self._outgoing is None or not self._is_sent or ordinal != self.ordinal:
            return False
        self._outgoing = None
        return True

    def rewind(self) -> None:
        """Sends again what is not on disk."""
        self._is_sent = False
