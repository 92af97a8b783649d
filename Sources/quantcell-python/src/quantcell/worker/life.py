"""From spare to running strategy, and to the end."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

import zmq

from ..errors import ProtocolError, StrategyError, WorkerFailure
from ..wire import envelope
from ..wire.envelope import JSON, sequences
from . import gauges, system
from .base import REFUSED
from .feeding import Feeding
from .limits import SECOND
from .loader import load
from .order import StartOrder
from .runner import StrategyRunner

_now = time.monotonic_ns


_PATIENCE = 2 * SECOND


class Life(Feeding):
    """Starts the strategy, joins its topics, and stops it."""

    def _begin(self, message: JSON) -> None:
        """Becomes the strategy that `message` names, up to the request for the marker; or refuses, and ends."""
        try:
            order = StartOrder.read(message)
            if order.log_path:
                self._log.open(order.log_path)
            self.control.lease.is_spare = False
            self.gauges.rename(worker_id=order.worker_id, generation=order.generation, log_path=order.log_path or "")
            self.gauges.status = "starting"
            system.set_title(order.worker_id)
            if order.heartbeat_seconds is not None:
                self.heartbeat.set_interval(order.heartbeat_seconds)
            self.control.answer(message, "accepted")
            self._is_sandboxed = order.is_sandboxed
            self._trial = order.sandbox.trial if order.sandbox is not None else None
            self._held = order.held
            runner = self._host(order)
            self._reach("worker.start.hosted")
            if order.sandbox is not None and order.is_sandboxed:
                recovery = runner.sandbox(order.sandbox)
                runner.checkpointer = None
                self._run(message)
                self.phase = "sandboxed"
                self._recover(recovery)
            else:
                self._data.setsockopt(zmq.SUBSCRIBE, self._sync_frame)
                self._start = message
                self.phase = "joining"
                self._ask_for_marker()
        except (StrategyError, WorkerFailure) as error:
            self._refuse(message, error)

    def _host(self, order: StartOrder) -> StrategyRunner:
        runner = self.runner = StrategyRunner(self._loaded(order.path), order, self.gauges, self)
        # What a strategy goes on from has warmed it up already.
        self._warmup = order.warmup if order.checkpoint is None and not order.positions else 0
        runner.goes_on_from_history = self._warmup == 0 and runner.delivery == "lossless"
        if order.sandbox is not None:
            runner.begin_at(order.sandbox.ranges)
        runner.start()
        if self._trial is not None:
            runner.checkpointer = None
        return runner

    def _loaded(self, path: str) -> Any:
        words = self.gauges.words
        words[gauges.CALLBACK_START] = _now()
        words[gauges.CALLBACK] = len(gauges.CALLBACKS)
        try:
            return load(path)
        finally:
            words[gauges.CALLBACK] = 0

    def _refuse(self, start: JSON, error: Exception) -> None:
        """Refuses the start, and waits to be stopped."""
        self.log(3, f"refused: {error}")
        details = {"final": True} if isinstance(error, WorkerFailure) and error.is_final else {}
        self.control.answer(start, "refused", reason=str(error), **details)
        self.phase = "refused"
        self._until = _now() + SECOND

    def _ask_for_marker(self) -> None:
        topics = [entry.name for entry in self.runner.topics.subscribed] if self.runner is not None else []
        request = envelope.message("sync", {"topics": topics})
        self._sync_id = request["msg_id"]
        self.control.send(request)

    def _take_marker(self, body: bytes) -> None:
        """Takes the marker that was asked for: it comes behind all data that has not been lost."""
        runner = self.runner
        try:
            marker = envelope.decode(body)
        except ProtocolError:
            marker = {}
        if runner is None or self._sync_id is None or marker.get("reply_to") != self._sync_id:
            return
        self._sync_id = None
        positions = sequences(marker["payload"].get("topics")) or {}
        if self.phase == "joining":
            self._join(runner, positions)
        else:
            missed = runner.join(positions)
            if missed is not None:
                self._recover(missed)

    def _join(self, runner: StrategyRunner, positions: Dict[str, int]) -> None:
        """From here on the strategy gets every message of its topics."""
        is_fresh = runner.checkpointer is None or runner.checkpointer.ordinal == 0
        missed = runner.join(positions)
        self.phase = "settling"
        self._reach("worker.start.joined")
        if self._trial is not None:
            self._trial_end = _now() + self._trial.length
        if self._held is not None:
            self._stand(self._start, self._held)
        elif self._warmup > 0:
            self.log(1, f"warming up with the last {self._warmup} messages of {len(runner.topics.subscribed)} topics")
            self._recover(runner.warm_up(self._warmup))
        elif is_fresh:
            self._want_checkpoint("start")
        else:
            self._run(self._start)
        if missed is not None:
            self._recover(missed)

    def _look_for_loss(self) -> None:
        """Asks where the topics stand. Where the last messages were lost, nothing comes behind them that would show the hole."""
        runner = self.runner
        if runner is None or runner.delivery != "lossless" or self._recovery is not None:
            return
        if self.phase in ("running", "paused"):
            # An earlier marker may have been lost, too.
            self._ask_for_marker()

    def _run(self, start: JSON) -> None:
        """The strategy runs from here on."""
        runner = self.runner
        if runner is None:
            return
        self.phase = "running"
        self._reach("worker.start.done")
        self.gauges.status = "running"
        self._tell_running(runner)
        self.control.answer(start, "done", **self._description(runner))
        self.deliver(runner.stamped("status_update", {"status": "running"}))
        self.heartbeat.beat()

    def _tell_running(self, runner: StrategyRunner) -> None:
        count = len(runner.topics.subscribed)
        self.log(1, f"running {runner.name} with {envelope.text(runner.effective_params)} on {count} topics")

    @staticmethod
    def _description(runner: StrategyRunner) -> JSON:
        """What the strategy is, as the answer to its `start` says."""
        return {
            "strategy_name": runner.name, "params": runner.effective_params, "defaults": runner.default_params,
        }  # fmt: skip

    def _end_trial_if_over(self) -> None:
        """Ends a strategy on trial that has seen enough."""
        trial, runner = self._trial, self.runner
        if trial is None or runner is None or self.phase != "running" or runner.is_broken:
            return
        if self.gauges.words[gauges.PROCESSED] >= trial.messages or _now() >= self._trial_end:
            self._end_sandbox(runner)

    def _end_sandbox(self, runner: StrategyRunner) -> None:
        """Says goodbye and what came of it, and ends."""
        runner.stop()
        self.phase = "finishing"
        self._until = _now() + _PATIENCE
        words = self.gauges.words
        done = {"status": "sandbox_done", "handled": words[gauges.PROCESSED], "signals": words[gauges.SIGNALS]}
        self.deliver(runner.stamped("status_update", done))

    def stop(self, reason: str, command: Optional[JSON] = None) -> None:
        """Lets the strategy say goodbye, and ends when what it leaves is on disk; `command` is answered then."""
        if self.phase == "ended":
            return
        if self._standstill is not None:
            if self._standstill.is_new or reason in ("replaced", "unknown process"):
                # Another process stands in its place, or it never ran: without a word to the strategy.
                if command is not None:
                    self.control.answer(command, "done")
                self.log(1, "ends: it does not go on")
                self.phase = "ended"
                return
            # It is stopped for good, by somebody else than the reload: in the usual way.
            self.phase, self._standstill = self._standstill.becomes, None
        if self.phase == "refused":
            if command is not None:
                self.control.answer(command, "done")
            self.phase, self.exit_code = "ended", REFUSED
            return
        if command is not None:
            self._stop_commands.append(command)
        if self.phase == "finishing":
            if self._is_abandoned or command is None:
                self._finish()
            return
        self._reach("worker.stop.before")
        self.gauges.status = "stopping"
        self.heartbeat.beat()
        runner = self.runner
        if runner is not None:
            self.log(1, f"stopping: {reason}")
            runner.stop()
            if self.phase in ("joining", "settling"):
                # It is nowhere yet that another process could go on from.
                runner.checkpointer = None
                self._refuse_command(self._start, f"stopped before it was running: {reason}")
            elif self.phase in ("running", "paused"):
                self._want_checkpoint("reload" if reason == "reload" else "stop")
        self.phase = "finishing"
        self._until = _now() + _PATIENCE
        self._save_if_due()
        if self._is_on_disk or self._is_abandoned:
            self._finish()

    def _finish(self) -> None:
        """Says what has not got to the disk, answers and ends."""
        if len(self._outbox) > 0:
            self.log(2, f"{len(self._outbox)} signals are not confirmed to be on disk")
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        if checkpointer is not None and not checkpointer.is_settled:
            self.log(2, "the last state is not confirmed to be on disk; the one before it is gone on from")
        self._reach("worker.stop.saved")
        for command in self._stop_commands:
            self.control.answer(command, "done")
        self._stop_commands = []
        self.phase = "ended"
