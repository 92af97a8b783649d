"""A strategy's state on its way to a checkpoint and back: nothing is changed on the way, or the save is refused.

What JSON has is written as it is, and so are dataclasses whose types the state's annotations name. Everything else that is taken
is written as an object with one member that says what it was, such as `{"$tuple": [1, 2]}`. Python holds nobody to an annotation: what is
not what its own says, such as `None` where it says `float`, is written as `{"$other": null}`, and so comes back as it is.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import math
import typing
from typing import Any, Dict, List, Optional, Tuple

from .errors import StrategyError

#: How deep a state may nest: the envelope around it has levels of its own.
MAX_DEPTH = 56
_INT64 = range(-(2**63), 2**63)
_SCALARS = (int, float, str, bool)


def encode(value: Any, hint: Any = Any, name: str = "state", depth: int = 0) -> Any:
    """The value as JSON.

    Args:
        value: What to write.
        hint: Its annotated type, where there is one.
        name: Where it stands, for the message.
        depth: How deep it stands.

    Raises:
        StrategyError: for what could not be brought back as it is.
    """
    may_be_none, hint = _plain(hint)
    json = _encode(value, hint, name, depth)
    return json if _is_as_annotated(value, may_be_none, hint) else {"$other": json}


def _encode(value: Any, hint: Any, name: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise StrategyError(f"the state nests deeper than {MAX_DEPTH} levels at '{name}'")
    if isinstance(value, enum.Enum):
        raise _not_saveable(value, name)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if value in _INT64 else {"$int": str(value)}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value) is not hint:
            raise StrategyError(
                f"the state holds a {type(value).__name__} at '{name}', and no annotation says so: "
                f"it could not be brought back. Annotate it in the dataclass of the state"
            )
        hints = typing.get_type_hints(type(value))
        return {
            field.name: encode(getattr(value, field.name), hints.get(field.name, Any), f"{name}.{field.name}", depth + 1)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return _encode_dict(value, hint, name, depth)
    arguments = typing.get_args(hint)
    element = arguments[0] if arguments else Any
    if isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        items = [encode(item, element, f"{name}[{index}]", depth + 1) for index, item in enumerate(value)]
        if type(value) is list:
            return items
        if type(value) is collections.deque:
            return {"$deque": items, "maxlen": value.maxlen}
        if type(value) in (set, frozenset):
            # A set has no order: with one of our own the same set always gives the same text.
            return {"$set": sorted(items, key=repr)}
        if type(value) is tuple:
            return {"$tuple": items}
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat()}
    raise _not_saveable(value, name)


def _not_saveable(value: Any, name: str) -> StrategyError:
    return StrategyError(
        f"the state holds a {type(value).__module__}.{type(value).__qualname__} at '{name}', which cannot be saved; "
        "keep numbers, text, lists, dicts, tuples, sets, deques and annotated dataclasses in it"
    )


def _is_as_annotated(value: Any, may_be_none: bool, hint: Any) -> bool:
    """Whether `decode` would take what is written of the value by the same annotation."""
    is_scalar = isinstance(hint, type) and hint in _SCALARS
    if value is None:
        return may_be_none or not (is_scalar or dataclasses.is_dataclass(hint))
    if dataclasses.is_dataclass(hint):
        return type(value) is hint
    if not is_scalar or not isinstance(value, _SCALARS):
        return True
    return isinstance(value, hint) and isinstance(value, bool) == (hint is bool) or (hint is float and type(value) is int)


def _encode_dict(value: Dict[Any, Any], hint: Any, name: str, depth: int) -> Any:
    arguments = typing.get_args(hint)
    element = arguments[1] if len(arguments) == 2 else Any
    if all(isinstance(key, str) for key in value) and not any(key.startswith("$") for key in value):
        return {key: encode(item, element, f"{name}.{key}", depth + 1) for key, item in value.items()}
    pairs = [
        [encode(key, Any, name, depth + 2), encode(item, element, f"{name}[{key!r}]", depth + 2)]
        for key, item in value.items()
    ]
    return {"$dict": pairs}


def decode(json: Any, hint: Any = Any, name: str = "state") -> Any:
    """The value that `encode` has written.

    Raises:
        StrategyError: when it does not fit the annotated types.
    """
    if isinstance(json, dict) and "$other" in json:
        return decode(json["$other"], Any, name)
    may_be_none, hint = _plain(hint)
    if json is None and may_be_none:
        return None
    arguments = typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _decode_dataclass(json, hint, name)
    if isinstance(json, list):
        element = arguments[0] if arguments else Any
        return [decode(item, element, f"{name}[{index}]") for index, item in enumerate(json)]
    if isinstance(json, dict):
        element = arguments[-1] if arguments else Any
        tag = next((key for key in json if key.startswith("$")), None)
        if tag is not None:
            return _decode_tagged(tag, json, arguments[0] if arguments else Any, element, name)
        return {key: decode(item, element, f"{name}.{key}") for key, item in json.items()}
    if isinstance(hint, type):
        if hint is float and isinstance(json, int) and not isinstance(json, bool):
            return float(json)
        if hint in _SCALARS and type(json) is not hint:
            raise StrategyError(f"'{name}' is {json!r}, where a {hint.__name__} is expected")
    return json


def _decode_dataclass(json: Any, kind: Any, name: str) -> Any:
    if not isinstance(json, dict):
        raise StrategyError(f"'{name}' is {json!r}, where a {kind.__name__} is expected")
    hints = typing.get_type_hints(kind)
    found: Dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in json:
            found[field.name] = decode(json[field.name], hints.get(field.name, Any), f"{name}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise StrategyError(f"'{name}.{field.name}' is missing, and has no default")
    return kind(**found)


def _decode_tagged(tag: str, json: Dict[str, Any], element: Any, item: Any, name: str) -> Any:
    value = json[tag]
    if tag == "$int":
        return int(value)
    if tag == "$float":
        return float(value)
    if tag == "$datetime":
        return datetime.datetime.fromisoformat(value)
    if tag == "$dict":
        return {decode(key): decode(content, item, name) for key, content in value}
    items: List[Any] = [decode(content, element, name) for content in value]
    if tag == "$tuple":
        return tuple(items)
    if tag == "$set":
        return set(items)
    if tag == "$deque":
        return collections.deque(items, json.get("maxlen"))
    raise StrategyError(f"'{name}' holds a '{tag}', which this version does not know")


def _plain(hint: Any) -> Tuple[bool, Any]:
    """Whether the annotation allows `None`, and the type without that."""
    origin = typing.get_origin(hint)
    if origin is typing.Union or type(hint).__name__ == "UnionType":
        types = typing.get_args(hint)
        others = [argument for argument in types if argument is not type(None)]
        return len(others) < len(types), others[0] if len(others) == 1 else Any
    return hint is Any, hint


def hint_of(value: Any) -> Optional[Any]:
    """The type that a default stands for: a dataclass's own, else none."""
    return type(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else Any
