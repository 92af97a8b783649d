"""Publishes market data."""

from __future__ import annotations

import collections
import re
import struct
import time
from types import TracebackType
from typing import Any, Deque, Mapping, Optional, Tuple, Type, Union

import zmq

from . import endpoints
from .errors import ProtocolError, Refused
from .market import Bar, Depth, Quote, Tick, Trade
from .wire import codec, envelope
from .wire.topic import Topic

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER = struct.Struct("<Q")
_PATIENCE = 1.0

Data = Union[Bar, Tick, Trade, Quote, Depth, Mapping[str, Any]]


class Publisher:
    """Publishes market data, and knows what is on disk where it is given a name::

        with Publisher("my-feed") as feed:
            feed.publish(Bar("BTC/USDT", 100, 103, 99, 102, event_time=time.time_ns()))
            feed.publish({"price": 102.5}, symbol="BTC/USDT", data_type="tick")

    With a name every message is numbered, and sent again until the manager has it on disk, also to a manager that is started again: `flush`
    and the end of the `with` wait for that. Without one it is sent once, and nobody says what became of it. It belongs to one thread.

    Args:
        name: 1 to 64 of `A-Z a-z 0-9 . _ -`, the same after a restart of the program, and nobody else's.
        runtime_dir: The manager's runtime folder; that of this user's manager unless given.
        address: The address of `publish`, or of `feed` without a name, in place of a folder.
        window: How many messages may be on their way to the disk; with more, `publish` waits.
        timeout: How long the manager may be away, in seconds.

    Raises:
        ConnectionError: when no manager has announced itself in the folder.
        TimeoutError: when it does not answer.
        Refused: when another program publishes under the name.
    """

    def __init__(
        self,
        name: Optional[str] = None,
        *,
        runtime_dir: Optional[str] = None,
        address: Optional[str] = None,
        window: int = 10_000,
        timeout: float = 60.0,
    ) -> None:
        if name is not None and not _NAME.fullmatch(name):
            raise ProtocolError(f"a publisher's name has 1 to 64 of A-Z a-z 0-9 . _ -, not {name!r}")
        self.name = name
        self.timeout = timeout
        #: How many of the messages of this name are on disk, or were refused; those of earlier programs too.
        self.recorded = 0
        #: The number of the last message; those of earlier programs count too.
        self.last = 0
        #: Messages that the manager refused, and why the last one was.
        self.refused = 0
        self.last_refusal = ""
        self._window = max(window, 1)
        self._waiting: Deque[Tuple[bytes, bytes]] = collections.deque()
        self._sent = 0
        self._heard = time.monotonic()
        self._greeting = ""
        place = address or endpoints.address("publish" if name else "feed", runtime_dir)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER if name else zmq.PUSH)
        if name:
            # What was queued for a manager that died is not sent to the next.
            self._socket.setsockopt(zmq.IMMEDIATE, 1)
            self._socket.setsockopt(zmq.LINGER, 0)
        else:
            self._socket.setsockopt(zmq.SNDTIMEO, int(timeout * 1000))
            self._socket.setsockopt(zmq.LINGER, int(timeout * 1000))
        self._socket.connect(place)
        if name:
            try:
                self._hello()
                self._until(lambda: not self._greeting)
            except BaseException:
                self._context.destroy(linger=0)
                raise

    # MARK: Publishing

    def publish(self, data: Data, *, symbol: Optional[str] = None, data_type: Optional[str] = None) -> int:
        """Publishes one message.

        Args:
            data: An event, which goes as a binary body; or a dict, as the protocol's page on market data describes `data`, which goes
                as JSON.
            symbol: The instrument; that of the event unless given.
            data_type: The kind of data; that of the event unless given.

        Returns:
            The message's number, from 1; 0 for a publisher without a name.

        Raises:
            ProtocolError: when it could only be refused.
            TimeoutError: when the manager takes no more messages.
        """
        if isinstance(data, Mapping):
            if symbol is None or data_type is None:
                raise ProtocolError("a dict needs 'symbol' and 'data_type' beside it")
            payload = {"symbol": symbol, "data_type": data_type, "data": dict(data)}
            try:
                body = envelope.encode(envelope.message("market_data", payload))
            except (ValueError, TypeError) as error:
                raise ProtocolError(f"the data is no JSON: {error}") from None
        else:
            symbol, data_type = symbol or data.symbol, data_type or data.data_type
            body = codec.encode(data)
        return self.publish_body(str(Topic.of(symbol, data_type)).encode(), body)

    def publish_body(self, topic: bytes, body: bytes) -> int:
        """Publishes a body that is written already; as `publish`."""
        if self.name is None:
            try:
                self._socket.send_multipart([topic, body])
            except zmq.Again:
                raise TimeoutError(f"the manager has taken no message for {self.timeout:g} s") from None
            return 0
        self._until(lambda: len(self._waiting) < self._window)
        self.last += 1
        self._waiting.append((topic, body))
        self._send()
        self._listen(0)
        return self.last

    def flush(self) -> None:
        """Waits until everything is on disk; a publisher without a name does not know, and does not wait.

        Raises:
            TimeoutError: when the manager is away for too long.
        """
        if self.name is not None:
            self._until(lambda: not self._waiting)

    def close(self) -> None:
        """Closes the connection; one without a name sends what is not sent yet, as long as its timeout allows."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    # MARK: Acknowledged

    def _hello(self) -> None:
        payload: envelope.JSON = {"publisher": self.name}
        if self._waiting:
            payload["from"] = self.last - len(self._waiting) + 1
        greeting = envelope.message("hello", payload)
        self._greeting = greeting["msg_id"]
        try:
            self._socket.send(envelope.encode(greeting), zmq.NOBLOCK)
        except zmq.Again:
            # Nobody is there; it is said again.
            pass

    def _send(self) -> None:
        """Sends what has not been sent, as far as the socket takes it."""
        if self._greeting:
            return
        first = self.last - len(self._waiting) + 1
        try:
            while self._sent < len(self._waiting):
                self._socket.send_multipart([_NUMBER.pack(first + self._sent), *self._waiting[self._sent]], zmq.NOBLOCK)
                self._sent += 1
        except zmq.Again:
            pass

    def _until(self, condition: Any) -> None:
        """Sends and listens until `condition` holds.

        Raises:
            TimeoutError: when the manager says nothing for too long.
        """
        self._heard = time.monotonic()
        asked = self._heard
        while not condition():
            self._send()
            if self._listen(_PATIENCE):
                self._heard = asked = time.monotonic()
                continue
            now = time.monotonic()
            if now - self._heard >= self.timeout:
                raise TimeoutError(f"the manager has said nothing for {self.timeout:g} s")
            if now - asked >= _PATIENCE:
                # The connection may be another one, to a manager that does not know it.
                asked = now
                self._hello()

    def _listen(self, seconds: float) -> bool:
        """Takes the answers that are there, and waits for one where there is none. Returns whether one came."""
        has_come = False
        while self._socket.poll(0 if has_come else int(seconds * 1000)):
            has_come = True
            try:
                answer = envelope.decode(self._socket.recv_multipart()[-1])
            except ProtocolError:
                continue
            self._take(answer["msg_type"], answer["payload"], answer.get("reply_to"))
        return has_come

    def _take(self, kind: str, payload: envelope.JSON, reply_to: Any) -> None:
        if kind == "welcome" and reply_to == self._greeting:
            self._welcomed(envelope.whole(payload.get("accepted")) or 0, envelope.whole(payload.get("recorded")) or 0)
        elif kind == "recorded":
            self._forget(envelope.whole(payload.get("through")) or 0)
        elif kind == "resend":
            first = envelope.whole(payload.get("from")) or 0
            self._sent = min(self._sent, max(first - (self.last - len(self._waiting)) - 1, 0))
        elif kind == "hello":
            self._hello()
        elif kind == "error":
            if envelope.whole(payload.get("number")) is None:
                raise Refused("CONFLICT", str(payload.get("message", "refused")))
            self.refused += 1
            self.last_refusal = str(payload.get("message", ""))

    def _welcomed(self, accepted: int, recorded: int) -> None:
        self._greeting = ""
        if not self._waiting:
            # What an earlier program of this name has published is not sent again.
            self.last = max(self.last, accepted)
        self._forget(recorded)
        self._sent = min(max(accepted - (self.last - len(self._waiting)), 0), len(self._waiting))

    def _forget(self, through: int) -> None:
        while self._waiting and self.last - len(self._waiting) + 1 <= through:
            self._waiting.popleft()
            self._sent = max(self._sent - 1, 0)
        self.recorded = max(self.recorded, through)
