"""vn.py's `CtaTemplate`: its orders become signals."""

from __future__ import annotations

import sys
from typing import Any, Dict

from . import template, tools, values
from .hosting import adapt

__all__ = ["adapt", "names"]

_OURS = (
    template.CtaTemplate, tools.ArrayManager, tools.BarGenerator, values.BarData, values.Direction, values.EngineType, values.Exchange,
    values.Interval, values.Offset, values.OrderData, values.Status, values.StopOrder, values.TickData, values.TradeData,
)  # fmt: skip
_VNPYS = ("vnpy.trader.utility", "vnpy.trader.object", "vnpy.trader.constant")


def names() -> Dict[str, Any]:
    """What the modules that stand in for vn.py's hold. vn.py's own ArrayManager and BarGenerator come first, where they are."""
    found: Dict[str, Any] = {kind.__name__: kind for kind in _OURS}
    for module in _VNPYS:
        loaded = sys.modules.get(module)
        if loaded is None:
            try:
                __import__(module)
            except ImportError:
                continue
            loaded = sys.modules.get(module)
        for name in found:
            if hasattr(loaded, name):
                found[name] = getattr(loaded, name)
    return found
