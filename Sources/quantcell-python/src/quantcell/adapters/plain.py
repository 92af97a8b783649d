"""The original design's class: `Strategy(params)` with `on_bar(data)` and a dict. It derives from nothing, and imports nothing."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type

from ..context import Context
from ..errors import StrategyError
from ..market import Bar, Depth, Gap, Quote, Tick, Trade
from ..params import FreeParameters, values
from ..strategy import Strategy

_DATA = ("on_bar", "on_tick", "on_trade", "on_quote", "on_depth")
_SIDES = ("buy", "sell")
_QUANTITIES = ("quantity", "size", "amount", "volume")


def adapt(kind: type) -> Optional[Type[Strategy]]:
    """Hosts a class with one of the data callbacks."""
    if not any(callable(getattr(kind, name, None)) for name in _DATA):
        return None

    class Plain(_Plain):
        quantcell_name = kind.__name__
        hosted = kind

    if not _keeps_state(kind):
        # As the base class has it: then there is nothing to save.
        Plain.on_save = Strategy.on_save  # type: ignore[method-assign]
    return Plain


def _keeps_state(kind: type) -> bool:
    both = callable(getattr(kind, "on_save", None)) and callable(getattr(kind, "on_load", None))
    return both or bool(getattr(kind, "variables", ()))


class _Plain(Strategy):
    hosted: type
    params: Any = FreeParameters({})

    def __init__(self) -> None:
        given = dict(values(self.params))
        try:
            inspect.signature(self.hosted).bind(given)
        except TypeError:
            self.foreign: Any = self.hosted()
        else:
            self.foreign = self.hosted(given)
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def _call(self, name: str, *arguments: Any) -> Any:
        method = getattr(self.foreign, name, None)
        if not callable(method):
            return None
        result = method(*arguments)
        if not inspect.isawaitable(result):
            return result
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(result)

    def on_init(self, context: Context) -> None:
        if not hasattr(self.foreign, "context"):
            self.foreign.context = context
        self._call("on_init")

    def on_start(self, context: Context) -> None:
        self._call("on_start")

    def on_bar(self, bar: Bar, context: Context) -> None:
        data = _common(bar)
        data.update(
            open=bar.open, high=bar.high, low=bar.low, close=bar.close, volume=bar.volume, turnover=bar.turnover,
            trades=bar.trades, closed=bar.closed, interval=bar.interval,
        )  # fmt: skip
        if bar.open_time:
            data["open_time"] = bar.open_time / 1e9
        self._emit(self._call("on_bar", data), context)

    def on_tick(self, tick: Tick, context: Context) -> None:
        data = _common(tick)
        for name in ("price", "size", "bid", "ask", "bid_size", "ask_size"):
            if getattr(tick, name) is not None:
                data[name] = getattr(tick, name)
        self._emit(self._call("on_tick", data), context)

    def on_trade(self, trade: Trade, context: Context) -> None:
        data = {**_common(trade), "price": trade.price, "size": trade.size, "side": trade.side, "trade_id": trade.trade_id}
        self._emit(self._call("on_trade", data), context)

    def on_quote(self, quote: Quote, context: Context) -> None:
        data = {**_common(quote), "bid": quote.bid, "ask": quote.ask, "bid_size": quote.bid_size, "ask_size": quote.ask_size}
        self._emit(self._call("on_quote", data), context)

    def on_depth(self, depth: Depth, context: Context) -> None:
        levels = {"bids": [list(level) for level in depth.bids], "asks": [list(level) for level in depth.asks]}
        self._emit(self._call("on_depth", {**_common(depth), **levels, "snapshot": depth.is_snapshot}), context)

    def on_gap(self, gap: Gap, context: Context) -> None:
        self._call("on_gap", {**gap._asdict(), "count": gap.messages})

    def on_params(self, previous: Any, context: Context) -> None:
        name = next((name for name in ("update_params", "on_params") if callable(getattr(self.foreign, name, None))), None)
        if name is None:
            raise StrategyError("the strategy has no update_params(params), so its parameters cannot change while it runs")
        self._call(name, dict(values(self.params)))

    def on_pause(self, context: Context) -> None:
        self._call("on_pause")

    def on_resume(self, context: Context) -> None:
        self._call("on_resume")

    def on_stop(self, context: Context) -> None:
        self._call("on_stop")
        if self._loop is not None:
            self._loop.close()
            self._loop = None

    def on_save(self) -> Any:
        if callable(getattr(self.foreign, "on_save", None)):
            return self._call("on_save")
        return {name: getattr(self.foreign, name, None) for name in self.foreign.variables}

    def on_load(self, saved: Any) -> None:
        if callable(getattr(self.foreign, "on_load", None)):
            self._call("on_load", saved)
            return
        for name in self.foreign.variables:
            if name in saved:
                setattr(self.foreign, name, saved[name])

    @staticmethod
    def _emit(result: Any, context: Context) -> None:
        """What a callback returns may be a signal, or a list of them: `buy`, `sell`, or a dict that says so."""
        for item in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(item, str) and item.lower() in _SIDES:
                context.signal(item.lower(), item.lower())
            elif isinstance(item, Mapping):
                name, side, rest = _signal(dict(item))
                if name is not None:
                    context.signal(name, side, **rest)


def _signal(item: Dict[str, Any]) -> Tuple[Optional[str], Optional[str], Dict[str, Any]]:
    words: List[Any] = [item.pop(key, None) for key in ("side", "action", "signal")]
    side = next((word.lower() for word in words if isinstance(word, str) and word.lower() in _SIDES), None)
    name = item.pop("name", None) or next((word for word in words if isinstance(word, str)), None)
    quantity = next((item.pop(key) for key in _QUANTITIES if key in item), None)
    rest = {"price": item.pop("price", None), "symbol": item.pop("symbol", None), "quantity": quantity}
    plain = {key: value for key, value in item.items() if isinstance(value, (str, int, float))}
    return (str(name) if name else None), side, {**rest, "data": plain}


def _common(event: Any) -> Dict[str, Any]:
    return {
        "symbol": event.symbol,
        "data_type": event.data_type,
        "timestamp": event.event_time / 1e9,
        "sequence": event.sequence,
    }
