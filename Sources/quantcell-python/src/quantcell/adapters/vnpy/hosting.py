"""A `CtaTemplate` as a strategy of this kit."""

from __future__ import annotations

from typing import Any, Optional, Type

from ...context import Context
from ...errors import StrategyError
from ...market import Bar, Tick
from ...params import values
from ...strategy import Strategy
from .engine import Engine
from .known import bar_data, moment, own_record
from .template import NOT_SAVED


def adapt(kind: type) -> Optional[Type[Strategy]]:
    """Hosts a `CtaTemplate`, vn.py's own or ours."""
    if not any(base.__name__ == "CtaTemplate" for base in kind.__mro__[1:]):
        return None

    class Cta(_Cta):
        quantcell_name = kind.__name__
        params = {name: getattr(kind, name) for name in kind.parameters}  # type: ignore[attr-defined]
        hosted = kind

    return Cta


class _Cta(Strategy):
    hosted: type
    #: The foreign strategy, and what it thinks it runs in; both from `on_init` on.
    foreign: Any
    engine: Engine

    def on_init(self, context: Context) -> None:
        if len(context.symbols) != 1:
            raise StrategyError(f"a CtaTemplate trades one symbol, not {len(context.symbols)}: start it once for each")
        self.engine = Engine(context)
        symbol = f"{context.symbols[0]}.LOCAL"
        self.foreign = self.hosted(self.engine, context.worker_id, symbol, dict(values(self.params)))
        self.foreign.on_init()
        self.foreign.inited = True

    def on_start(self, context: Context) -> None:
        self.foreign.on_start()
        self.foreign.trading = True

    def on_bar(self, bar: Bar, context: Context) -> None:
        if bar.closed:
            self.foreign.on_bar(bar_data(bar))
            self._fill()

    def on_tick(self, tick: Tick, context: Context) -> None:
        self.foreign.on_tick(
            own_record(
                "TickData", tick.symbol, datetime=moment(tick.event_time), last_price=tick.price, last_volume=tick.size or 0,
                bid_price_1=tick.bid or 0, ask_price_1=tick.ask or 0, bid_volume_1=tick.bid_size or 0, ask_volume_1=tick.ask_size or 0,
            )  # fmt: skip
        )
        self._fill()

    def on_stop(self, context: Context) -> None:
        self.foreign.trading = False
        self.foreign.on_stop()

    def on_params(self, previous: Any, context: Context) -> None:
        self.foreign.update_setting(dict(values(self.params)))

    def on_save(self) -> Any:
        return {name: getattr(self.foreign, name, None) for name in self.foreign.variables if name not in NOT_SAVED}

    def on_load(self, saved: Any) -> None:
        for name, value in saved.items():
            if name in self.foreign.variables:
                setattr(self.foreign, name, value)

    def _fill(self) -> None:
        for trade in self.engine.take_fills():
            self.foreign.pos += trade.volume if trade.direction.name == "LONG" else -trade.volume
            self.foreign.on_trade(trade)
