"""The life of a strategy: made, given its state back, called, and held to its error budget."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Mapping, Optional

from .. import params as parameters
from .. import strategy as kit
from ..errors import StrategyError, WorkerFailure
from ..strategy import Strategy
from ..wire import envelope
from ..wire.envelope import JSON
from . import gauges
from .hosted import DATA_CALLBACKS, NUMBERS, no_kind
from .limits import Timers
from .loader import trace
from .order import Checkpoint
from .outbox import MAX_STATE_BYTES, Checkpointer
from .requests import Requests

_now = time.monotonic_ns


class Hosting(Requests):
    """Calls the callbacks that are not for data."""

    def start(self) -> None:
        """Makes the strategy, gives it back its state, subscribes to its topics and calls `on_init` and `on_start`.

        Raises:
            StrategyError, WorkerFailure: what makes the start refused.
        """
        order = self._order
        checkpoint = order.checkpoint
        if not self.restored:
            self.restored = dict(order.positions if checkpoint is None else checkpoint.positions)
        try:
            strategy = self._strategy = kit.make(self._kind, order.params)
        except StrategyError:
            raise
        except Exception as error:
            raise WorkerFailure(f"{self.name}() raised {trace(error)}") from None
        self._handlers = [no_kind, *(getattr(strategy, name) for name in DATA_CALLBACKS[1:])]
        self.subscribe(order.symbols, order.data_types)
        self._begin("on_init", lambda: strategy.on_init(self.context))
        self._restore(strategy, checkpoint)
        self._begin("on_start", lambda: strategy.on_start(self.context))

    def _begin(self, callback: str, body: Callable[[], None]) -> None:
        try:
            self._enter(callback, body)
        except StrategyError as error:
            raise WorkerFailure(f"{callback}: {error}") from None
        except Exception as error:
            raise WorkerFailure(f"{callback} raised {trace(error)}") from None

    def _restore(self, strategy: Strategy, checkpoint: Optional[Checkpoint]) -> None:
        if not kit.has_state(strategy):
            if checkpoint is not None:
                raise WorkerFailure(
                    f"there is a checkpoint of '{self.worker_id}', but the strategy has no state any more; {self._way_out}", True
                )
            return
        self.checkpointer = Checkpointer(self._order.policy, checkpoint.ordinal if checkpoint else 0, _now())
        if checkpoint is None:
            return
        try:
            self._enter("on_load", lambda: kit.load(strategy, checkpoint.state))
        except Exception as error:
            reason = str(error) if isinstance(error, StrategyError) else trace(error)
            raise WorkerFailure(
                f"the state of checkpoint {checkpoint.ordinal} does not fit the strategy: {reason}; {self._way_out}", True
            ) from None
        self.context.is_restored = True

    @property
    def _way_out(self) -> str:
        return (
            f"the checkpoint is kept: look at it with 'quantcell checkpoint {self.worker_id} export', begin anew with "
            f"'quantcell checkpoint {self.worker_id} reset'"
        )

    @property
    def params(self) -> Any:
        """The parameters that are in force."""
        return self._strategy.params

    @property
    def effective_params(self) -> JSON:
        """The same, as they are shown."""
        return parameters.values(self._strategy.params)

    @property
    def default_params(self) -> JSON:
        """The parameters as the strategy declares them."""
        return parameters.values(self._kind.params)

    def pause(self) -> None:
        """Calls `on_pause`."""
        self.run("on_pause", lambda: self._strategy.on_pause(self.context))

    def resume(self) -> None:
        """Sets the timers anew and calls `on_resume`."""
        self.timers.restart(_now())
        self.run("on_resume", lambda: self._strategy.on_resume(self.context))

    def stop(self) -> None:
        """Calls `on_stop`."""
        self.run("on_stop", lambda: self._strategy.on_stop(self.context))

    def change_params(self, given: Mapping[str, Any]) -> None:
        """Changes parameters.

        Raises:
            StrategyError: why the change is refused; the parameters are what they were.
        """
        strategy, previous = self._strategy, self._strategy.params
        changed = parameters.overlay(previous, given)
        strategy.params = changed
        try:
            self._enter("on_params", lambda: strategy.on_params(previous, self.context))
        except Exception as error:
            strategy.params = previous
            if isinstance(error, StrategyError):
                raise
            raise StrategyError(trace(error)) from None

    def run_timers(self) -> None:
        """Runs the timers that are due, each once: data and commands come in between."""
        for _ in range(Timers.MAX):
            name = None if self.is_broken else self.timers.take_due(_now())
            if name is None:
                return
            self.run("on_timer", lambda name=name: self._strategy.on_timer(name, self.context))  # type: ignore[misc]

    def run(self, callback: str, body: Callable[[], None]) -> None:
        """Calls `body` as the callback, keeps what it raises within the budget."""
        try:
            self._enter(callback, body)
        except Exception as error:
            self._failed(error, callback)

    def _enter(self, callback: str, body: Callable[[], None]) -> None:
        self._callback = callback
        words = self._words
        words[gauges.CALLBACK_START] = _now()
        words[gauges.CALLBACK] = NUMBERS[callback]
        if self.checkpointer is not None:
            self.checkpointer.is_touched = True
        try:
            body()
        finally:
            words[gauges.CALLBACK] = 0
            self._callback = ""

    def _failed(self, error: Exception, callback: str) -> None:
        self._page.count(gauges.ERRORS)
        budget = self._order.budget
        is_fatal = not self.is_broken and budget.spend(_now())
        if is_fatal:
            self.is_broken = True
            self._page.status = "error"
        text = f"{callback} raised {type(error).__name__}: {error}"
        whole = trace(error)
        self._outlet.log(3, f"{callback} raised {whole}")
        verdict = f"error budget spent: more than {budget.errors} errors in {budget.seconds:g} s"
        if is_fatal:
            self._outlet.log(3, verdict)
        self._outlet.deliver(
            self.stamped(
                "error",
                {
                    "message": f"{verdict}; the last: {text}" if is_fatal else text,
                    "callback": callback,
                    "errors_count": self._words[gauges.ERRORS],
                    "fatal": is_fatal,
                    "traceback": whole,
                },
            )
        )
        if callback != "on_error":
            self.run("on_error", lambda: self._strategy.on_error(error, callback, self.context))

    def encoded_checkpoint(self, reason: str) -> bytes:
        """The strategy's state and where its topics stand, as the message that goes to the manager.

        Raises:
            StrategyError: when the state cannot be saved; what `on_save` raises.
        """
        found: List[Any] = []
        self._callback = "on_save"
        self._words[gauges.CALLBACK_START] = _now()
        self._words[gauges.CALLBACK] = NUMBERS["on_save"]
        try:
            found.append(kit.save(self._strategy))
        finally:
            self._words[gauges.CALLBACK] = 0
            self._callback = ""
        payload = {
            "ordinal": (self.checkpointer.ordinal if self.checkpointer else 0) + 1,
            "positions": self.topics.positions,
            "state": found[0],
            "strategy": self.name,
            "reason": reason,
        }
        data = envelope.encode(self.stamped("checkpoint", payload))
        if len(data) > MAX_STATE_BYTES:
            size = len(envelope.text(found[0]).encode("utf-8", "replace"))
            if size > MAX_STATE_BYTES:
                raise StrategyError(
                    f"the state has {size} bytes as JSON, more than the {MAX_STATE_BYTES} (16 MiB) that can be saved; keep less in it"
                )
        return data

    def report_unsaved(self, error: Exception) -> None:
        """Says that the state could not be saved. The strategy goes on: after a crash it goes on from the last one that could."""
        self._page.count(gauges.ERRORS)
        reason = str(error) if isinstance(error, StrategyError) else trace(error)
        text = f"the state was not saved: {reason}"
        self.complain(text)
        self._outlet.deliver(
            self.stamped("error", {"message": text, "errors_count": self._words[gauges.ERRORS], "fatal": False})
        )
