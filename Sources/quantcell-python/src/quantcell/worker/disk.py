"""Signals and checkpoints on their way to the disk."""

from __future__ import annotations

import time

import zmq

from ..errors import StrategyError, WorkerFailure
from ..wire import envelope
from ..wire.envelope import JSON, number, whole
from . import gauges
from .base import WorkerBase
from .limits import NEVER, SECOND
from .loader import trace

_now = time.monotonic_ns


class Disk(WorkerBase):
    """Sends them until they are recorded."""

    def _take_notice(self, message: JSON) -> bool:
        """Takes what the manager says that is no command; `False` when the message is one."""
        kind, payload = message["msg_type"], message["payload"]
        if kind == "welcome":
            seconds, lease, manager = (
                number(payload.get("heartbeat_interval")), number(payload.get("orphan_lease")), payload.get("manager"),
            )  # fmt: skip
            if seconds is not None:
                self.heartbeat.set_interval(seconds)
            if lease is not None:
                self.control.lease.length = lease
            if isinstance(manager, str):
                self._meet(manager)
        elif kind == "recorded":
            self._take_recorded(payload)
        elif kind == "resend":
            first = whole(payload.get("from"))
            if first is not None and not self._outbox.rewind(max(first, 1)):
                self.log(3, f"the manager asks for signal {first}, of which it has said that it is on disk")
        else:
            return False
        return True

    def _meet(self, manager: str) -> None:
        """Another manager than before has not got what was on its way to that one."""
        if manager == self._manager:
            return
        is_first, self._manager = self._manager is None, manager
        if is_first:
            return
        # What a reload came to is what this manager has taken over.
        self._go_on()
        self._send_again()
        self._look_for_loss()
        if self._history is not None:
            self._history.ask_again(_now(), is_urgent=True)

    def _take_recorded(self, payload: JSON) -> None:
        has_progressed = False
        signals, ordinal = whole(payload.get("signals")), whole(payload.get("checkpoint"))
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        if signals is not None and self._outbox.take_recorded(signals):
            has_progressed = True
        if ordinal is not None and checkpointer is not None and checkpointer.take_recorded(ordinal):
            has_progressed = True
            self._reach("worker.checkpoint.recorded")
        if has_progressed:
            self._resend.progressed(_now())
            self.gauges.words[gauges.PENDING] = len(self._outbox)

    def _send_again(self) -> None:
        self._outbox.rewind()
        if self.runner is not None and self.runner.checkpointer is not None:
            self.runner.checkpointer.rewind()

    def emit(self, signal: JSON) -> None:
        """As `Outlet` says."""
        signal["seq"] = self._outbox.last + 1
        data = envelope.encode(signal)
        if not self._outbox.has_room(len(data)) and not self._wait_for_room(len(data)):
            self._outbox.has_dropped = True
            return self._write_log(3, f"told to stop, dropped a message that nobody takes: {data.decode()}")
        if len(self._outbox) == 0:
            self._resend.progressed(_now())
        self._outbox.append(data)
        self.gauges.words[gauges.PENDING] = len(self._outbox)
        self._reach("worker.signal.before")
        self._send()
        self._reach("worker.signal.sent")

    def _wait_for_room(self, size: int) -> bool:
        """Waits until the manager has put enough signals on disk; `False` when the wait ended for another reason."""
        self._write_log(2, "the manager takes no messages; waiting for it")
        while not self._outbox.has_room(size):
            if self._is_told_to_stop or self._is_abandoned:
                return False
            self._send()
            self.control.socket.poll(100)
            self.control.listen(self._take_notice)
            if self._resend.is_due(_now()):
                self._send_again()
            self._is_abandoned = not self.control.keep_in_touch()
        return True

    def _send(self) -> None:
        """Sends what has not been sent, as far as the socket takes it."""
        outbox = self._outbox
        try:
            while True:
                data = outbox.next_unsent
                if data is None:
                    break
                self._status.send(data, zmq.NOBLOCK)
                outbox.sent()
            checkpointer = self.runner.checkpointer if self.runner is not None else None
            data = checkpointer.to_send(outbox.recorded) if checkpointer is not None else None
            if data is not None and checkpointer is not None:
                self._status.send(data, zmq.NOBLOCK)
                checkpointer.sent()
                self._reach("worker.checkpoint.sent")
        except zmq.Again:
            pass

    def _want_checkpoint(self, reason: str) -> None:
        """Has the state saved as soon as the last checkpoint is on disk."""
        if self._is_sound and self.runner is not None and self.runner.checkpointer is not None:
            self.runner.checkpointer.want(reason)

    def _save_if_due(self) -> None:
        """Takes a checkpoint if one is due. Between callbacks only."""
        runner, now = self.runner, _now()
        if runner is None or runner.checkpointer is None:
            return
        reason = runner.checkpointer.due(now)
        if reason is None or not self._may_be_saved:
            return
        if not self._is_sound:
            # For good: the next process goes on from the last state that was saved.
            runner.checkpointer = None
            return
        try:
            data = runner.encoded_checkpoint(reason)
        except Exception as error:
            runner.checkpointer.failed(now)
            if self.phase == "settling":
                text = str(error) if isinstance(error, StrategyError) else trace(error)
                return self._refuse(self._start, WorkerFailure(f"the state cannot be saved: {text}"))
            if self.phase == "standing":
                return self._refuse_handover(str(error))
            return runner.report_unsaved(error)
        self._reach("worker.checkpoint.before")
        runner.checkpointer.take(data, self._outbox.last, now)
        self._resend.progressed(now)
        self._send()

    @property
    def _is_sound(self) -> bool:
        """Whether the state may take the place of the one before: not that of a broken strategy, nor one whose signals are lost."""
        return self.runner is not None and not self.runner.is_broken and not self._outbox.has_dropped

    @property
    def _may_be_saved(self) -> bool:
        """While a strategy is warmed up, or on trial, it is nowhere that another process could go on from."""
        if self._standstill is not None and self._standstill.is_new:
            return False
        is_warming_up = self._recovery is not None and self._recovery.purpose == "warm_up"
        return self.phase in ("settling", "running", "paused", "standing", "finishing") and not is_warming_up

    def _keep_on_disk(self) -> None:
        """Saves and sends what is due, and goes on where something was waited for."""
        now, runner = _now(), self.runner
        self._save_if_due()
        if not self._is_on_disk and self._resend.is_due(now):
            # After a long callback the answer may be here, unread.
            self.control.listen(self._take_notice)
            if not self._is_on_disk:
                self._send_again()
        self._send()
        if self._reads_history and self._history is not None:
            self._history.ask_again(now)
        checkpointer = runner.checkpointer if runner is not None else None
        is_settled = checkpointer is None or checkpointer.is_settled
        if self._save_commands and is_settled:
            for command, details in self._save_commands:
                self.control.answer(command, "done", **details)
            self._save_commands = []
        if self.phase == "settling" and self._recovery is None and is_settled:
            self._run(self._start)
        elif self.phase == "standing":
            self._answer_handover()
        elif self.phase == "finishing" and (self._is_on_disk or self._until <= now or self._is_abandoned):
            self._finish()

    def _next_on_disk(self, now: int) -> int:
        """When `_keep_on_disk` has something to do next."""
        if self._outbox.has_unsent:
            return now + SECOND // 10
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        due = checkpointer.next_due if checkpointer is not None and self._may_be_saved else NEVER
        return due if self._is_on_disk else min(due, now + SECOND)

    @property
    def _is_on_disk(self) -> bool:
        """Whether everything that the strategy leaves is on disk."""
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        return len(self._outbox) == 0 and (checkpointer is None or checkpointer.is_settled)
