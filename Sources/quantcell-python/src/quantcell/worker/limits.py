"""Budgets, leases and timers. Time is handed in, in nanoseconds of a clock that never goes back."""

from __future__ import annotations

import collections
import time
from typing import Deque, Dict, List, Optional

from ..errors import StrategyError

SECOND = 1_000_000_000
NEVER = 1 << 62


class ErrorBudget:
    """How many errors a strategy may make within a sliding window before it is stopped."""

    def __init__(self, errors: int = 10, seconds: float = 60.0) -> None:
        self.errors = max(errors, 0)
        self.seconds = seconds
        self._window = int(seconds * SECOND)
        self._times: Deque[int] = collections.deque()

    def spend(self, now: int) -> bool:
        """Counts an error and says whether it is beyond the budget."""
        while self._times and now - self._times[0] >= self._window:
            self._times.popleft()
        if len(self._times) >= self.errors:
            return True
        self._times.append(now)
        return False


class RateLimit:
    """Lets through so many happenings in a window of time, and counts the others."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._window = int(seconds * SECOND)
        self._start: Optional[int] = None
        self._admitted = 0
        self._suppressed = 0

    def admit(self, now: int) -> Optional[int]:
        """How many were turned away since the last one that was let through; `None` turns this one away too."""
        if self._start is None or now - self._start >= self._window:
            self._start, self._admitted = now, 0
        if self._admitted >= self._limit:
            self._suppressed += 1
            return None
        self._admitted += 1
        suppressed, self._suppressed = self._suppressed, 0
        return suppressed


class ResendTimer:
    """Decides when what was sent and not confirmed is sent again: after 5 s, then twice as long each time, up to a minute."""

    _SHORTEST = 5 * SECOND
    _LONGEST = 60 * SECOND

    def __init__(self, now: int) -> None:
        self._since = now
        self._delay = self._SHORTEST

    def progressed(self, now: int) -> None:
        """Something was confirmed, or was sent when nothing else waited for it."""
        self._since, self._delay = now, self._SHORTEST

    def is_due(self, now: int) -> bool:
        """Whether to send again now."""
        if now - self._since < self._delay:
            return False
        self._since = now
        self._delay = min(self._delay * 2, self._LONGEST)
        return True


class ManagerLease:
    """Decides when to ask the manager whether it is there, and when it has been away for too long.

    Where nobody looked for a while, since the process was stopped or in a long callback, silence proves nothing: the manager then gets
    one full interval to answer first.
    """

    _MAX_GRACES = 10

    def __init__(self, seconds: float, now: int) -> None:
        self._length = seconds
        #: Whether no strategy has been started yet.
        self.is_spare = True
        self._unanswered_since: Optional[int] = None
        self._last_look = self._last_ask = self._no_verdict_before = now
        self._graces = 0

    @property
    def length(self) -> float:
        """How long the manager may be away, in seconds."""
        return self._length

    @length.setter
    def length(self, seconds: float) -> None:
        self._length = min(max(seconds, 1.0), 365 * 86400.0)

    @property
    def interval(self) -> int:
        """How often the manager is asked: a sixth of the lease, but 0.2 s to 10 s, and for a spare every 3 s at least."""
        return int(min(max(self._length / 6, 0.2), 3 if self.is_spare else 10) * SECOND)

    @property
    def _end(self) -> int:
        if self._unanswered_since is None:
            return NEVER
        return max(self._unanswered_since + int(self._length * SECOND), self._no_verdict_before)

    @property
    def next_look(self) -> int:
        """When to look again."""
        return min(self._last_ask + self.interval, self._end)

    def heard(self) -> None:
        """Takes note that the manager has said something."""
        self._unanswered_since = None
        self._graces = 0

    def look(self, now: int) -> str:
        """`wait`, `ask` when it is time to say that this worker is here, `over` when the manager has been away for too long."""
        late = now - self._last_look > 2 * self.interval
        self._last_look = now
        if late and self._graces < self._MAX_GRACES:
            self._graces += 1
            self._no_verdict_before = now + self.interval
            return self._ask(now)
        if now > self._end:
            return "over"
        return self._ask(now) if now >= self._last_ask + self.interval else "wait"

    def _ask(self, now: int) -> str:
        self._last_ask = now
        if self._unanswered_since is None:
            self._unanswered_since = now
        return "ask"


class Timers:
    """A strategy's timers: which is due, and when the next one is."""

    MAX = 1000

    def __init__(self) -> None:
        # By name: interval and when it is due.
        self._timers: Dict[str, List[int]] = {}
        #: When the next timer is due.
        self.next_due = NEVER

    def set(self, name: str, seconds: float, now: int) -> None:
        """Sets a timer, in place of the one of that name.

        Raises:
            StrategyError: when the interval is out of range or there are too many.
        """
        if not 0.001 <= seconds <= 365 * 86400:
            raise StrategyError(f"timer '{name}': an interval must be 1 ms to 365 days, not {seconds} s")
        if name not in self._timers and len(self._timers) >= self.MAX:
            raise StrategyError(f"timer '{name}': there are {self.MAX} timers already")
        interval = int(seconds * SECOND)
        self._timers[name] = [interval, now + interval]
        self._find_next()

    def cancel(self, name: str) -> None:
        """Stops the timer of that name."""
        self._timers.pop(name, None)
        self._find_next()

    def take_due(self, now: int) -> Optional[str]:
        """Takes the timer that has been due the longest and sets it for its next time that is still to come."""
        if self.next_due > now:
            return None
        name, timer = min(self._timers.items(), key=lambda item: item[1][1])
        # Times that have passed are left out: a timer that could not run for an hour must not run a thousand times now.
        timer[1] += (1 + (now - timer[1]) // timer[0]) * timer[0]
        self._find_next()
        return name

    def restart(self, now: int) -> None:
        """Sets every timer anew, as after a pause."""
        for timer in self._timers.values():
            timer[1] = now + timer[0]
        self._find_next()

    def _find_next(self) -> None:
        self.next_due = min((timer[1] for timer in self._timers.values()), default=NEVER)


class Moment:
    """How long one kind of work may go on before the others get their turn: 20 ms."""

    _LENGTH = 20_000_000

    def __init__(self) -> None:
        self._end = time.monotonic_ns() + self._LENGTH

    def goes_on(self) -> bool:
        """Whether there is time for more."""
        return time.monotonic_ns() < self._end
