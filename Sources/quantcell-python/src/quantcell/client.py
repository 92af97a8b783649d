"""A client of the manager: what the command line can ask, for notebooks and scripts."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

import zmq

from . import endpoints
from .errors import ProtocolError, Refused
from .wire import envelope
from .wire.envelope import JSON

#: Records of journal or signals in one answer.
_PAGE = 1000


class Client:
    """Sends requests to the manager and returns what it answers::

        with Client() as manager:
            manager.start("sma_cross.py", symbols=["BTC/USDT"], params={"fast": 5})
            for signal in manager.signals("sma_cross", follow=True):
                print(signal["side"], signal["price"])

    It belongs to one thread.

    Args:
        runtime_dir: The manager's runtime folder; that of this user's manager unless given.
        address: The address of `admin`, in place of a folder.
        timeout: How long an answer is waited for, in seconds.

    Raises:
        ConnectionError: when no manager has announced itself in the folder.
    """

    def __init__(self, runtime_dir: Optional[str] = None, *, address: Optional[str] = None, timeout: float = 60.0) -> None:
        self._folder = runtime_dir
        self.timeout = timeout
        place = address or endpoints.address("admin", runtime_dir)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, 64 << 20)
        self._socket.connect(place)

    def close(self) -> None:
        """Closes the connection."""
        self._context.destroy(linger=0)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def ask(
        self, msg_type: str, worker_id: Optional[str] = None, payload: Optional[Mapping[str, Any]] = None, timeout: Optional[float] = None
    ) -> JSON:
        """Sends any request of the protocol's page on admin requests, and returns the payload of its last answer.

        Raises:
            Refused: when the manager refuses it.
            TimeoutError: when no answer comes in time.
        """
        seconds = self.timeout if timeout is None else timeout
        request = envelope.message(msg_type, dict(payload or {}), worker_id=worker_id, deadline=time.time() + seconds)
        self._socket.send(envelope.encode(request))
        end = time.monotonic() + seconds
        while self._socket.poll(int(max(0.0, end - time.monotonic()) * 1000)):
            try:
                # Answers may be larger than other envelopes.
                answer = envelope.decode(self._socket.recv_multipart()[-1])
            except ProtocolError:
                continue
            if answer.get("reply_to") != request["msg_id"]:
                # A late answer to an earlier request.
                continue
            body: JSON = answer["payload"]
            if answer["msg_type"] == "error" or body.get("result") == "refused":
                raise Refused(str(body.get("code", "INTERNAL_ERROR")), str(body.get("message", "refused")))
            if body.get("result") == "done":
                return body
        raise TimeoutError(f"no answer to '{msg_type}' within {seconds:g} s")

    # MARK: Commands

    def start(
        self,
        path: str,
        name: Optional[str] = None,
        symbols: Sequence[str] = (),
        data_types: Sequence[str] = ("kline",),
        params: Optional[Mapping[str, Any]] = None,
        **more: Any,
    ) -> JSON:
        """Starts a strategy, waits until it runs and returns its status.

        Args:
            path: A `.py` or `.swift` file, a `.so`, or an executable.
            name: The worker's id; made from the file's name unless given.
            symbols: The instruments.
            data_types: The kinds of data.
            params: The strategy's parameters.
            more: Anything else of a `start` request, such as `warmup`, `delivery`, `fresh`, `python`.
        """
        payload: JSON = {
            "path": os.path.abspath(os.path.expanduser(path)),
            "symbols": list(symbols),
            "data_types": list(data_types),
            "params": dict(params or {}),
            **more,
        }
        if name is not None:
            payload["name"] = name
        worker: JSON = self.ask("start", None, payload)["worker"]
        return worker

    def stop(self, worker_id: str) -> None:
        """Stops a worker, and returns when its process is gone."""
        self.ask("stop", worker_id)

    def stop_all(self) -> List[str]:
        """Stops all workers, and returns their ids."""
        return [str(worker["worker_id"]) for worker in self.ask("stop", None, {"all": True})["workers"]]

    def pause(self, worker_id: str) -> None:
        """Holds a worker's data back, and returns when it has said so."""
        self.ask("pause", worker_id)

    def resume(self, worker_id: str) -> None:
        """Lets a paused worker go on."""
        self.ask("resume", worker_id)

    def restart(self, worker_id: str) -> None:
        """Puts a new process in a worker's place, and returns when that runs."""
        self.ask("restart", worker_id)

    def params(self, worker_id: str, **params: Any) -> JSON:
        """Changes parameters of a running strategy, which may refuse; returns those that are in force then."""
        found: JSON = self.ask("params", worker_id, {"params": params})["params"]
        return found

    def checkpoint(self, worker_id: str) -> JSON:
        """The state that is saved of a worker, and its positions."""
        found: JSON = self.ask("checkpoint", worker_id, {"op": "show"})["checkpoint"]
        return found

    # MARK: Questions

    def list(self) -> List[JSON]:
        """The status of each worker."""
        workers: List[JSON] = self.ask("list")["workers"]
        return workers

    def status(self, worker_id: str) -> JSON:
        """The status of one worker."""
        worker: JSON = self.ask("status", worker_id)["worker"]
        return worker

    def why(self, worker_id: str) -> JSON:
        """What happened to a worker, what comes next, and what can be done."""
        return self.ask("why", worker_id)

    def topics(self) -> List[JSON]:
        """The counters of each topic."""
        topics: List[JSON] = self.ask("topics")["topics"]
        return topics

    def ping(self) -> JSON:
        """Who the manager is, and where its endpoints and folders are."""
        return self.ask("ping")

    def log_path(self, worker_id: str) -> str:
        """The file that a worker's output goes to."""
        return str(self.ask("logs", worker_id)["path"])

    def journal(
        self,
        worker_id: Optional[str] = None,
        kind: Optional[str] = None,
        *,
        after: int = 0,
        limit: Optional[int] = None,
        follow: bool = False,
    ) -> Iterator[JSON]:
        """Journal entries, oldest first.

        Args:
            worker_id: Of one worker only.
            kind: Of one kind only, such as `transition`.
            after: Those behind this `seq`.
            limit: At most so many.
            follow: Whether to wait for more, for ever.
        """
        asked = {"worker_id": worker_id, "kind": kind}
        return self._records("journal", "entries", "after_seq", "last_seq", asked, after, limit, follow)

    def signals(
        self, worker_id: Optional[str] = None, *, after: int = 0, limit: Optional[int] = None, follow: bool = False
    ) -> Iterator[JSON]:
        """Signals, oldest first; the arguments are those of `journal`, with `after` a row."""
        return self._records("signals", "signals", "after_rowid", "last_rowid", {"worker_id": worker_id}, after, limit, follow)

    def events(self, topic: str = "") -> Iterator[Tuple[str, JSON]]:
        """What happens from now on, for ever: topics that begin with `topic`, and payloads."""
        with self._subscription(topic) as socket:
            while True:
                yield self._event(socket)

    def _records(
        self, msg_type: str, key: str, after_key: str, last_key: str, asked: JSON, after: int, limit: Optional[int], follow: bool
    ) -> Iterator[JSON]:
        # Before the first question: what happens behind its answer is told.
        socket = self._subscription("") if follow else None
        left = limit
        try:
            while left is None or left > 0:
                payload: Dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
                payload.update({after_key: after, "limit": _PAGE if left is None else min(left, _PAGE)})
                answer = self.ask(msg_type, None, payload)
                page: List[JSON] = answer[key]
                yield from page
                if page:
                    after = answer[last_key]
                    left = None if left is None else left - len(page)
                elif socket is None:
                    return
                else:
                    # Now and then it looks although nothing was told: an event may have been lost on a full queue.
                    if socket.poll(1000):
                        self._event(socket)
        finally:
            if socket is not None:
                socket.close()

    def _subscription(self, topic: str) -> zmq.Socket[bytes]:
        found = self.ping()["endpoints"]["events"][0]
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt_string(zmq.SUBSCRIBE, topic)
        socket.connect(found)
        return socket

    @staticmethod
    def _event(socket: zmq.Socket[bytes]) -> Tuple[str, JSON]:
        frames = socket.recv_multipart()
        return frames[0].decode(), envelope.decode(frames[-1])["payload"]
