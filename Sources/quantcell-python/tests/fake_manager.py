"""A manager that a test plays: the four sockets that a worker connects to, and the worker's process, started as the real one starts it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import zmq

from quantcell.market import Bar
from quantcell.wire import codec, envelope

SOURCES = str(Path(__file__).resolve().parent.parent / "src")
START = "import sys; sys.path[0] = sys.argv[1]; from quantcell.worker.program import main; main()"
#: How long something that must happen is waited for. It is for what hangs, not for what is slow.
PATIENCE = 60.0


class FakeManager:
    """One worker's manager."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="qcp-")
        self.context = zmq.Context()
        self.control = self._bind(zmq.ROUTER, "control")
        self.status = self._bind(zmq.PULL, "status")
        self.data = self._bind(zmq.XPUB, "data")
        self.history = self._bind(zmq.ROUTER, "history")
        self.identity = f"spare-{uuid.uuid4().hex[:8]}"
        self.log = os.path.join(self.folder, "worker.log")
        self.said: List[Dict[str, Any]] = []
        self.subscriptions: List[str] = []
        self.record: Dict[int, bytes] = {}
        self.is_recording = True
        self.recorded = 0
        variables = dict(os.environ)
        variables.update(
            QUANTCELL_WORKER_ID=self.identity,
            QUANTCELL_IDENTITY=self.identity,
            QUANTCELL_GENERATION="0",
            QUANTCELL_TOKEN="t",
            QUANTCELL_LOG_LEVEL="debug",
            **{f"QUANTCELL_{name.upper()}": self.address(name) for name in ("control", "status", "data", "history")},
        )
        with open(os.path.join(self.folder, "spare.log"), "ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START, SOURCES],
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.until_control(lambda message: message["msg_type"] == "hello")
        self.send("welcome", heartbeat_interval=0.05, manager="m1", orphan_lease=60.0)

    def _bind(self, kind: int, name: str) -> zmq.Socket:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(self.address(name))
        return socket

    def address(self, name: str) -> str:
        return f"ipc://{self.folder}/{name}"

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder)

    # MARK: Control

    def send(self, msg_type: str, worker_id: str = "w", generation: int = 1, **payload: Any) -> str:
        message = envelope.message(msg_type, payload, worker_id=worker_id, generation=generation)
        self.control.send_multipart([self.identity.encode(), envelope.encode(message)])
        return message["msg_id"]

    def until_control(self, condition: Callable[[Dict[str, Any]], bool]) -> Dict[str, Any]:
        """The next message on control that is as it should be; requests for a marker are answered meanwhile."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.serve(0.05)
            while self.control.poll(0):
                message = envelope.decode(self.control.recv_multipart()[-1])
                if message["msg_type"] == "sync":
                    self._mark(message)
                if condition(message):
                    return message
        raise AssertionError(f"it never came; the log: {self.log_text}")

    def answer(self, msg_id: str) -> Dict[str, Any]:
        """The last word on a command."""
        found = self.until_control(
            lambda message: message.get("reply_to") == msg_id and message["payload"].get("result") != "accepted"
        )
        return found["payload"]

    def _mark(self, request: Dict[str, Any]) -> None:
        end = time.monotonic() + PATIENCE
        while f"sync.{self.identity}" not in self.subscriptions and time.monotonic() < end:
            self._subscribe(0.05)
        topics = {topic: max(self.record, default=0) for topic in request["payload"]["topics"]}
        marker = envelope.message("sync", {"topics": topics}, reply_to=request["msg_id"])
        self.data.send_multipart([f"sync.{self.identity}".encode(), envelope.encode(marker)])

    def start(self, source: str, *, name: str = "w.py", **changes: Any) -> Dict[str, Any]:
        """Has the worker host a strategy, and returns its answer."""
        path = os.path.join(self.folder, name)
        Path(path).write_text(textwrap.dedent(source))
        payload: Dict[str, Any] = {
            "strategy_path": path,
            "params": {},
            "symbols": ["X"],
            "data_types": ["kline"],
            "log_path": self.log,
            "heartbeat_interval": 0.05,
            "checkpoint_policy": {"messages": 1000, "interval": 3600.0},
        }
        payload.update(changes)
        return self.answer(self.send("start", **payload))

    # MARK: Data and status

    def bar(self, sequence: int, close: float = 1.0, sends: bool = True) -> None:
        bar = Bar("X", close, close, close, close, 1.0, sequence=sequence, event_time=sequence * 1000, receive_time=7)
        body = codec.encode(bar)
        self.record[sequence] = body
        if sends:
            self.data.send_multipart([b"market.X.kline", body])

    def _subscribe(self, seconds: float) -> None:
        while self.data.poll(int(seconds * 1000)):
            frame = self.data.recv()
            if frame[:1] == b"\1":
                self.subscriptions.append(frame[1:].decode())
            seconds = 0

    def serve(self, seconds: float) -> None:
        """Takes what has come, confirms what is to be confirmed, and answers questions about the record."""
        self._subscribe(0)
        while self.history.poll(0):
            peer, data = self.history.recv_multipart()
            self._replay(peer, envelope.decode(data))
        if not self.status.poll(int(seconds * 1000)):
            return
        while self.status.poll(0):
            message = envelope.decode(self.status.recv())
            self.said.append(message)
            if not self.is_recording:
                continue
            if message["msg_type"] == "signal" and message.get("seq") == self.recorded + 1:
                self.recorded += 1
                self.send("recorded", signals=self.recorded)
            if message["msg_type"] == "checkpoint":
                self.send("recorded", checkpoint=message["payload"]["ordinal"])

    def _replay(self, peer: bytes, request: Dict[str, Any]) -> None:
        frames: List[bytes] = []
        if request["msg_type"] == "history":
            (topic, count), = request["payload"]["topics"].items()
            before = request["payload"]["before"].get(topic, 1 << 60)
            wanted = [sequence for sequence in sorted(self.record) if sequence < before][-count:]
        else:
            topic = request["payload"]["ranges"][0]["topic"]
            spans = [(item["from"], item["to"]) for item in request["payload"]["ranges"]]
            wanted = [seq for seq in sorted(self.record) if any(first <= seq <= last for first, last in spans)]
        for sequence in wanted:
            frames += [topic.encode(), self.record[sequence]]
        payload = {"result": "done", "count": len(wanted), "more": False, "lost": []}
        answer = envelope.message("ack", payload, reply_to=request["msg_id"])
        self.history.send_multipart([peer, envelope.encode(answer), *frames])

    def until(self, condition: Callable[[], Any]) -> Any:
        """Waits until `condition` finds something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            self.serve(0.05)
        raise AssertionError(f"it never happened; the log: {self.log_text}; the last words: {self.said[-3:]}")

    def until_said(self, msg_type: str, condition: Callable[[Dict[str, Any]], bool] = lambda _: True) -> Dict[str, Any]:
        """Waits for a message on status, also one that has come already."""
        return self.until(
            lambda: next((m for m in self.said if m["msg_type"] == msg_type and condition(m["payload"])), None)
        )

    def signals(self) -> List[str]:
        return [message["payload"]["signal_id"] for message in self.said if message["msg_type"] == "signal"]

    @property
    def log_text(self) -> str:
        texts = [path.read_text() for path in map(Path, (self.log, os.path.join(self.folder, "spare.log"))) if path.exists()]
        return "\n".join(texts)


def children(pid: int) -> List[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_alive(pid: int) -> Optional[str]:
    """The state of a process; `None` when it has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    return None if state in "ZX" else state
