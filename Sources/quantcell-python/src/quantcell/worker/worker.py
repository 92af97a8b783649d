"""One worker process: connected and idle until it is told to become a strategy, then that strategy until it is stopped."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Dict, List, NoReturn, Optional, Tuple

import zmq

from ..errors import ProtocolError, StrategyError, WorkerFailure
from ..market import Event
from ..wire import envelope
from ..wire.envelope import JSON, number, sequences, whole
from . import crash_points, gauges, log, system
from .control import ControlLink, HistoryLink, last_events
from .environment import WorkerEnvironment
from .gauges import Gauges
from .heartbeat import Heartbeat
from .limits import NEVER, SECOND, Moment, ResendTimer
from .loader import load, trace
from .order import StartOrder
from .outbox import SignalOutbox
from .runner import LEVELS, StrategyRunner
from .topics import Entry, Recovery

#: The strategy was refused; sysexits.h calls it EX_CONFIG.
REFUSED = 78
FAILED = 70
_PATIENCE = 2 * SECOND
_now = time.monotonic_ns


class HeartbeatEnded(Exception):
    """The process that beats for this one has ended."""


class Worker:
    """One thread does everything but heartbeats: it waits for commands, data, timers and SIGTERM, and runs the callbacks.

    `phase` says where the worker is in its life: `spare` waits for `start`; `joining` has made the strategy and waits for the marker that
    ends the join; `settling` warms it up and has its first state saved; `sandboxed` runs it on recorded data; `running`, `paused`;
    `refused` waits to be told to stop, so that the reason is read first; `finishing` has the last things put on disk; `ended`.
    """

    def __init__(self, environment: WorkerEnvironment) -> None:
        self.environment = environment
        self.gauges = Gauges(environment.worker_id, environment.generation, environment.identity)
        # Before anything that a process that was forked must not have: the context's threads above all.
        self.heartbeat = Heartbeat(self.gauges, environment.status)
        self.phase = "spare"
        self.runner: Optional[StrategyRunner] = None
        self.exit_code = 0
        self._until = NEVER
        self._start: JSON = {}
        self._sync_id: Optional[str] = None
        self._sync_frame = f"sync.{environment.identity}".encode()
        #: Whether the worker stops because the manager has been away for too long: nobody takes its messages.
        self._is_abandoned = False
        self._is_on_trial = False
        self._manager: Optional[str] = None
        self._recovery: Optional[Recovery] = None
        self._warmup = 0
        self._stop_commands: List[JSON] = []
        self._save_commands: List[JSON] = []
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
            HistoryLink(self.context, environment.history, environment.identity, self.gauges)
            if environment.history
            else None
        )

    def _open(self, kind: int, address: str, options: Dict[int, int]) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        for option, value in options.items():
            socket.setsockopt(option, value)
        socket.connect(address)
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

    # MARK: The main loop

    def run(self) -> int:
        """Works until told to stop, and returns the exit code.

        Raises:
            zmq.ZMQError: when a socket fails in a way that is not to be expected.
            HeartbeatEnded: when the heartbeat's process is gone.
        """
        self.control.say_hello()
        while self.phase != "ended":
            if self.phase == "refused" and self._until <= _now():
                return REFUSED
            ready = dict(zmq.zmq_poll(self._items(), self._timeout))
            if self.heartbeat.ended in ready:
                raise HeartbeatEnded("the process that sends heartbeats has ended")
            if self._wakeup in ready:
                os.read(self._wakeup, 4096)
            if self._is_told_to_stop and self.phase != "ended":
                self._is_told_to_stop = False
                self.stop("SIGTERM")
                continue
            self._read_control()
            if self._reads_history:
                self._read_history()
            if self._reads_data and self._data in ready:
                self._read_data()
            if self.phase == "running" and self.runner is not None:
                self.runner.run_timers()
            self._keep_on_disk()
            self._keep_in_touch()
        return self.exit_code

    def _items(self) -> List[Tuple[Any, int]]:
        items: List[Tuple[Any, int]] = [
            (self._wakeup, zmq.POLLIN), (self.heartbeat.ended, zmq.POLLIN), (self.control.socket, zmq.POLLIN),
        ]  # fmt: skip
        if self._reads_history and self._history is not None:
            items.append((self._history.socket, zmq.POLLIN))
        if self._reads_data:
            items.append((self._data, zmq.POLLIN))
        return items

    @property
    def _reads_data(self) -> bool:
        return self.phase == "joining" or (self.phase == "running" and self._recovery is None)

    @property
    def _reads_history(self) -> bool:
        return self._recovery is not None and self.phase in ("running", "settling", "sandboxed")

    @property
    def _timeout(self) -> int:
        """Up to what is due next, milliseconds; rounded up so that the wait does not end before it."""
        history, runner, now = self._history, self.runner, _now()
        if self.control.backlog or (self._reads_history and history is not None and history.is_reading):
            return 0
        due = min(self.control.lease.next_look, self._until, self._next_on_disk(now))
        if self.phase == "running" and runner is not None and not runner.is_broken:
            due = min(due, runner.timers.next_due)
        if self._reads_history and history is not None:
            due = min(due, history.next_look or NEVER)
        return int(min(max((due - now + 999_999) // 1_000_000, 0), 1 << 30))

    def _keep_in_touch(self) -> None:
        if self.phase == "ended" or self._is_abandoned or self.control.keep_in_touch():
            return
        # Once a message has been dropped for it there is no way back.
        self._is_abandoned = True
        self.stop(f"the manager has been away for {self.control.lease.length:g} s")

    def _goes_on(self, moment: Moment) -> bool:
        return not self._is_told_to_stop and not self._is_abandoned and moment.goes_on()

    # MARK: Commands

    def _read_control(self) -> None:
        for message in self.control.receive():
            if not self._take_notice(message):
                self._carry_out(message)
            if self.phase == "ended":
                return

    def _carry_out(self, message: JSON) -> None:
        kind = message["msg_type"]
        if kind == "start":
            if self.phase == "spare":
                self._begin(message)
            else:
                self._refuse_command(message, "this process hosts a strategy already")
        elif kind == "stop":
            reason = message["payload"].get("reason")
            self.stop(reason if isinstance(reason, str) else "asked for", message)
        elif kind == "pause":
            self._pause(message)
        elif kind == "resume":
            self._resume(message)
        elif kind == "update_params":
            self._change_params(message)
        elif kind == "checkpoint":
            self._save(message)
        elif kind == "sync":
            self._look_for_loss()
        elif kind == "error":
            self.log(2, f"the manager reports: {message['payload'].get('message') or message['payload']}")
        elif kind != "ack":
            self._refuse_command(message, f"a worker cannot '{kind}'")

    def _refuse_command(self, message: JSON, reason: str) -> None:
        self.control.answer(message, "refused", reason=reason)

    def _pause(self, message: JSON) -> None:
        runner = self.runner
        if self.phase != "running" or runner is None or runner.is_broken:
            return self._refuse_command(message, f"cannot pause: {self._situation}")
        self.phase = self.gauges.status = "paused"
        runner.pause()
        self._want_checkpoint("pause")
        self.log(1, "paused")
        self.control.answer(message, "done")
        self.heartbeat.beat()

    def _resume(self, message: JSON) -> None:
        runner = self.runner
        if self.phase != "paused" or runner is None or runner.is_broken:
            return self._refuse_command(message, f"cannot resume: {self._situation}")
        self.phase = self.gauges.status = "running"
        runner.resume()
        self.log(1, "resumed")
        self.control.answer(message, "done")
        self.heartbeat.beat()

    def _save(self, message: JSON) -> None:
        """Has the state saved now; the command is answered when it is on disk."""
        runner = self.runner
        if self.phase not in ("running", "paused") or runner is None or runner.is_broken:
            return self._refuse_command(message, f"nothing can be saved: {self._situation}")
        if runner.checkpointer is None:
            return self._refuse_command(message, "the strategy has no state")
        self._save_commands.append(message)
        self._want_checkpoint("command")
        self._save_if_due()

    def _change_params(self, message: JSON) -> None:
        runner, params = self.runner, message["payload"].get("params")
        if self.phase not in ("running", "paused") or runner is None:
            return self._refuse_command(message, f"cannot change parameters: {self._situation}")
        if not isinstance(params, dict):
            return self._refuse_command(message, "'params' must be an object")
        try:
            runner.change_params(params)
        except StrategyError as error:
            self.log(2, f"parameters not changed: {error}")
            self._refuse_command(message, str(error))
        else:
            self.log(1, f"parameters are now {envelope.text(runner.effective_params)}")
            self.control.answer(message, "done", params=runner.effective_params)

    @property
    def _situation(self) -> str:
        if self.runner is not None and self.runner.is_broken:
            return "the error budget is spent"
        return {
            "spare": "no strategy has been started",
            "joining": "the strategy is still starting",
            "settling": "the strategy is still starting",
            "sandboxed": "the strategy runs on recorded data",
            "refused": "the strategy was refused",
            "finishing": "the worker is stopping",
            "ended": "the worker is stopping",
        }.get(self.phase, f"the strategy is {self.phase}")

    # MARK: From spare to running strategy

    def _begin(self, message: JSON) -> None:
        """Becomes the strategy that `message` names, up to the request for the marker; or refuses, and ends."""
        try:
            order = StartOrder.read(message)
            if order.log_path:
                self._log.open(order.log_path)
            self.control.lease.is_spare = False
            self.gauges.rename(worker_id=order.worker_id, generation=order.generation, log_path=order.log_path or "")
            self.gauges.status = "starting"
            system.set_title(order.worker_id)
            if order.heartbeat_seconds is not None:
                self.heartbeat.set_interval(order.heartbeat_seconds)
            self.control.answer(message, "accepted")
            self._is_on_trial = order.sandbox is not None
            runner = self._host(order)
            self._reach("worker.start.hosted")
            if order.sandbox is not None:
                recovery = runner.sandbox(order.sandbox)
                runner.checkpointer = None
                self._run(message)
                self.phase = "sandboxed"
                self._recover(recovery)
            else:
                self._data.setsockopt(zmq.SUBSCRIBE, self._sync_frame)
                self._start = message
                self.phase = "joining"
                self._ask_for_marker()
        except (StrategyError, WorkerFailure) as error:
            self._refuse(message, error)

    def _host(self, order: StartOrder) -> StrategyRunner:
        runner = self.runner = StrategyRunner(self._loaded(order.path), order, self.gauges, self)
        # What a strategy goes on from has warmed it up already.
        self._warmup = order.warmup if order.checkpoint is None else 0
        runner.goes_on_from_history = self._warmup == 0 and runner.delivery == "lossless"
        if order.sandbox is not None:
            runner.begin_at(order.sandbox.ranges)
        runner.start()
        return runner

    def _loaded(self, path: str) -> Any:
        words = self.gauges.words
        words[gauges.CALLBACK_START] = _now()
        words[gauges.CALLBACK] = len(gauges.CALLBACKS)
        try:
            return load(path)
        finally:
            words[gauges.CALLBACK] = 0

    def _refuse(self, start: JSON, error: Exception) -> None:
        """Refuses the start, and waits to be stopped."""
        self.log(3, f"refused: {error}")
        details = {"final": True} if isinstance(error, WorkerFailure) and error.is_final else {}
        self.control.answer(start, "refused", reason=str(error), **details)
        self.phase = "refused"
        self._until = _now() + SECOND

    def _ask_for_marker(self) -> None:
        topics = [entry.name for entry in self.runner.topics.subscribed] if self.runner is not None else []
        request = envelope.message("sync", {"topics": topics})
        self._sync_id = request["msg_id"]
        self.control.send(request)

    def _take_marker(self, body: bytes) -> None:
        """Takes the marker that was asked for: it comes behind all data that has not been lost."""
        runner = self.runner
        try:
            marker = envelope.decode(body)
        except ProtocolError:
            marker = {}
        if runner is None or self._sync_id is None or marker.get("reply_to") != self._sync_id:
            return
        self._sync_id = None
        positions = sequences(marker["payload"].get("topics")) or {}
        if self.phase == "joining":
            self._join(runner, positions)
        else:
            missed = runner.join(positions)
            if missed is not None:
                self._recover(missed)

    def _join(self, runner: StrategyRunner, positions: Dict[str, int]) -> None:
        """From here on the strategy gets every message of its topics."""
        is_fresh = runner.checkpointer is None or runner.checkpointer.ordinal == 0
        missed = runner.join(positions)
        self.phase = "settling"
        self._reach("worker.start.joined")
        if self._warmup > 0:
            self.log(1, f"warming up with the last {self._warmup} messages of {len(runner.topics.subscribed)} topics")
            self._recover(runner.warm_up(self._warmup))
        elif is_fresh:
            self._want_checkpoint("start")
        else:
            self._run(self._start)
        if missed is not None:
            self._recover(missed)

    def _look_for_loss(self) -> None:
        """Asks where the topics stand. Where the last messages were lost, nothing comes behind them that would show the hole."""
        runner = self.runner
        if runner is None or runner.delivery != "lossless" or self._recovery is not None:
            return
        if self.phase in ("running", "paused"):
            # An earlier marker may have been lost, too.
            self._ask_for_marker()

    def _run(self, start: JSON) -> None:
        """The strategy runs from here on."""
        runner = self.runner
        if runner is None:
            return
        self.phase = "running"
        self._reach("worker.start.done")
        self.gauges.status = "running"
        params = runner.effective_params
        count = len(runner.topics.subscribed)
        self.log(1, f"running {runner.name} with {envelope.text(params)} on {count} topics")
        self.control.answer(start, "done", strategy_name=runner.name, params=params)
        self.deliver(runner.stamped("status_update", {"status": "running"}))
        self.heartbeat.beat()

    # MARK: To the end

    def stop(self, reason: str, command: Optional[JSON] = None) -> None:
        """Lets the strategy say goodbye, and ends when what it leaves is on disk; `command` is answered then."""
        if self.phase == "ended":
            return
        if self.phase == "refused":
            if command is not None:
                self.control.answer(command, "done")
            self.phase, self.exit_code = "ended", REFUSED
            return
        if command is not None:
            self._stop_commands.append(command)
        if self.phase == "finishing":
            if self._is_abandoned or command is None:
                self._finish()
            return
        self._reach("worker.stop.before")
        self.gauges.status = "stopping"
        self.heartbeat.beat()
        runner = self.runner
        if runner is not None:
            self.log(1, f"stopping: {reason}")
            runner.stop()
            if self.phase in ("joining", "settling"):
                # It is nowhere yet that another process could go on from.
                runner.checkpointer = None
                self._refuse_command(self._start, f"stopped before it was running: {reason}")
            elif self.phase in ("running", "paused"):
                self._want_checkpoint("reload" if reason == "reload" else "stop")
        self.phase = "finishing"
        self._until = _now() + _PATIENCE
        self._save_if_due()
        if self._is_on_disk or self._is_abandoned:
            self._finish()

    def _finish(self) -> None:
        """Says what has not got to the disk, answers and ends."""
        if len(self._outbox) > 0:
            self.log(2, f"{len(self._outbox)} signals are not confirmed to be on disk")
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        if checkpointer is not None and not checkpointer.is_settled:
            self.log(2, "the last state is not confirmed to be on disk; the one before it is gone on from")
        self._reach("worker.stop.saved")
        for command in self._stop_commands:
            self.control.answer(command, "done")
        self._stop_commands = []
        self.phase = "ended"

    def close(self) -> None:
        """Lets go of the sockets, which send what is not sent yet for up to a second, and ends the heartbeat."""
        self.heartbeat.stop()
        # A second at most, also where nobody takes what is left.
        self.context.destroy(linger=1000)

    # MARK: Market data

    def _read_data(self) -> None:
        """Handles what is there, but no longer than a moment: commands and timers must not wait behind a flood of data."""
        runner = self.runner
        if runner is None:
            return
        if self.phase == "running" and runner.delivery == "conflate":
            return self._read_latest(runner)
        moment, receive, sync, handled = Moment(), self._data.recv_multipart, self._sync_frame, 0
        while self._reads_data:
            try:
                frames = receive(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(frames) != 2:
                self.gauges.count(gauges.UNREADABLE)
            elif frames[0] == sync:
                self._take_marker(frames[1])
            elif self.phase == "running":
                # What comes before the marker was published before the worker had joined.
                self._handle(runner, frames[0], frames[1])
            handled += 1
            if handled % 16 == 0 and not self._goes_on(moment):
                return

    def _handle(self, runner: StrategyRunner, topic: bytes, body: bytes) -> None:
        hole = runner.handle(topic, body)
        if hole is not None:
            self._in_hand = (topic, body)
            self._recover(Recovery("gap", hole, runner.topics))
        elif runner.checkpointer is not None and runner.checkpointer.is_full:
            self._save_if_due()

    def _read_latest(self, runner: StrategyRunner) -> None:
        """Takes all that is there, and handles the latest message of each topic."""
        latest: Dict[bytes, bytes] = {}
        moment = Moment()
        while moment.goes_on():
            try:
                frames = self._data.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            if len(frames) != 2:
                self.gauges.count(gauges.UNREADABLE)
            elif frames[0] == self._sync_frame:
                self._take_marker(frames[1])
            elif runner.find(frames[0]) is not None:
                # In the order in which the latest ones came.
                latest.pop(frames[0], None)
                latest[frames[0]] = frames[1]
        for topic, body in latest.items():
            if self._is_told_to_stop or self._is_abandoned or self.phase != "running":
                return
            runner.handle(topic, body)
        self._save_if_due()

    # MARK: What is got from the record

    def _recover(self, recovery: Recovery) -> None:
        """Gets what is missing; data is not read until it is there. What comes meanwhile waits in the socket, and what finds no room
        there makes the next hole."""
        self._recovery = recovery
        self.gauges.words[gauges.CATCHING_UP] = 1
        if self.runner is not None:
            self.runner.is_replaying = True
            self.runner.is_warming_up = recovery.purpose == "warm_up"
        self._ask_for_more()

    def _ask_for_more(self) -> None:
        """Asks for what is still missing; ends the recovery when that is nothing."""
        recovery, runner = self._recovery, self.runner
        if recovery is None or runner is None:
            return
        missing = recovery.open
        if not missing or runner.is_broken:
            return self._end_recovery()
        if self._history is None:
            runner.lose(recovery.give_up("the manager keeps no record"), recovery.purpose)
            return self._end_recovery()
        self._history.ask(missing, _now())

    def _read_history(self) -> None:
        """Handles what is there of the record, but no longer than a moment."""
        history, runner, moment = self._history, self.runner, Moment()
        while history is not None and runner is not None:
            recovery = self._recovery
            # A callback may have led to the end of the recovery, or of the strategy.
            if recovery is None or not self._reads_history:
                return
            if runner.is_broken:
                return self._leave_recovery()
            kind, value = history.receive()
            if kind == "nothing":
                return
            if kind == "answer":
                recovery.begin(value)
            elif kind == "refused":
                self.log(2, f"recorded data cannot be had now: {value}")
            elif kind == "message":
                runner.replay(value[0], value[1], recovery)
                if runner.checkpointer is not None and runner.checkpointer.is_full:
                    self._save_if_due()
            else:
                self._reach("worker.replay.chunk")
                runner.lose(recovery.end(), recovery.purpose)
                self._ask_for_more()
            if not self._goes_on(moment):
                return

    def _leave_recovery(self) -> None:
        """Asks and handles no more. What a strategy has given up on is not lost: it is still in the record."""
        self._recovery = None
        self.gauges.words[gauges.CATCHING_UP] = 0
        if self.runner is not None:
            self.runner.is_replaying = self.runner.is_warming_up = False

    def _end_recovery(self) -> None:
        purpose = self._recovery.purpose if self._recovery is not None else ""
        self._leave_recovery()
        if purpose == "gap":
            in_hand, self._in_hand = self._in_hand, None
            if in_hand is not None and self.runner is not None:
                self._handle(self.runner, *in_hand)
        elif purpose == "catch_up":
            self.log(1, f"caught up after {self.gauges.words[gauges.REPLAYED]} messages")
        elif purpose == "warm_up":
            self._want_checkpoint("start")
        elif purpose == "sandbox":
            self._end_sandbox()

    def _end_sandbox(self) -> None:
        """Says goodbye and what came of it, and ends."""
        runner = self.runner
        if runner is None or self.phase != "sandboxed":
            return
        runner.stop()
        self.phase = "finishing"
        self._until = _now() + _PATIENCE
        words = self.gauges.words
        done = {"status": "sandbox_done", "handled": words[gauges.PROCESSED], "signals": words[gauges.SIGNALS]}
        self.deliver(runner.stamped("status_update", done))

    def last_bars(self, entry: Entry, count: int, before: Optional[int]) -> List[Event]:
        """As `Outlet` says."""
        if not self.environment.history:
            raise StrategyError("history: the manager keeps no record")
        return last_events(self.context, self.environment.history, entry.name, entry.decode, count, before)

    # MARK: Signals and checkpoints on their way to the disk

    def _take_notice(self, message: JSON) -> bool:
        """Takes what the manager says that is no command; `False` when the message is one."""
        kind, payload = message["msg_type"], message["payload"]
        if kind == "welcome":
            seconds, lease, manager = (
                number(payload.get("heartbeat_interval")), number(payload.get("orphan_lease")), payload.get("manager"),
            )  # fmt: skip
            if seconds is not None:
                self.heartbeat.set_interval(seconds)
            if lease is not None:
                self.control.lease.length = lease
            if isinstance(manager, str):
                self._meet(manager)
        elif kind == "recorded":
            self._take_recorded(payload)
        elif kind == "resend":
            first = whole(payload.get("from"))
            if first is not None and not self._outbox.rewind(max(first, 1)):
                self.log(3, f"the manager asks for signal {first}, of which it has said that it is on disk")
        else:
            return False
        return True

    def _meet(self, manager: str) -> None:
        """Another manager than before has not got what was on its way to that one."""
        if manager == self._manager:
            return
        is_first, self._manager = self._manager is None, manager
        if is_first:
            return
        self._send_again()
        self._look_for_loss()
        if self._history is not None:
            self._history.ask_again(_now(), is_urgent=True)

    def _take_recorded(self, payload: JSON) -> None:
        has_progressed = False
        signals, ordinal = whole(payload.get("signals")), whole(payload.get("checkpoint"))
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        if signals is not None and self._outbox.take_recorded(signals):
            has_progressed = True
        if ordinal is not None and checkpointer is not None and checkpointer.take_recorded(ordinal):
            has_progressed = True
            self._reach("worker.checkpoint.recorded")
        if has_progressed:
            self._resend.progressed(_now())
            self.gauges.words[gauges.PENDING] = len(self._outbox)

    def _send_again(self) -> None:
        self._outbox.rewind()
        if self.runner is not None and self.runner.checkpointer is not None:
            self.runner.checkpointer.rewind()

    def emit(self, signal: JSON) -> None:
        """As `Outlet` says."""
        signal["seq"] = self._outbox.last + 1
        data = envelope.encode(signal)
        if not self._outbox.has_room(len(data)) and not self._wait_for_room(len(data)):
            self._outbox.has_dropped = True
            return self._write_log(3, f"told to stop, dropped a message that nobody takes: {data.decode()}")
        if len(self._outbox) == 0:
            self._resend.progressed(_now())
        self._outbox.append(data)
        self.gauges.words[gauges.PENDING] = len(self._outbox)
        self._reach("worker.signal.before")
        self._send()
        self._reach("worker.signal.sent")

    def _wait_for_room(self, size: int) -> bool:
        """Waits until the manager has put enough signals on disk; `False` when the wait ended for another reason."""
        self._write_log(2, "the manager takes no messages; waiting for it")
        while not self._outbox.has_room(size):
            if self._is_told_to_stop or self._is_abandoned:
                return False
            self._send()
            self.control.socket.poll(100)
            self.control.listen(self._take_notice)
            if self._resend.is_due(_now()):
                self._send_again()
            self._is_abandoned = not self.control.keep_in_touch()
        return True

    def _send(self) -> None:
        """Sends what has not been sent, as far as the socket takes it."""
        outbox = self._outbox
        try:
            while True:
                data = outbox.next_unsent
                if data is None:
                    break
                self._status.send(data, zmq.NOBLOCK)
                outbox.sent()
            checkpointer = self.runner.checkpointer if self.runner is not None else None
            data = checkpointer.to_send(outbox.recorded) if checkpointer is not None else None
            if data is not None and checkpointer is not None:
                self._status.send(data, zmq.NOBLOCK)
                checkpointer.sent()
                self._reach("worker.checkpoint.sent")
        except zmq.Again:
            pass

    def _want_checkpoint(self, reason: str) -> None:
        """Has the state saved as soon as the last checkpoint is on disk."""
        if self._is_sound and self.runner is not None and self.runner.checkpointer is not None:
            self.runner.checkpointer.want(reason)

    def _save_if_due(self) -> None:
        """Takes a checkpoint if one is due. Between callbacks only."""
        runner, now = self.runner, _now()
        if runner is None or runner.checkpointer is None:
            return
        reason = runner.checkpointer.due(now)
        if reason is None or not self._may_be_saved:
            return
        if not self._is_sound:
            # For good: the next process goes on from the last state that was saved.
            runner.checkpointer = None
            return
        try:
            data = runner.encoded_checkpoint(reason)
        except Exception as error:
            runner.checkpointer.failed(now)
            if self.phase == "settling":
                text = str(error) if isinstance(error, StrategyError) else trace(error)
                return self._refuse(self._start, WorkerFailure(f"the state cannot be saved: {text}"))
            return runner.report_unsaved(error)
        self._reach("worker.checkpoint.before")
        runner.checkpointer.take(data, self._outbox.last, now)
        self._resend.progressed(now)
        self._send()

    @property
    def _is_sound(self) -> bool:
        """Whether the state may take the place of the one before: not that of a broken strategy, nor one whose signals are lost."""
        return self.runner is not None and not self.runner.is_broken and not self._outbox.has_dropped

    @property
    def _may_be_saved(self) -> bool:
        """While a strategy is warmed up, or on trial, it is nowhere that another process could go on from."""
        is_warming_up = self._recovery is not None and self._recovery.purpose == "warm_up"
        return self.phase in ("settling", "running", "paused", "finishing") and not is_warming_up

    def _keep_on_disk(self) -> None:
        """Saves and sends what is due, and goes on where something was waited for."""
        now, runner = _now(), self.runner
        self._save_if_due()
        if not self._is_on_disk and self._resend.is_due(now):
            # After a long callback the answer may be here, unread.
            self.control.listen(self._take_notice)
            if not self._is_on_disk:
                self._send_again()
        self._send()
        if self._reads_history and self._history is not None:
            self._history.ask_again(now)
        checkpointer = runner.checkpointer if runner is not None else None
        is_settled = checkpointer is None or checkpointer.is_settled
        if self._save_commands and is_settled:
            for command in self._save_commands:
                self.control.answer(command, "done")
            self._save_commands = []
        if self.phase == "settling" and self._recovery is None and is_settled:
            self._run(self._start)
        elif self.phase == "finishing" and (self._is_on_disk or self._until <= now or self._is_abandoned):
            self._finish()

    def _next_on_disk(self, now: int) -> int:
        """When `_keep_on_disk` has something to do next."""
        if self._outbox.has_unsent:
            return now + SECOND // 10
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        due = checkpointer.next_due if checkpointer is not None and self._may_be_saved else NEVER
        return due if self._is_on_disk else min(due, now + SECOND)

    @property
    def _is_on_disk(self) -> bool:
        """Whether everything that the strategy leaves is on disk."""
        checkpointer = self.runner.checkpointer if self.runner is not None else None
        return len(self._outbox) == 0 and (checkpointer is None or checkpointer.is_settled)

    # MARK: What a running strategy sends out

    def set_subscribed(self, topic: str, is_subscribed: bool) -> None:
        """As `Outlet` says."""
        if not self._is_on_trial:
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


def leave(code: int) -> NoReturn:
    """Ends the process at once: what a strategy has left running, such as a thread, must not keep it."""
    log.flush()
    os._exit(code)
