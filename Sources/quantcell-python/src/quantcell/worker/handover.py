"""One process hands over to another, which has new code."""

from __future__ import annotations

import time

from ..wire.envelope import JSON
from .base import Standstill
from .life import Life

_now = time.monotonic_ns


class Handover(Life):
    """Both stand still, and one of them goes on."""

    def _hand_over(self, command: JSON) -> None:
        """Stands still between two messages, has everything saved, and says then how far it has got."""
        runner = self.runner
        if self.phase not in ("running", "paused") or runner is None or not self._is_sound:
            return self._refuse_command(command, f"cannot hand over: {self._situation}")
        self._reach("worker.handover.before")
        self.log(1, "stands still: new code is about to take over")
        self._standstill = Standstill(self.phase, False, command)
        self.phase = "standing"
        self.gauges.status = "reloading"
        self._want_checkpoint("reload")
        self._save_if_due()
        self._answer_handover()
        self.heartbeat.beat()

    def _answer_handover(self) -> None:
        """Answers the handover once everything is on disk."""
        standstill, runner = self._standstill, self.runner
        if standstill is None or standstill.handover is None or runner is None or not self._is_on_disk:
            return
        if not self._is_sound:
            return self._refuse_handover("signals of it are lost")
        self._standstill = standstill._replace(handover=None)
        self._reach("worker.handover.saved")
        self.control.answer(standstill.handover, "done", positions=runner.topics.positions)

    def _refuse_handover(self, reason: str) -> None:
        """Says that the state could not be saved, and goes on."""
        if self._standstill is not None and self._standstill.handover is not None:
            self._refuse_command(self._standstill.handover, f"the state was not saved: {reason}")
            self._go_on()

    def _stand(self, start: JSON, becomes: str) -> None:
        """Stands still, joined and ready to take over."""
        self._standstill = Standstill(becomes, True, None)
        self.phase = "standing"
        self.gauges.status = "reloading"
        self._reach("worker.held.ready")
        if self.runner is not None:
            self.control.answer(start, "done", **self._description(self.runner))
        self.heartbeat.beat()

    def _go_on(self) -> None:
        """Goes on where it stands, as if nothing had been."""
        standstill, runner = self._standstill, self.runner
        if standstill is None or runner is None:
            return
        self._standstill = None
        self.phase = self.gauges.status = standstill.becomes
        if standstill.is_new:
            self._reach("worker.held.released")
            self._tell_running(runner)
            if runner.checkpointer is not None and runner.checkpointer.ordinal == 0:
                # What the old process had no state for begins here.
                self._want_checkpoint("start")
        else:
            self.log(1, "goes on: the new code has not taken over")
        self.offer(runner.stamped("status_update", {"status": self.gauges.status}))
        self.heartbeat.beat()
