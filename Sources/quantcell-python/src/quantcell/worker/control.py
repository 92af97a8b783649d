"""The worker's end of control, and of history."""

from __future__ import annotations

import collections
import os
import time
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional, Tuple

import zmq

from ..errors import ProtocolError, StrategyError
from ..market import Event
from ..wire import envelope
from ..wire.envelope import JSON
from ..wire.topic import Decoder
from .environment import CurveKeys, WorkerEnvironment, connect
from .gauges import Gauges
from .limits import SECOND, ManagerLease
from .topics import Range

#: As many messages as the manager puts into one answer.
MAX_MESSAGES = 2000


class ControlLink:
    """Reads commands, answers them, and answers a repeated one again without carrying it out again. Keeps in touch with the manager,
    which may be away, or another one by now."""

    REMEMBERED = 64
    MAX_BACKLOG = 64

    def __init__(self, context: zmq.Context[Any], environment: WorkerEnvironment, gauges: Gauges) -> None:
        self._environment = environment
        self._gauges = gauges
        self.lease = ManagerLease(environment.orphan_lease, time.monotonic_ns())
        #: What arrived while a callback was waiting for the manager, oldest first.
        self.backlog: Deque[bytes] = collections.deque()
        # The last answer to each of the latest commands, oldest first.
        self._answers: collections.OrderedDict[str, JSON] = collections.OrderedDict()
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.ROUTING_ID, environment.identity.encode())
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.setsockopt(zmq.MAXMSGSIZE, envelope.MAX_BYTES)
        connect(self.socket, environment.control, environment.keys)

    # MARK: Being there

    def say_hello(self) -> None:
        """Says who this is. The manager answers with `welcome`."""
        self.send(envelope.message("hello", self._introduction))

    def keep_in_touch(self) -> bool:
        """Says again who this is, when that is due: for a manager that has come since.

        Returns:
            Whether the manager is there, as far as can be told.
        """
        verdict = self.lease.look(time.monotonic_ns())
        if verdict == "ask":
            self.send(envelope.message("heartbeat", {**self._introduction, "status": self._gauges.status}))
        return verdict != "over"

    @property
    def _introduction(self) -> JSON:
        return {
            "identity": self._environment.identity,
            "token": self._environment.token,
            "pid": os.getpid(),
            "protocol": 1,
            "runtime": "python",
        }

    # MARK: Commands

    def receive(self) -> Iterator[JSON]:
        """What has arrived, but for what was answered before."""
        while True:
            data = self.backlog.popleft() if self.backlog else self._take()
            if data is None:
                return
            try:
                message = envelope.decode(data)
            except ProtocolError as error:
                self._gauges_log(f"dropped a message on control: {error}")
                continue
            answer = self._answers.get(str(message.get("msg_id")))
            if answer is None:
                yield message
            else:
                self.send(answer)

    def listen(self, notice: Callable[[JSON], bool]) -> None:
        """Takes in what has arrived while a callback waits for the manager. Commands are left to be received later.

        Args:
            notice: What to do with a message that is no command; says whether it was one.
        """
        while True:
            data = self._take()
            if data is None:
                return
            try:
                message = envelope.decode(data)
            except ProtocolError:
                continue
            if notice(message):
                continue
            if len(self.backlog) < self.MAX_BACKLOG:
                self.backlog.append(data)
            else:
                self.answer(message, "refused", reason="the strategy waits for the manager to take its signals")

    def answer(self, command: JSON, result: str, **details: Any) -> None:
        """Answers a command: `accepted`, `done` or `refused`."""
        identity = command.get("msg_id")
        if not isinstance(identity, str):
            return
        answer = envelope.message("ack", {"result": result, **details}, reply_to=identity)
        self._answers.pop(identity, None)
        self._answers[identity] = answer
        if len(self._answers) > self.REMEMBERED:
            self._answers.popitem(last=False)
        self.send(answer)

    def send(self, message: JSON) -> None:
        """Sends a message as whom the worker speaks now. While the manager is away the queue may be full, and then needs no more."""
        names = self._gauges.names
        message.update(worker_id=names.worker_id, generation=names.generation)
        try:
            self.socket.send(envelope.encode(message), zmq.NOBLOCK)
        except zmq.Again:
            pass

    def _take(self) -> Optional[bytes]:
        try:
            frames = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        self.lease.heard()
        # A leading empty frame is allowed, as a REQ peer would send it.
        return next((frame for frame in frames if frame), b"")

    @staticmethod
    def _gauges_log(text: str) -> None:
        print(text, flush=True)


