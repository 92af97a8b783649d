"""What a `start` message asks a spare to become."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from ..errors import WorkerFailure
from ..wire.envelope import JSON, number, sequences, whole
from .limits import SECOND, ErrorBudget
from .outbox import Policy
from .topics import Range

DELIVERIES = ("lossless", "conflate", "drop")
MAX_WARMUP = 1_000_000


class Checkpoint(NamedTuple):
    """Where an earlier process had got to."""

    ordinal: int
    positions: Dict[str, int]
    state: Any


class Trial(NamedTuple):
    """How long a strategy is run beside its worker to see how it does: so many messages, or so long after it has joined."""

    messages: int
    #: Nanoseconds.
    length: int

    @classmethod
    def read(cls, value: Any) -> Trial:
        """Reads `{"messages","seconds"}`; what is missing has its default."""
        members = value if isinstance(value, dict) else {}
        messages, seconds = whole(members.get("messages")), number(members.get("seconds"))
        length = 2.0 if seconds is None else min(max(seconds, 0.0), 86_400.0)
        return cls(1000 if messages is None else messages, int(length * SECOND))


class Sandbox(NamedTuple):
    """A strategy that is run to see what it does."""

    #: The worker whose signals it would emit.
    worker_id: str
    #: The recorded data that it gets; nothing where it runs beside the worker.
    ranges: List[Range]
    trial: Optional[Trial]


class StartOrder(NamedTuple):
    """The message, read and checked."""

    worker_id: str
    generation: int
    path: str
    params: Dict[str, Any]
    symbols: List[str]
    data_types: List[str]
    budget: ErrorBudget
    log_path: Optional[str]
    heartbeat_seconds: Optional[float]
    checkpoint: Optional[Checkpoint]
    policy: Policy
    delivery: str
    #: How many messages of each topic a fresh start gets from the record first.
    warmup: int
    #: Where another process has got to, where there is no checkpoint that says so.
    positions: Dict[str, int]
    #: What it is to become, where it is to stand still once it has joined.
    held: Optional[str]
    sandbox: Optional[Sandbox]

    @property
    def is_sandboxed(self) -> bool:
        """Whether it gets recorded data alone."""
        return self.sandbox is not None and self.sandbox.trial is None

    @classmethod
    def read(cls, message: JSON) -> StartOrder:
        """Reads the message.

        Raises:
            WorkerFailure: that names the member which is missing or wrong.
        """
        payload = message["payload"]
        worker_id, generation = message.get("worker_id"), whole(message.get("generation"))
        if not isinstance(worker_id, str) or generation is None:
            raise WorkerFailure("'start' needs a worker_id and a generation")
        path, params = payload.get("strategy_path"), payload.get("params") or {}
        if not isinstance(path, str):
            raise WorkerFailure("'start' needs a strategy_path")
        if not isinstance(params, dict):
            raise WorkerFailure("'params' must be an object")
        delivery, warmup = payload.get("delivery", "lossless"), whole(payload.get("warmup") or 0)
        if delivery not in DELIVERIES:
            raise WorkerFailure("'delivery' must be lossless, conflate or drop")
        if warmup is None or warmup > MAX_WARMUP:
            raise WorkerFailure(f"'warmup' must be 0 to {MAX_WARMUP}")
        held, positions = payload.get("held"), sequences(payload.get("positions") or {})
        if held not in (None, "running", "paused"):
            raise WorkerFailure("'held' must be running or paused")
        if positions is None:
            raise WorkerFailure("'positions' must be an object of topic and sequence")
        budget = payload.get("error_budget") or {}
        errors, window = whole(budget.get("errors")), number(budget.get("window"))
        log_path = payload.get("log_path")
        return cls(
            worker_id=worker_id,
            generation=generation,
            path=path,
            params=params,
            symbols=_names("symbols", payload),
            data_types=_names("data_types", payload),
            budget=ErrorBudget(10 if errors is None else errors, 60.0 if window is None else max(window, 0.0)),
            log_path=log_path if isinstance(log_path, str) else None,
            heartbeat_seconds=number(payload.get("heartbeat_interval")),
            checkpoint=_checkpoint(payload.get("checkpoint")),
            policy=_policy(payload.get("checkpoint_policy") or {}),
            delivery=delivery,
            warmup=warmup,
            positions=positions,
            held=held,
            sandbox=_sandbox(payload.get("sandbox"), worker_id),
        )


def _names(key: str, payload: JSON) -> List[str]:
    names = payload.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise WorkerFailure(f"'{key}' must be a list of names")
    return names


def _checkpoint(value: Any) -> Optional[Checkpoint]:
    if value is None:
        return None
    ordinal, positions = whole(value.get("ordinal")), sequences(value.get("positions"))
    if ordinal is None or positions is None or "state" not in value:
        raise WorkerFailure("'checkpoint' needs 'ordinal', 'positions' and 'state'")
    return Checkpoint(ordinal, positions, value["state"])


def _policy(value: JSON) -> Policy:
    messages, seconds = whole(value.get("messages")), number(value.get("interval"))
    default = Policy()
    return Policy(
        default.messages if messages is None else max(messages, 1),
        default.interval if seconds is None else int(min(max(seconds, 0.01), 86400.0) * SECOND),
    )


def _sandbox(value: Any, worker_id: str) -> Optional[Sandbox]:
    if value is None:
        return None
    ranges = [Range.read(item) for item in value.get("ranges") or []]
    if None in ranges:
        raise WorkerFailure("each of 'ranges' must be {topic, from, to} with 1 <= from <= to")
    name = value.get("worker_id")
    trial = Trial.read(value["live"]) if "live" in value else None
    spans = [span for span in ranges if span is not None]
    return Sandbox(name if isinstance(name, str) else worker_id, [] if trial else spans, trial)
