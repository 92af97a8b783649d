"""Market data from the data socket."""

from __future__ import annotations

import time
from typing import Dict

import zmq

from . import gauges
from .limits import Moment
from .recovering import Recovering
from .runner import StrategyRunner
from .topics import Recovery

_now = time.monotonic_ns


class Feeding(Recovering):
    """Hands it to the strategy, in order."""

    @property
    def _reads_data(self) -> bool:
        return self.phase == "joining" or (self.phase == "running" and self._recovery is None)

    def _read_data(self) -> None:
        """Handles what is there, but no longer than a moment: commands and timers must not wait behind a flood of data."""
        runner = self.runner
        if runner is None:
            return
        if self.phase == "running" and runner.delivery == "conflate":
            return self._read_latest(runner)
        moment, receive, sync, handled = Moment(), self._data.recv_multipart, self._sync_frame, 0
        while self._reads_data:
            try:
                frames = receive(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(frames) != 2:
                self.gauges.count(gauges.UNREADABLE)
            elif frames[0] == sync:
                self._take_marker(frames[1])
            elif self.phase == "running":
                # What comes before the marker was published before the worker had joined.
                self._handle(runner, frames[0], frames[1])
            handled += 1
            if handled % 16 == 0 and not self._goes_on(moment):
                return

    def _handle(self, runner: StrategyRunner, topic: bytes, body: bytes) -> None:
        hole = runner.handle(topic, body)
        if hole is not None:
            self._in_hand = (topic, body)
            self._recover(Recovery("gap", hole, runner.topics))
        elif runner.checkpointer is not None and runner.checkpointer.is_full:
            self._save_if_due()

    def _read_latest(self, runner: StrategyRunner) -> None:
        """Takes all that is there, and handles the latest message of each topic."""
        latest: Dict[bytes, bytes] = {}
        moment = Moment()
        while moment.goes_on():
            try:
                frames = self._data.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            if len(frames) != 2:
                self.gauges.count(gauges.UNREADABLE)
            elif frames[0] == self._sync_frame:
                self._take_marker(frames[1])
            elif runner.find(frames[0]) is not None:
                # In the order in which the latest ones came.
                latest.pop(frames[0], None)
                latest[frames[0]] = frames[1]
        for topic, body in latest.items():
            if self._is_told_to_stop or self._is_abandoned or self.phase != "running":
                return
            runner.handle(topic, body)
        self._save_if_due()
