"""What all parts of a worker share: its sockets, what it knows, and what it sends out."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import zmq

from ..errors import StrategyError
from ..market import Event
from ..wire import envelope
from ..wire.envelope import JSON
from . import crash_points, log
from .control import ControlLink, HistoryLink, last_events
from .environment import WorkerEnvironment, connect
from .gauges import Gauges
from .heartbeat import Heartbeat
from .hosted import LEVELS
from .limits import NEVER, Moment, ResendTimer
from .order import Trial
from .outbox import SignalOutbox
from .runner import StrategyRunner
from .topics import Entry, Recovery

#: The strategy was refused; sysexits.h calls it EX_CONFIG.
REFUSED = 78
_now = time.monotonic_ns


class Standstill(NamedTuple):
    """A worker that handles nothing while new code takes over: the old process, or the new one."""

    #: What it becomes when it goes on: `running` or `paused`.
    becomes: str
    #: Whether it is the process that takes over; it has nothing yet that is to be saved.
    is_new: bool
    #: The `handover` that is answered when everything is on disk.
    handover: Optional[JSON]


class HeartbeatEnded(Exception):
    """The process that beats for this one has ended."""


class WorkerBase:
    """What the parts of a worker are made of: each of the classes that derive from it adds one. See `worker.Worker`."""

    def __init__(self, environment: WorkerEnvironment) -> None:
        self.environment = environment
        self.gauges = Gauges(environment.worker_id, environment.generation, environment.identity)
        # Before anything that a process that was forked must not have: the context's threads above all.
        self.heartbeat = Heartbeat(self.gauges, environment.status, environment.keys)
        self.phase = "spare"
        self.runner: Optional[StrategyRunner] = None
        self.exit_code = 0
        self._until = NEVER
        self._start: JSON = {}
        self._sync_id: Optional[str] = None
        self._sync_frame = f"sync.{environment.identity}".encode()
        #: Whether the worker stops because the manager has been away for too long: nobody takes its messages.
        self._is_abandoned = False
        self._is_sandboxed = False
        # What ends a strategy that runs beside its worker to see how it does, and when.
        self._trial: Optional[Trial] = None
        self._trial_end = NEVER
        #: What the strategy becomes once it has joined and is told to, where it is held.
        self._held: Optional[str] = None
        self._standstill: Optional[Standstill] = None
        self._manager: Optional[str] = None
        self._recovery: Optional[Recovery] = None
        self._warmup = 0
        self._stop_commands: List[JSON] = []
        #: Commands that are answered when the state is on disk, and what the answer says.
        self._save_commands: List[Tuple[JSON, JSON]] = []
        # A message that waits for what comes before it.
        self._in_hand: Optional[Tuple[bytes, bytes]] = None
        self._outbox = SignalOutbox()
        self._resend = ResendTimer(_now())
        self._log = log.OutputLog()
        self._is_told_to_stop = False
        self._wakeup = self._install_signals()
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.control = ControlLink(self.context, environment, self.gauges)
        self._status = self._open(zmq.PUSH, environment.status, {zmq.SNDHWM: 10_000, zmq.LINGER: 1000})
        # What a paused strategy, or a slow one, may have waiting here; more waits at, or is dropped by, the publisher.
        self._data = self._open(zmq.SUB, environment.data, {zmq.RCVHWM: 100_000, zmq.LINGER: 0})
        self._history = (
            HistoryLink(self.context, environment.history, environment.identity, environment.keys, self.gauges)
            if environment.history
            else None
        )

    def _open(self, kind: int, address: str, options: Dict[int, int]) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        for option, value in options.items():
            socket.setsockopt(option, value)
        connect(socket, address, self.environment.keys)
        return socket

    def _install_signals(self) -> int:
        """Has SIGTERM wake the main loop, and returns what it waits on.

        The interpreter runs the handlers between two instructions, also in a callback that takes long; the descriptor is written to at
        once, so that no signal slips in between a look at a flag and the wait.
        """
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)

        def term(number: int, frame: Any) -> None:
            self._is_told_to_stop = True

        signal.signal(signal.SIGTERM, term)
        signal.signal(signal.SIGHUP, lambda number, frame: self._log.follow())
        # A Ctrl-C in a terminal is for the manager, which stops its workers in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        return reader

    def close(self) -> None:
        """Lets go of the sockets, which send what is not sent yet for up to a second, and ends the heartbeat."""
        self.heartbeat.stop()
        # A second at most, also where nobody takes what is left.
        self.context.destroy(linger=1000)

    def _goes_on(self, moment: Moment) -> bool:
        return not self._is_told_to_stop and not self._is_abandoned and moment.goes_on()

    def _refuse_command(self, message: JSON, reason: str) -> None:
        self.control.answer(message, "refused", reason=reason)

    @property
    def _situation(self) -> str:
        if self.runner is not None and self.runner.is_broken:
            return "the error budget is spent"
        return {
            "spare": "no strategy has been started",
            "joining": "the strategy is still starting",
            "settling": "the strategy is still starting",
            "sandboxed": "the strategy runs on recorded data",
            "standing": "new code is taking over",
            "refused": "the strategy was refused",
            "finishing": "the worker is stopping",
            "ended": "the worker is stopping",
        }.get(self.phase, f"the strategy is {self.phase}")

    @property
    def _reads_history(self) -> bool:
        return self._recovery is not None and self.phase in ("running", "settling", "sandboxed")

    # MARK: What a running strategy sends out

    def set_subscribed(self, topic: str, is_subscribed: bool) -> None:
        """As `Outlet` says."""
        if not self._is_sandboxed:
            self._data.setsockopt(zmq.SUBSCRIBE if is_subscribed else zmq.UNSUBSCRIBE, topic.encode())

    def deliver(self, message: JSON) -> None:
        """Sends a message that must arrive. Where the manager is away and the queue is full, the strategy waits: better late than lost.
        Only SIGTERM and the end of the lease end the wait, and the log says what was dropped then."""
        data, is_waiting = envelope.encode(message), False
        while True:
            try:
                self._status.send(data, zmq.NOBLOCK)
                return
            except zmq.Again:
                pass
            if self._is_told_to_stop or self._is_abandoned:
                return self._write_log(3, f"told to stop, dropped a message that nobody takes: {data.decode()}")
            if not is_waiting:
                self._write_log(2, "the manager takes no messages; waiting for it")
            is_waiting = True
            self._status.poll(250, zmq.POLLOUT)
            self.control.listen(self._take_notice)
            self._is_abandoned = not self.control.keep_in_touch()

    def offer(self, message: JSON) -> None:
        """As `Outlet` says."""
        try:
            self._status.send(envelope.encode(message), zmq.NOBLOCK)
        except zmq.Again:
            pass

    def log(self, level: int, text: str) -> None:
        """Writes a line to the log; warnings and errors also go to the manager."""
        if level < self.environment.log_level:
            return
        self._write_log(level, text)
        if level >= 2 and self.runner is not None:
            self.offer(self.runner.stamped("log", {"level": LEVELS[level], "message": text[:16_000]}))

    def _write_log(self, level: int, text: str) -> None:
        log.write(level, self.gauges.names.worker_id, text)

    @staticmethod
    def _reach(name: str) -> None:
        if crash_points.is_armed:
            crash_points.reach(name)

    def last_bars(self, entry: Entry, count: int, before: Optional[int]) -> List[Event]:
        """As `Outlet` says."""
        if not self.environment.history:
            raise StrategyError("history: the manager keeps no record")
        return last_events(self.context, self.environment.history, self.environment.keys, entry.name, entry.decode, count, before)

    # MARK: What the parts below add, and those above call

    def _take_notice(self, message: JSON) -> bool:
        """Takes what the manager says that is no command; `False` when the message is one."""
        raise NotImplementedError

    def _look_for_loss(self) -> None:
        """Asks where the topics stand."""
        raise NotImplementedError

    def _refuse(self, start: JSON, error: Exception) -> None:
        """Refuses the start, and waits to be stopped."""
        raise NotImplementedError

    def _run(self, start: JSON) -> None:
        """The strategy runs from here on."""
        raise NotImplementedError

    def _finish(self) -> None:
        """Says what has not got to the disk, answers and ends."""
        raise NotImplementedError

    def _end_sandbox(self, runner: StrategyRunner) -> None:
        """Says goodbye and what came of it, and ends."""
        raise NotImplementedError

    def _take_marker(self, body: bytes) -> None:
        """Takes the marker that was asked for."""
        raise NotImplementedError

    def _handle(self, runner: StrategyRunner, topic: bytes, body: bytes) -> None:
        """Handles a message of the data socket."""
        raise NotImplementedError

    def _stand(self, start: JSON, becomes: str) -> None:
        """Stands still, joined and ready to take over."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """Goes on where it stands, as if nothing had been."""
        raise NotImplementedError

    def _answer_handover(self) -> None:
        """Answers the handover once everything is on disk."""
        raise NotImplementedError

    def _refuse_handover(self, reason: str) -> None:
        """Says that the state could not be saved, and goes on."""
        raise NotImplementedError
