"""Strategies that were written for something else, as strategies of this kit."""

from __future__ import annotations

from typing import Optional, Type

from ..strategy import Strategy
from . import backtrader, plain, vnpy
from .shims import install_shims

__all__ = ["adapt", "install_shims"]


def adapt(kind: type) -> Optional[Type[Strategy]]:
    """The strategy that hosts an instance of a foreign class; `None` for a class that is none of those that are known."""
    for adapter in (vnpy.adapt, backtrader.adapt, plain.adapt):
        found = adapter(kind)
        if found is not None:
            return found
    return None
