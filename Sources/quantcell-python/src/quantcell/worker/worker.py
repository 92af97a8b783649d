"""One worker process: connected and idle until it is told to become a strategy, then that strategy until it is stopped."""

from __future__ import annotations

import os
import time
from typing import Any, List, NoReturn, Tuple

import zmq

from . import log
from .base import REFUSED, HeartbeatEnded
from .commands import Commands
from .limits import NEVER

_now = time.monotonic_ns


#: The sockets, or the heartbeat, failed.
FAILED = 70


class Worker(Commands):
    """One thread does everything but heartbeats: it waits for commands, data, timers and SIGTERM, and runs the callbacks.

    `phase` says where the worker is in its life: `spare` waits for `start`; `joining` has made the strategy and waits for the marker that
    ends the join; `settling` warms it up and has its first state saved; `sandboxed` runs it on recorded data; `running`, `paused`;
    `standing` handles nothing while new code takes over, from this process or in it; `refused` waits to be told to stop, so that the
    reason is read first; `finishing` has the last things put on disk; `ended`.

    It is made of parts, one file each, every one of which knows those before it: `base`, `disk`, `recovering`, `feeding`, `life`,
    `handover`, `commands`.
    """

    def run(self) -> int:
        """Works until told to stop, and returns the exit code.

        Raises:
            zmq.ZMQError: when a socket fails in a way that is not to be expected.
            HeartbeatEnded: when the heartbeat's process is gone.
        """
        self.control.say_hello()
        while self.phase != "ended":
            if self.phase == "refused" and self._until <= _now():
                return REFUSED
            ready = dict(zmq.zmq_poll(self._items(), self._timeout))
            if self.heartbeat.ended in ready:
                raise HeartbeatEnded("the process that sends heartbeats has ended")
            if self._wakeup in ready:
                os.read(self._wakeup, 4096)
            if self._is_told_to_stop and self.phase != "ended":
                self._is_told_to_stop = False
                self.stop("SIGTERM")
                continue
            self._read_control()
            if self._reads_history:
                self._read_history()
            if self._reads_data and self._data in ready:
                self._read_data()
            if self.phase == "running" and self.runner is not None:
                self.runner.run_timers()
            self._end_trial_if_over()
            self._keep_on_disk()
            self._keep_in_touch()
        return self.exit_code

    def _items(self) -> List[Tuple[Any, int]]:
        items: List[Tuple[Any, int]] = [
            (self._wakeup, zmq.POLLIN), (self.heartbeat.ended, zmq.POLLIN), (self.control.socket, zmq.POLLIN),
        ]  # fmt: skip
        if self._reads_history and self._history is not None:
            items.append((self._history.socket, zmq.POLLIN))
        if self._reads_data:
            items.append((self._data, zmq.POLLIN))
        return items

    @property
    def _timeout(self) -> int:
        """Up to what is due next, milliseconds; rounded up so that the wait does not end before it."""
        history, runner, now = self._history, self.runner, _now()
        if self.control.backlog or (self._reads_history and history is not None and history.is_reading):
            return 0
        due = min(self.control.lease.next_look, self._until, self._next_on_disk(now))
        if self.phase == "running" and runner is not None and not runner.is_broken:
            due = min(due, runner.timers.next_due, self._trial_end)
        if self._reads_history and history is not None:
            due = min(due, history.next_look or NEVER)
        return int(min(max((due - now + 999_999) // 1_000_000, 0), 1 << 30))

    def _keep_in_touch(self) -> None:
        if self.phase == "ended" or self._is_abandoned or self.control.keep_in_touch():
            return
        # Once a message has been dropped for it there is no way back.
        self._is_abandoned = True
        self.stop(f"the manager has been away for {self.control.lease.length:g} s")


def leave(code: int) -> NoReturn:
    """Ends the process at once: what a strategy has left running, such as a thread, must not keep it."""
    log.flush()
    os._exit(code)
