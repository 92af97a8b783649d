"""A strategy's parameters: its defaults, with what the user gave laid over them."""

from __future__ import annotations

import copy
import dataclasses
import difflib
from typing import Any, Dict, Iterator, List, Mapping, Sequence

from .errors import StrategyError


class Parameters(Mapping[str, Any]):
    """Parameters that were declared as a dict: read them as attributes or as items."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __len__(self) -> int:
        return len(self.__dict__)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no parameter '{name}'; there are {', '.join(self) or 'none'}")

    def __repr__(self) -> str:
        return f"Parameters({self.__dict__!r})"


class FreeParameters(Parameters):
    """Parameters of a strategy that declares none and takes any."""


def values(params: Any) -> Dict[str, Any]:
    """Parameters as they are shown: an object of names and JSON."""
    if dataclasses.is_dataclass(params) and not isinstance(params, type):
        return {field.name: _shown(getattr(params, field.name)) for field in dataclasses.fields(params)}
    return {name: _shown(value) for name, value in dict(params).items()}


def overlay(base: Any, given: Mapping[str, Any]) -> Any:
    """Parameters of the same type as `base`, with `given` laid over it.

    Raises:
        StrategyError: for a name that `base` does not have, and for a value of another type.
    """
    if isinstance(base, FreeParameters):
        return FreeParameters({**base, **given})
    if dataclasses.is_dataclass(base) and not isinstance(base, type):
        known = {field.name: getattr(base, field.name) for field in dataclasses.fields(base)}
        changes = _fitting(known, given, [])
        try:
            return dataclasses.replace(base, **{**known, **changes})
        except (TypeError, ValueError) as error:
            raise StrategyError(f"the parameters cannot be used: {error}") from error
    if not isinstance(base, Mapping):
        raise StrategyError(f"'params' must be a dict or an instance of a dataclass, not {type(base).__name__}")
    return Parameters({**copy.deepcopy(dict(base)), **_fitting(base, given, [])})


def _fitting(known: Mapping[str, Any], given: Mapping[str, Any], path: List[str]) -> Dict[str, Any]:
    changes: Dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise StrategyError(_unknown([*path, name], list(known)))
        changes[name] = _fit(known[name], value, [*path, name])
    return changes


def _fit(default: Any, value: Any, path: List[str]) -> Any:
    """The value as the type of its default; where the default is `None`, any will do."""
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        raise _wrong(path, "true or false", value)
    if isinstance(default, int):
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _wrong(path, "a whole number", value)
    if isinstance(default, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        raise _wrong(path, "a number", value)
    if isinstance(default, str):
        if isinstance(value, str):
            return value
        raise _wrong(path, "text", value)
    if isinstance(default, Mapping):
        if isinstance(value, Mapping):
            # An empty object takes any names; one with names has those and no others.
            return {**default, **_fitting(default, value, path)} if default else dict(value)
        raise _wrong(path, "an object", value)
    if isinstance(default, (list, tuple)):
        if isinstance(value, (list, tuple)):
            return type(default)(value)
        raise _wrong(path, "a list", value)
    return value


def _wrong(path: Sequence[str], kind: str, value: Any) -> StrategyError:
    return StrategyError(f"parameter '{'.'.join(path)}' must be {kind}, not {value!r}")


def _unknown(path: Sequence[str], known: Sequence[str]) -> str:
    near = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    names = f"it has {', '.join(sorted(known))}" if known else "it has none"
    return f"the strategy has no parameter '{'.'.join(path)}'{hint} ({names})"


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return str(value)
