"""What a strategy derives from."""

from __future__ import annotations

import copy
from typing import Any, Mapping, Sequence, Type

from . import params as _params
from . import state as _state
from .context import Context
from .errors import StrategyError
from .market import Bar, Depth, Gap, Quote, Tick, Trade


class Strategy:
    """A trading strategy: one class, in one file.

    Write the callbacks that you need and leave out the rest. Every callback runs on the same thread, one after the other, in the
    order in which the data was published. QuantCell makes one instance per process::

        from quantcell import Bar, Context, Strategy

        class BigBar(Strategy):
            params = {"volume": 100.0}

            def on_bar(self, bar: Bar, context: Context) -> None:
                if bar.volume > self.params.volume:
                    context.signal("big-bar", data={"volume": bar.volume})

    Start it with `quantcell start-strategy big_bar.py --symbols BTC/USDT --param volume=250`.

    A callback may raise. The error is logged with its traceback and counts against the worker's error budget (10 errors in 60
    seconds unless configured otherwise); beyond it the worker handles no more data and goes into the state `error`.
    """

    #: The settings with their defaults: a dict, or an instance of a dataclass. In an instance: what is in force.
    params: Any = {}

    #: What the strategy must not forget when its process ends, as it is at the beginning: an instance of a dataclass, or anything
    #: made of dicts, lists, tuples, sets, deques, text and numbers. It is saved together with the last sequence of each topic: every
    #: 1,000 messages or 5 seconds unless configured otherwise. `None`: nothing.
    state: Any = None

    #: In place of `state`: the names of attributes that must not be forgotten.
    variables: Sequence[str] = ()

    # MARK: Callbacks

    def on_init(self, context: Context) -> None:
        """Called first, before a saved state is brought back: ask for history, prepare what is not saved."""

    def on_start(self, context: Context) -> None:
        """Called once, before any data: check the parameters, set timers, subscribe to more topics.

        A saved state has been brought back already, and `context.is_restored` says so. What is raised here refuses the start, and its
        text is what the user reads.
        """

    def on_bar(self, bar: Bar, context: Context) -> None:
        """Called for each bar. One that is still forming has `closed` set to `False`."""

    def on_tick(self, tick: Tick, context: Context) -> None:
        """Called for each tick."""

    def on_trade(self, trade: Trade, context: Context) -> None:
        """Called for each trade."""

    def on_quote(self, quote: Quote, context: Context) -> None:
        """Called for each change of the best bid and ask."""

    def on_depth(self, depth: Depth, context: Context) -> None:
        """Called for each order book, whole or as an update of levels."""

    def on_gap(self, gap: Gap, context: Context) -> None:
        """Called where messages of a topic are lost for good, in the topic's order. It is logged, journaled and counted already."""

    def on_timer(self, name: str, context: Context) -> None:
        """Called when a timer of `Context.every` is due. Not called while the strategy is paused."""

    def on_params(self, previous: Any, context: Context) -> None:
        """Called after the parameters were changed while running; raising puts the old ones back and refuses the change."""

    def on_pause(self, context: Context) -> None:
        """Called when the strategy has been paused. No data and no timers arrive until `on_resume`."""

    def on_resume(self, context: Context) -> None:
        """Called when the strategy goes on after a pause, before any data."""

    def on_stop(self, context: Context) -> None:
        """Called once, last, when the strategy is told to stop. Signals emitted here still go out."""

    def on_error(self, error: Exception, callback: str, context: Context) -> None:
        """Called after `callback` has raised `error`, which is logged and counted already."""

    # MARK: State

    def on_save(self) -> Any:
        """What is to be saved: `state`, or the attributes that `variables` names. Override it to save something else."""
        if self.variables:
            return {name: getattr(self, name, None) for name in self.variables}
        return self.state

    def on_load(self, saved: Any) -> None:
        """Takes back what `on_save` returned in an earlier process."""
        if not self.variables:
            self.state = saved
            return
        if not isinstance(saved, Mapping):
            raise StrategyError(f"the saved variables are no object: {saved!r}")
        for name in self.variables:
            if name in saved:
                setattr(self, name, saved[name])


# MARK: For the worker


def make(kind: Type[Strategy], given: Mapping[str, Any]) -> Strategy:
    """Makes the instance, with its own copies of parameters and state.

    Raises:
        StrategyError: for parameters that it does not have, and a declaration that cannot be used.
    """
    if kind.variables and kind.state is not None:
        raise StrategyError(f"{kind.__name__} has both 'state' and 'variables'; one of them is to be saved")
    if isinstance(kind.variables, str):
        raise StrategyError("'variables' must be a list of names, not text")
    chosen = _params.overlay(kind.params, given)
    instance = kind.__new__(kind)
    # Before __init__, which may use them.
    instance.params = chosen
    instance.state = copy.deepcopy(kind.state)
    instance.__init__()  # type: ignore[misc]
    return instance


def has_state(strategy: Strategy) -> bool:
    """Whether there is anything to save."""
    kind = type(strategy)
    return bool(kind.variables) or kind.state is not None or kind.on_save is not Strategy.on_save


def save(strategy: Strategy) -> Any:
    """The state as JSON.

    Raises:
        StrategyError: when it cannot be saved.
    """
    return _state.encode(strategy.on_save(), _hint(strategy))


def load(strategy: Strategy, saved: Any) -> None:
    """Gives back what `save` has made.

    Raises:
        StrategyError: when it does not fit.
    """
    strategy.on_load(_state.decode(saved, _hint(strategy)))


def _hint(strategy: Strategy) -> Any:
    kind = type(strategy)
    return Any if kind.variables or kind.on_save is not Strategy.on_save else _state.hint_of(kind.state)
