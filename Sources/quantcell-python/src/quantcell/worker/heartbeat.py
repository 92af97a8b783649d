"""Says that the worker lives, from a process of its own.

A thread would not do: while a callback holds Python's lock, as a long sum or a regular expression does, no other thread of the process
runs, and the worker would look frozen although it is stuck. So the heartbeat is a process that was forked before anything else was
done. It reads the gauges from memory that both have, looks after the log file, and writes down where the strategy is when the manager
asks the worker for that.

It speaks only for a worker that can run: it looks at it before each beat, and is silent while somebody has stopped it. It ends with the
worker, at once.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import select
import signal
import time
from typing import NoReturn, Optional

import zmq

from ..wire import envelope
from . import log, system
from .environment import CurveKeys, connect
from .gauges import INTERVAL, Gauges

_LOG_CHECK = 1_000_000_000
#: faulthandler writes the frames one by one; the last is this one, since it is what the process was started with.
_OUTERMOST = b'  File "<string>", line 1 in <module>\n'
_MAX_TRACE = 64 << 10
#: Where the last frame is another one: after so long without a further line, milliseconds.
_TRACE_PAUSE = 50


class Heartbeat:
    """The strategy's end of it."""

    def __init__(self, gauges: Gauges, address: str, keys: Optional[CurveKeys]) -> None:
        self._gauges = gauges
        reader, self._waker = os.pipe()
        trace_reader, trace_writer = os.pipe()
        # Readable when the heartbeat has ended: nothing is ever written to it.
        self.ended, alive = os.pipe()
        for descriptor in (self._waker, trace_writer, trace_reader, reader):
            os.set_blocking(descriptor, False)
        parent = os.getpid()
        # What is there now is shared by both for good, if the collector does not write to it.
        gc.collect()
        gc.freeze()
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (self._waker, trace_writer, self.ended):
                os.close(descriptor)
            _Beating(gauges, address, keys, parent, reader, trace_reader).run()
        for descriptor in (reader, trace_reader, alive):
            os.close(descriptor)
        gc.unfreeze()
        self._trace = trace_writer
        # In C, from the signal's handler itself: it needs no lock, and no callback that returns.
        faulthandler.register(signal.SIGUSR1, file=trace_writer, all_threads=False, chain=False)

    def beat(self) -> None:
        """Beats now, because there is news, and then at the usual interval."""
        try:
            os.write(self._waker, b"b")
        except OSError:
            # It is full of wishes to beat, or the heartbeat has ended, which the main loop notices.
            pass

    def set_interval(self, seconds: float) -> None:
        """Changes how often the heart beats; 10 ms to an hour."""
        nanoseconds = int(min(max(seconds, 0.01), 3600) * 1e9)
        if self._gauges.words[INTERVAL] != nanoseconds:
            self._gauges.words[INTERVAL] = nanoseconds
            self.beat()

    def stop(self) -> None:
        """Ends it, also where somebody has stopped it, and waits for that."""
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


class _Beating:
    """The process that beats."""

    def __init__(
        self, gauges: Gauges, address: str, keys: Optional[CurveKeys], parent: int, waker: int, trace: int
    ) -> None:
        self._gauges = gauges
        self._keys = keys
        self._address = address
        self._parent = parent
        self._waker = waker
        self._trace = trace
        self._next_log_check = 0

    def run(self) -> NoReturn:
        """Beats until the worker has ended."""
        code = 1
        try:
            # What the worker's process group is told is not for it; it is killed with the worker.
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE):
                signal.signal(number, signal.SIG_IGN)
            system.die_with_parent()
            system.set_title("heartbeat")
            if os.getppid() == self._parent:
                self._beat()
            code = 0
        except BaseException as error:  # Whatever it is: without heartbeats the worker ends, and the log says why.
            log.write(3, self._gauges.names.worker_id, f"no more heartbeats: {error!r}")
        os._exit(code)

    def _beat(self) -> None:
        worker = system.OtherProcess(self._parent)
        socket = zmq.Context().socket(zmq.PUSH)
        # A heartbeat is of use only now: while nobody is connected it is dropped instead of queued.
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.setsockopt(zmq.SNDHWM, 8)
        socket.setsockopt(zmq.LINGER, 0)
        connect(socket, self._address, self._keys)
        poller = select.poll()
        poller.register(self._waker, select.POLLIN)
        poller.register(self._trace, select.POLLIN)
        while worker.read() and os.getppid() == self._parent:
            if not worker.stands_still:
                self._send(socket, worker)
            # Twice as long waits look like one; so a beat that is asked for is the only one that comes early.
            ready = dict(poller.poll(self._pause()))
            if self._waker in ready and not os.read(self._waker, 4096):
                return
            if self._trace in ready:
                self._write_trace()
            self._check_log(worker)

    def _send(self, socket: zmq.Socket[bytes], worker: system.OtherProcess) -> None:
        names = self._gauges.read_names()
        payload = self._gauges.heartbeat(time.monotonic_ns())
        payload.update(
            cpu_seconds=worker.cpu_seconds,
            rss_bytes=worker.resident_bytes,
            private_bytes=worker.private_bytes,
        )
        beat = envelope.message("heartbeat", payload, worker_id=names.worker_id, generation=names.generation)
        try:
            socket.send(envelope.encode(beat), zmq.NOBLOCK)
        except zmq.Again:
            pass

    def _pause(self) -> int:
        """How long to wait for the next beat, milliseconds: it falls on a tenth of the interval, as those of all workers do."""
        interval = max(self._gauges.words[INTERVAL], 1_000_000)
        step, now = interval // 10, time.monotonic_ns()
        return int(((now + interval) // step * step - now + 999_999) // 1_000_000)

    def _check_log(self, worker: system.OtherProcess) -> None:
        now = time.monotonic_ns()
        path = self._gauges.names.log_path
        if now < self._next_log_check or not path:
            return
        self._next_log_check = now + _LOG_CHECK
        if not worker.stands_still and not log.is_output(path, str(self._parent)):
            os.kill(self._parent, signal.SIGHUP)

    def _write_trace(self) -> None:
        """Writes the traceback that has come through the pipe to the log, between the marks by which the manager finds it."""
        poller = select.poll()
        poller.register(self._trace, select.POLLIN)
        trace = b""
        while len(trace) < _MAX_TRACE and not trace.endswith(_OUTERMOST) and poller.poll(_TRACE_PAUSE):
            part = os.read(self._trace, 4096)
            if not part:
                break
            trace += part
        names = self._gauges.read_names()
        callback, seconds = self._gauges.callback(time.monotonic_ns())
        place = f"{callback} for {int(seconds * 10) / 10} s" if callback else "no callback"
        title = f"--- backtrace of {names.worker_id} generation {names.generation}: {place} ---\n"
        text = title.encode() + trace.removesuffix(_OUTERMOST) + b"--- end ---\n"
        descriptor = 1
        if names.log_path:
            descriptor = os.open(names.log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        log.write_all(descriptor, text)
        if descriptor != 1:
            os.close(descriptor)