class HistoryLink:
    """Asks for ranges of recorded data, and keeps the answer until it has been handled message by message."""

    _SHORTEST = 5 * SECOND
    _LONGEST = 60 * SECOND

    def __init__(
        self, context: zmq.Context[Any], address: str, identity: str, keys: Optional[CurveKeys], gauges: Gauges
    ) -> None:
        self._gauges = gauges
        self._ranges: Optional[List[Range]] = None
        self._message_id = ""
        self._asked_at = 0
        self._patience = self._SHORTEST
        # The frames of the answer that is being handled, and how many have been.
        self._frames: List[bytes] = []
        self._place = 0
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.ROUTING_ID, identity.encode())
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.MAXMSGSIZE, envelope.MAX_BYTES)
        connect(self.socket, address, keys)

    @property
    def is_reading(self) -> bool:
        """Whether an answer is being handled."""
        return bool(self._frames)

    @property
    def next_look(self) -> Optional[int]:
        """When to look whether the answer is overdue; `None` while none is waited for."""
        return None if self.is_reading or self._ranges is None else self._asked_at + self._patience

    def ask(self, ranges: List[Range], now: int) -> None:
        """Asks, once the answer to what was asked before has been handled."""
        self._ranges, self._patience = ranges, self._SHORTEST
        self._send(now)

    def ask_again(self, now: int, is_urgent: bool = False) -> None:
        """Asks again where the answer is overdue, or at once because another manager has come."""
        if self.is_reading or self._ranges is None or not (is_urgent or now - self._asked_at >= self._patience):
            return
        self._patience = min(self._patience * 2, self._LONGEST)
        self._send(now)

    def _send(self, now: int) -> None:
        names = self._gauges.names
        payload = {"ranges": [span.json for span in self._ranges or []], "limit": MAX_MESSAGES, "format": "binary"}
        request = envelope.message("replay", payload, worker_id=names.worker_id, generation=names.generation)
        self._message_id, self._asked_at = request["msg_id"], now
        try:
            self.socket.send(envelope.encode(request), zmq.NOBLOCK)
        except zmq.Again:
            pass

    def receive(self) -> Tuple[str, Any]:
        """The next arrival: `nothing`; `answer` and its payload; `refused` and why, for now; `message` with topic and body; `end`."""
        if self.is_reading:
            return self._read_on()
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return "nothing", None
            while frames and not frames[0]:
                frames = frames[1:]
            try:
                answer = envelope.decode(frames[0]) if frames else None
            except ProtocolError:
                continue
            if answer is None or self._ranges is None or answer.get("reply_to") != self._message_id:
                # To a request that was asked again meanwhile.
                continue
            payload = answer["payload"]
            if answer["msg_type"] != "ack" or payload.get("result") != "done":
                return "refused", payload.get("message") or "no reason given"
            self._frames, self._place = frames, 1
            return "answer", payload

    def _read_on(self) -> Tuple[str, Any]:
        place = self._place
        if place + 1 >= len(self._frames):
            self._frames, self._ranges = [], None
            return "end", None
        self._place = place + 2
        return "message", (self._frames[place], self._frames[place + 1])


def last_events(
    context: zmq.Context[Any],
    address: str,
    keys: Optional[CurveKeys],
    topic: str,
    decode: Decoder,
    count: int,
    before: Optional[int],
) -> List[Event]:
    """The last recorded messages of one topic, oldest first, while the strategy waits.

    Each query has a socket of its own: it is asked in the middle of a callback, when an answer may be half handled on the other one.

    Raises:
        StrategyError: when no answer came within 5 s, or a refusal.
    """
    pages: List[List[Event]] = []
    with context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 5000)
        socket.setsockopt(zmq.MAXMSGSIZE, envelope.MAX_BYTES)
        connect(socket, address, keys)
        while count > 0 and (before is None or before > 1):
            page = _page(socket, topic, decode, min(count, MAX_MESSAGES), before)
            if not page:
                break
            pages.append(page)
            count -= len(page)
            # An answer has only so much in it: then the next one is about what came before that.
            before = page[0].sequence
    return [event for page in reversed(pages) for event in page]


def _page(socket: zmq.Socket[bytes], topic: str, decode: Decoder, count: int, before: Optional[int]) -> List[Event]:
    payload: Dict[str, Any] = {"topics": {topic: count}, "before": {} if before is None else {topic: before}}
    request = envelope.message("history", payload)
    socket.send(envelope.encode(request))
    try:
        frames = [frame for frame in socket.recv_multipart()]
    except zmq.Again:
        raise StrategyError("history: no answer from the manager within 5 s") from None
    while frames and not frames[0]:
        frames = frames[1:]
    answer = envelope.decode(frames[0]) if frames else {"payload": {}}
    if answer.get("reply_to") != request["msg_id"] or answer["payload"].get("result") != "done":
        raise StrategyError(f"history: {answer['payload'].get('message') or 'the manager gives none'}")
    events: List[Event] = []
    for place in range(1, len(frames) - 1, 2):
        try:
            events.append(decode(frames[place + 1], True))
        except ProtocolError:
            # What cannot be read was refused at the door, or is no answer to this question.
            continue
    return events
