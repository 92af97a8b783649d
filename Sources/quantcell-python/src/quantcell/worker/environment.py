"""What the manager tells a worker through its environment."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Optional

import zmq

LEVELS = ("debug", "info", "warning", "error")


_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


class InvalidEnvironment(Exception):
    """The environment does not say what a worker has to know, in one line."""


class CurveKeys(NamedTuple):
    """What a manager that demands it is spoken to with over TCP."""

    server: bytes
    public: bytes
    secret: bytes

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Optional[CurveKeys]:
        """Reads the environment; `None` under a manager that demands none.

        Raises:
            InvalidEnvironment: when a key is none.
        """
        if not variables.get("QUANTCELL_SERVER_KEY"):
            return None

        def key(name: str) -> bytes:
            text = variables.get(name, "")
            if not _KEY.fullmatch(text):
                # Not with its value: it may be the secret.
                raise InvalidEnvironment(f"{name} must be a CURVE key, 40 characters of Z85")
            return text.encode()

        if not zmq.has("curve"):
            raise InvalidEnvironment("the libzmq of pyzmq was built without CURVE, which the manager demands")
        return cls(key("QUANTCELL_SERVER_KEY"), key("QUANTCELL_PUBLIC_KEY"), key("QUANTCELL_SECRET_KEY"))


def connect(socket: zmq.Socket[Any], address: str, keys: Optional[CurveKeys]) -> None:
    """Connects a socket, with the keys where it goes over TCP."""
    if keys is not None and address.startswith("tcp://"):
        socket.setsockopt(zmq.CURVE_SERVERKEY, keys.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, keys.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, keys.secret)
    socket.connect(address)


class WorkerEnvironment(NamedTuple):
    """The variables, read and checked."""

    worker_id: str
    identity: str
    generation: int
    token: str
    data: str
    control: str
    status: str
    #: Where recorded data can be asked for; `None` under a manager that keeps none.
    history: Optional[str]
    log_level: int
    #: How long the manager may be away before the worker stops itself, in seconds.
    orphan_lease: float
    keys: Optional[CurveKeys]

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> WorkerEnvironment:
        """Reads the environment.

        Raises:
            InvalidEnvironment: when a variable is missing or not valid.
        """

        def value(name: str) -> str:
            found = variables.get(name, "")
            if not found:
                raise InvalidEnvironment(
                    f"{name} is not set; this program is started by quantcell-manager, see: quantcell start-strategy"
                )
            return found

        generation = value("QUANTCELL_GENERATION")
        if not (generation.isascii() and generation.isdigit()):
            raise InvalidEnvironment(f"QUANTCELL_GENERATION must be a whole number from 0, not '{generation}'")
        level = variables.get("QUANTCELL_LOG_LEVEL", "info")
        if level not in LEVELS:
            raise InvalidEnvironment(f"QUANTCELL_LOG_LEVEL must be debug, info, warning or error, not '{level}'")
        lease = variables.get("QUANTCELL_ORPHAN_LEASE", "60")
        try:
            seconds = float(lease)
        except ValueError:
            seconds = 0
        if not 1 <= seconds <= 365 * 86400:
            raise InvalidEnvironment(f"QUANTCELL_ORPHAN_LEASE must be seconds from 1 to 31536000, not '{lease}'")
        identity = value("QUANTCELL_IDENTITY")
        if len(identity.encode()) > 255:
            raise InvalidEnvironment("QUANTCELL_IDENTITY is longer than 255 bytes")
        return cls(
            value("QUANTCELL_WORKER_ID"), identity, int(generation), value("QUANTCELL_TOKEN"), value("QUANTCELL_DATA"),
            value("QUANTCELL_CONTROL"), value("QUANTCELL_STATUS"), variables.get("QUANTCELL_HISTORY") or None,
            LEVELS.index(level), seconds, CurveKeys.read(variables),
        )  # fmt: skip
