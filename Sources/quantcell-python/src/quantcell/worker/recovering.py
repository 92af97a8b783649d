"""What is got from the record."""

from __future__ import annotations

import time

from . import gauges
from .disk import Disk
from .limits import Moment
from .topics import Recovery

_now = time.monotonic_ns


class Recovering(Disk):
    """Gets what is missing, and handles it first."""

    def _recover(self, recovery: Recovery) -> None:
        """Gets what is missing; data is not read until it is there. What comes meanwhile waits in the socket, and what finds no room
        there makes the next hole."""
        self._recovery = recovery
        self.gauges.words[gauges.CATCHING_UP] = 1
        if self.runner is not None:
            self.runner.is_replaying = True
            self.runner.is_warming_up = recovery.purpose == "warm_up"
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        """Asks for what is still missing; ends the recovery when that is nothing."""
        recovery, runner = self._recovery, self.runner
        if recovery is None or runner is None:
            return
        missing = recovery.open
        if not missing or runner.is_broken:
            return self._end_recovery()
        if self._history is None:
            runner.lose(recovery.give_up("the manager keeps no record"), recovery.purpose)
            return self._end_recovery()
        self._history.ask(missing, _now())

    def _read_history(self) -> None:
        """Handles what is there of the record, but no longer than a moment."""
        history, runner, moment = self._history, self.runner, Moment()
        while history is not None and runner is not None:
            recovery = self._recovery
            # A callback may have led to the end of the recovery, or of the strategy.
            if recovery is None or not self._reads_history:
                return
            if runner.is_broken:
                return self._leave_recovery()
            kind, value = history.receive()
            if kind == "nothing":
                return
            if kind == "answer":
                recovery.begin(value)
            elif kind == "refused":
                self.log(2, f"recorded data cannot be had now: {value}")
            elif kind == "message":
                runner.replay(value[0], value[1], recovery)
                if runner.checkpointer is not None and runner.checkpointer.is_full:
                    self._save_if_due()
            else:
                self._reach("worker.replay.chunk")
                runner.lose(recovery.end(), recovery.purpose)
                self._ask_for_more()
            if not self._goes_on(moment):
                return

    def _leave_recovery(self) -> None:
        """Asks and handles no more. What a strategy has given up on is not lost: it is still in the record."""
        self._recovery = None
        self.gauges.words[gauges.CATCHING_UP] = 0
        if self.runner is not None:
            self.runner.is_replaying = self.runner.is_warming_up = False

    def _end_recovery(self) -> None:
        purpose = self._recovery.purpose if self._recovery is not None else ""
        self._leave_recovery()
        if purpose == "gap":
            in_hand, self._in_hand = self._in_hand, None
            if in_hand is not None and self.runner is not None:
                self._handle(self.runner, *in_hand)
        elif purpose == "catch_up":
            self.log(1, f"caught up after {self.gauges.words[gauges.REPLAYED]} messages")
        elif purpose == "warm_up":
            self._want_checkpoint("start")
        elif purpose == "sandbox" and self.phase == "sandboxed" and self.runner is not None:
            self._end_sandbox(self.runner)
