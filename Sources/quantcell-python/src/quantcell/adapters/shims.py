"""Stands in for modules that strategies of others import, so that their files load unchanged.

Those of vn.py are looked for first where they are installed. backtrader's is always ours: its own classes need its engine.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

from . import backtrader, vnpy

_VNPY: Dict[str, Callable[[], Dict[str, Any]]] = {
    "vnpy": dict,
    "vnpy.trader": dict,
    "vnpy.app": dict,
    "vnpy.trader.object": vnpy.names,
    "vnpy.trader.constant": vnpy.names,
    "vnpy.trader.utility": vnpy.names,
    "vnpy.app.cta_strategy": vnpy.names,
    "vnpy_ctastrategy": vnpy.names,
}
_BACKTRADER: Dict[str, Callable[[], Dict[str, Any]]] = {
    "backtrader": backtrader.names,
    "backtrader.indicators": backtrader.refused_names,
    "backtrader.feeds": backtrader.refused_names,
    "backtrader.analyzers": backtrader.refused_names,
}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, modules: Dict[str, Callable[[], Dict[str, Any]]]) -> None:
        self._modules = modules

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        """Finds those modules, and no others."""
        if name not in self._modules:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Optional[ModuleType]:
        """An empty one will do."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fills it."""
        vars(module).update(self._modules[module.__name__]())


def install_shims() -> None:
    """Lets the strategy's file find them."""
    sys.meta_path.insert(0, _Finder(_BACKTRADER))
    sys.meta_path.append(_Finder(_VNPY))
