"""The envelope of control, status, admin and events: one JSON object a message."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Dict, Optional

from ..errors import ProtocolError

#: The largest envelope, bytes.
MAX_BYTES = 20 << 20

JSON = Dict[str, Any]


def new_id() -> str:
    """A new `msg_id`."""
    return uuid.uuid4().hex


def text(value: Any) -> str:
    """Compact JSON with sorted keys.

    Raises:
        ValueError: for a number that is not finite.
        TypeError: for what JSON does not have.
    """
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)


def message(msg_type: str, payload: JSON, **fields: Any) -> JSON:
    """An envelope; fields that are `None` are left out."""
    envelope = {"msg_type": msg_type, "payload": payload, "timestamp": time.time(), "msg_id": new_id()}
    envelope.update((name, value) for name, value in fields.items() if value is not None)
    return envelope


def encode(envelope: JSON) -> bytes:
    """The bytes of an envelope. A lone surrogate, which UTF-8 does not have, becomes a question mark."""
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def decode(data: bytes) -> JSON:
    """Reads an envelope; `payload` is always there.

    Raises:
        ProtocolError: when it is none.
    """
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"an envelope of {len(data)} bytes; {MAX_BYTES} are allowed")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(value.get("msg_type"), str):
        raise ProtocolError("no envelope: 'msg_type' is missing")
    payload = value.setdefault("payload", {})
    if payload is None:
        value["payload"] = {}
    elif not isinstance(payload, dict):
        raise ProtocolError("'payload' must be an object")
    return value


def whole(value: Any) -> Optional[int]:
    """The value as a whole number from 0, if it is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


def number(value: Any) -> Optional[float]:
    """The value as a number, if it is one."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def sequences(value: Any) -> Optional[Dict[str, int]]:
    """The value as an object of topic and sequence, if it is one."""
    if not isinstance(value, dict):
        return None
    found = {key: whole(item) for key, item in value.items()}
    return None if None in found.values() else found  # type: ignore[return-value]
