"""Commands from the manager."""

from __future__ import annotations

import time

from ..errors import StrategyError
from ..wire import envelope
from ..wire.envelope import JSON
from .handover import Handover

_now = time.monotonic_ns


class Commands(Handover):
    """Carries them out, and answers them."""

    def _read_control(self) -> None:
        for message in self.control.receive():
            if not self._take_notice(message):
                self._carry_out(message)
            if self.phase == "ended":
                return

    def _carry_out(self, message: JSON) -> None:
        kind = message["msg_type"]
        if kind == "start":
            if self.phase == "spare":
                self._begin(message)
            else:
                self._refuse_command(message, "this process hosts a strategy already")
        elif kind == "stop":
            reason = message["payload"].get("reason")
            self.stop(reason if isinstance(reason, str) else "asked for", message)
        elif kind == "pause":
            self._pause(message)
        elif kind == "resume":
            self._resume(message)
        elif kind == "update_params":
            self._change_params(message)
        elif kind == "handover":
            self._hand_over(message)
        elif kind == "checkpoint":
            self._save(message)
        elif kind == "sync":
            self._look_for_loss()
        elif kind == "error":
            self.log(2, f"the manager reports: {message['payload'].get('message') or message['payload']}")
        elif kind != "ack":
            self._refuse_command(message, f"a worker cannot '{kind}'")

    def _pause(self, message: JSON) -> None:
        runner = self.runner
        is_held = self._standstill is not None and self._standstill.is_new
        if not (self.phase == "running" or is_held) or runner is None or runner.is_broken:
            return self._refuse_command(message, f"cannot pause: {self._situation}")
        self._standstill = None
        self.phase = self.gauges.status = "paused"
        runner.pause()
        self._want_checkpoint("pause")
        self.log(1, "paused")
        self.control.answer(message, "done")
        self.heartbeat.beat()

    def _resume(self, message: JSON) -> None:
        runner = self.runner
        if self.phase == "standing":
            self._go_on()
            return self.control.answer(message, "done")
        if message["payload"].get("handover") is True:
            # What ends a handover that was refused, or came too late, has nothing to end.
            return self.control.answer(message, "done")
        if self.phase != "paused" or runner is None or runner.is_broken:
            return self._refuse_command(message, f"cannot resume: {self._situation}")
        self.phase = self.gauges.status = "running"
        runner.resume()
        self.log(1, "resumed")
        self.control.answer(message, "done")
        self.heartbeat.beat()

    def _save(self, message: JSON) -> None:
        """Has the state saved now; the command is answered when it is on disk."""
        runner = self.runner
        if self.phase not in ("running", "paused") or runner is None or runner.is_broken:
            return self._refuse_command(message, f"nothing can be saved: {self._situation}")
        if runner.checkpointer is None:
            return self._refuse_command(message, "the strategy has no state")
        self._save_commands.append((message, {}))
        self._want_checkpoint("command")
        self._save_if_due()

    def _change_params(self, message: JSON) -> None:
        runner, params = self.runner, message["payload"].get("params")
        if self.phase not in ("running", "paused") or runner is None:
            return self._refuse_command(message, f"cannot change parameters: {self._situation}")
        if not isinstance(params, dict):
            return self._refuse_command(message, "'params' must be an object")
        try:
            runner.change_params(params)
        except StrategyError as error:
            self.log(2, f"parameters not changed: {error}")
            self._refuse_command(message, str(error))
        else:
            self.log(1, f"parameters are now {envelope.text(runner.effective_params)}")
            details = {"params": runner.effective_params}
            if runner.checkpointer is None or not self._is_sound:
                return self.control.answer(message, "done", **details)
            # What comes after the change goes on from here, whoever dies: nothing before it is handled again with the new values.
            self._save_commands.append((message, details))
            self._want_checkpoint("params")
            self._save_if_due()
