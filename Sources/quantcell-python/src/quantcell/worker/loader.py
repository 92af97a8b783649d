"""From a file to the strategy's class."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
from types import CodeType, ModuleType
from typing import List, Type

from ..adapters import adapt, install_shims
from ..errors import StrategyError
from ..strategy import Strategy

#: What the strategy's module is called: no other module is shadowed by it, whatever its file is called.
MODULE = "quantcell_strategy"
_KIT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class _Source(importlib.machinery.SourceFileLoader):
    """Compiles the file each time. What Python keeps in `__pycache__` it tells from the file by the second and the size: it would run
    the old code where both are the same, as after a quick correction. And nobody wants that folder beside their strategies."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def load(path: str) -> Type[Strategy]:
    """Runs the file and finds its class.

    Raises:
        StrategyError: what is wrong with it, with file and line.
    """
    # As if it had been started from the command line: what lies beside it can be imported.
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    install_shims()
    loader = _Source(MODULE, path)
    spec = importlib.machinery.ModuleSpec(MODULE, loader, origin=path)
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        raise StrategyError("".join(traceback.format_exception_only(type(error), error)).strip()) from None
    except StrategyError:
        raise
    except BaseException as error:
        raise StrategyError(f"{path} cannot be loaded: {trace(error)}") from None
    return _find(module, path)


def _find(module: ModuleType, path: str) -> Type[Strategy]:
    own = [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == MODULE]
    found = _leaves([value for value in own if issubclass(value, Strategy)])
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise StrategyError(f"{path} has {len(found)} strategies ({_list(found)}); a file may have one")
    adapted = _leaves([value for value in own if adapt(value) is not None])
    # The name that the original design looks for decides where there are helpers beside it.
    named = [value for value in adapted if value.__name__ == "Strategy"]
    adapted = named or adapted
    if len(adapted) == 1:
        kind = adapt(adapted[0])
        if kind is not None:
            return kind
    if len(adapted) > 1:
        raise StrategyError(f"{path} has {len(adapted)} strategies ({_list(adapted)}); a file may have one")
    raise StrategyError(
        f"{path} has no strategy: derive a class from quantcell.Strategy, or from vn.py's CtaTemplate or backtrader's Strategy, or "
        "write a class Strategy(params) with on_bar(data)"
    )


def _leaves(kinds: List[type]) -> List[type]:
    """Those that no other one derives from."""
    return [kind for kind in kinds if not any(other is not kind and issubclass(other, kind) for other in kinds)]


def _list(kinds: List[type]) -> str:
    return ", ".join(kind.__name__ for kind in kinds)


def trace(error: BaseException, limit: int = 8000) -> str:
    """The error with its traceback, from the first frame that is not the kit's own; the end of it, where it is very long."""
    frames = traceback.extract_tb(error.__traceback__)
    start = next((index for index, frame in enumerate(frames) if not _is_kit(frame.filename)), len(frames))
    lines = traceback.format_list(frames[start:])
    reason = "".join(traceback.format_exception_only(type(error), error)).strip()
    if not lines:
        return reason
    return f"{reason}\nTraceback (most recent call last):\n{''.join(lines)[-limit:]}".rstrip()


def _is_kit(path: str) -> bool:
    return path.startswith((_KIT, "<frozen importlib"))
