"""What can go wrong, as a strategy or a client sees it."""

from __future__ import annotations


class StrategyError(Exception):
    """What a strategy raises to refuse a start or a change, and what a context raises for a wrong call.

    The text is what the user reads.
    """


class ProtocolError(ValueError):
    """Bytes that are not what the wire protocol says."""


class WorkerFailure(Exception):
    """Why a worker cannot go on, in one line.

    Args:
        message: The line.
        is_final: Whether another process would fail in the same way, until a person does something about it.
    """

    def __init__(self, message: str, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class Refused(Exception):
    """The manager said no.

    Attributes:
        code: One of the protocol's codes, such as `WORKER_NOT_FOUND`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
