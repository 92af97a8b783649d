#!/usr/bin/env python3
"""A worker in Python on bare pyzmq, written from the page "Worker protocol": it emits a signal where the closes of a symbol turn.

    quantcell start-strategy strategies/any_language/turns.py --symbols BTC/USDT,ETH/USDT

It takes part in exactly-once: whoever is killed, and when, each bar is handled once, in order, and each signal is emitted once. For that
it numbers its signals and sends them until they are on disk, asks for the messages that it has missed, and saves its state.
"""
import collections
import json
import os
import signal
import struct
import sys
import threading
import time
import uuid

import zmq

WORKER_ID = os.environ["QUANTCELL_WORKER_ID"]
IDENTITY = os.environ["QUANTCELL_IDENTITY"]
GENERATION = int(os.environ["QUANTCELL_GENERATION"])
SYMBOLS = json.loads(os.environ["QUANTCELL_SYMBOLS"])
DATA_TYPES = json.loads(os.environ["QUANTCELL_DATA_TYPES"])
TOPICS = [f"market.{symbol}.{data_type}" for symbol in SYMBOLS for data_type in DATA_TYPES]

MAX_PENDING = 1000  # signals that are not on disk; with more of them, no data is read
CHECKPOINT_EVERY = 500  # messages
PATIENCE = 3.0  # seconds after which what was not answered is sent again


class Turns:
    """The strategy. All that its signals depend on is in `state`, which can be written as JSON."""

    name = "turns"

    def __init__(self, state):
        self.state = state or {}

    def on_bar(self, topic, close):
        """Returns (name, side) where the closes turn, else None."""
        before, direction = self.state.get(topic, (None, 0))
        change = 0 if before is None else (close > before) - (close < before)
        self.state[topic] = (close, change or direction)
        if change * direction >= 0:
            return None
        return ("turn_up", "buy") if change > 0 else ("turn_down", "sell")


def decode_bar(body):
    """Returns the sequence, and the event time in nanoseconds and the close of a closed bar, or None and None."""
    if body[:1] == b"Q":
        _, _, kind, flags, _, sequence, event_time, _ = struct.unpack_from("<BBBBIQqq", body)
        if kind != 1 or not flags & 1:
            return sequence, None, None
        return sequence, event_time, struct.unpack_from("<d", body, 56)[0]
    envelope = json.loads(body)
    payload, data = envelope["payload"], envelope["payload"]["data"]
    if "close" not in data or data.get("closed") is False:
        return envelope["seq"], None, None
    times = (place.get("timestamp") for place in (data, payload, envelope))
    seconds = next((time for time in times if isinstance(time, (int, float)) and not isinstance(time, bool)), 0)
    return envelope["seq"], round(seconds * 1_000_000) * 1000, data["close"]


def envelope(msg_type, payload, **fields):
    return {
        "msg_type": msg_type,
        "worker_id": WORKER_ID,
        "generation": GENERATION,
        "payload": payload,
        "timestamp": time.time(),
        "msg_id": uuid.uuid4().hex,
        **fields,
    }


def encode(message):
    return json.dumps(message, allow_nan=False).encode()


class Outbox:
    """Signals, and one checkpoint behind those that came before it, until they are on disk. Nothing here knows of sockets."""

    def __init__(self):
        self.signals = collections.deque()  # (number, bytes)
        self.emitted = self.recorded = self.sent = 0
        self.checkpoint = None  # (ordinal, the last signal before it, bytes)
        self.checkpoint_is_sent = False

    def emit(self, payload):
        self.emitted += 1
        self.signals.append((self.emitted, encode(envelope("signal", payload, seq=self.emitted))))

    def unsent(self):
        """What is to be sent now, in order; what is taken has been sent when the next is asked for."""
        for number, message in list(self.signals):
            if number > self.sent:
                yield message
                self.sent = number
        # A checkpoint says that its signals were emitted: it must not be on disk before they are.
        if self.checkpoint and not self.checkpoint_is_sent and self.recorded >= self.checkpoint[1]:
            yield self.checkpoint[2]
            self.checkpoint_is_sent = True

    def rewind(self, number=0):
        self.sent = min(self.sent, max(number - 1, self.recorded))
        if not number:
            self.checkpoint_is_sent = False

    def are_recorded(self, number):
        self.recorded = max(self.recorded, number)
        self.sent = max(self.sent, self.recorded)
        while self.signals and self.signals[0][0] <= self.recorded:
            self.signals.popleft()

    @property
    def is_empty(self):
        return not self.signals and self.checkpoint is None


class Worker:
    def __init__(self):
        self.context = zmq.Context()
        self.control = self.open(zmq.DEALER, "QUANTCELL_CONTROL", {zmq.ROUTING_ID: IDENTITY.encode()})
        self.status = self.open(zmq.PUSH, "QUANTCELL_STATUS")
        self.data = self.open(zmq.SUB, "QUANTCELL_DATA", {zmq.RCVHWM: 100_000})
        records = bool(os.environ.get("QUANTCELL_HISTORY"))
        self.history = self.open(zmq.DEALER, "QUANTCELL_HISTORY") if records else None

        self.state = "starting"
        self.strategy = None
        self.positions = {}  # topic: the last sequence that was handled
        self.targets = {}  # topic: a sequence that is known to be there, and that history is asked for up to
        self.in_hand = None  # a message behind a hole, until that is filled
        self.request = None  # (msg_id, since when) of the question to history that is not answered yet
        self.marker_id = None  # the sync that is not answered yet
        self.outbox = Outbox()
        self.ordinal = 0
        self.unsaved = 0  # messages since the last checkpoint
        self.save_wanted = None  # why, where one is to be taken as soon as the one before is on disk
        self.save_commands = []  # those that wait for that one
        self.answers = collections.OrderedDict()

        self.manager = None
        self.interval, self.lease = 1.0, 60.0
        self.greeted = self.progress = time.monotonic()
        self.unanswered_since = None  # the first greeting that has had no answer
        self.handled = 0
        self.callback_since = None
        self.is_over = False
        self.news = threading.Event()
        self.heart = threading.Thread(target=self.beat, name="heartbeat", daemon=True)

    def open(self, kind, variable, options=None):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 1000)
        for option, value in (options or {}).items():  # before it connects, or they do not count
            socket.setsockopt(option, value)
        socket.connect(os.environ[variable])
        return socket

    # The heart has a thread and a socket of its own: it beats while the strategy computes.

    def beat(self):
        socket = self.open(zmq.PUSH, "QUANTCELL_STATUS", {zmq.IMMEDIATE: 1, zmq.SNDHWM: 8})
        while True:
            since, is_last = self.callback_since, self.is_over
            payload = {
                "status": self.state,
                "identity": IDENTITY,
                "messages_processed": self.handled,
                "signals_emitted": self.outbox.emitted,
                "signals_pending": self.outbox.emitted - self.outbox.recorded,
                "positions": dict(list(self.positions.items())[:64]),
                "handled_total": sum(self.positions.values()),
                "mode": "catching_up" if self.targets else "live",
                "callback": "on_bar" if since else None,
                "callback_seconds": max(0.0, time.monotonic() - since) if since else 0.0,
            }
            try:
                socket.send(encode(envelope("heartbeat", payload)), zmq.NOBLOCK)
            except zmq.Again:
                pass  # the manager is away, and a late heartbeat is of no use
            if is_last:
                return socket.close()
            self.news.wait(self.interval)
            self.news.clear()

    def become(self, state):
        self.state = state
        self.news.set()
        self.say(self.status, envelope("status_update", {"status": state}))

    @staticmethod
    def say(socket, message):
        """Sends without waiting: a queue is full where the manager is away, and who waited for it would hear nothing more."""
        try:
            socket.send(encode(message), zmq.NOBLOCK)
        except zmq.Again:
            print(f"not sent: {message['msg_type']}", flush=True)

    # Life

    def run(self):
        # A signal makes the pipe readable, which wakes the poll below.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        signal.set_wakeup_fd(writer)
        self.heart.start()
        self.greet()

        poller = zmq.Poller()
        poller.register(reader, zmq.POLLIN)
        poller.register(self.control, zmq.POLLIN)
        if self.history:
            poller.register(self.history, zmq.POLLIN)
        poller.register(self.data, zmq.POLLIN)
        while not self.is_over:
            poller.modify(self.data, zmq.POLLIN if self.reads_data else 0)
            ready = dict(poller.poll(min(1000, self.lease * 1000 / 6)))
            self.data.getsockopt(zmq.EVENTS)  # a socket that is never touched does not subscribe at a new manager
            if reader in ready:
                print("stopping: SIGTERM", flush=True)
                break
            if self.control in ready:
                self.on_control(json.loads(self.control.recv_multipart()[-1]))
            elif self.unanswered_since and time.monotonic() - self.unanswered_since > self.lease:
                print("stopping: the manager has been away for too long", flush=True)
                break
            elif self.history in ready:
                self.on_history(*self.history.recv_multipart())
            elif self.data in ready:
                self.on_data(*self.data.recv_multipart())
            self.keep_on_disk()
            if time.monotonic() - self.greeted > self.lease / 6:
                self.greet()
        self.end()

    @property
    def reads_data(self):
        # What waits in the socket stays in order behind what comes from the record.
        return self.state != "paused" and not self.targets and len(self.outbox.signals) < MAX_PENDING

    def end(self):
        """Saves once more, and gives all that is on its way a moment to get to the disk."""
        limit = time.monotonic() + 2
        if self.strategy and self.unsaved:
            self.save("stop")
        while not self.outbox.is_empty and time.monotonic() < limit:
            self.keep_on_disk()
            if self.control.poll(100):
                self.on_control(json.loads(self.control.recv_multipart()[-1]))
        self.become("stopping")
        self.is_over = True
        self.news.set()
        self.heart.join()
        for socket in filter(None, (self.control, self.status, self.data, self.history)):
            socket.close()
        self.context.term()  # waits up to a second for what is not sent yet

    # The manager: is it there, and is it the same?

    def greet(self):
        token = os.environ["QUANTCELL_TOKEN"]
        payload = {"identity": IDENTITY, "token": token, "pid": os.getpid(), "protocol": 1, "runtime": "python"}
        self.say(self.control, envelope("hello", payload))
        self.greeted = time.monotonic()
        self.unanswered_since = self.unanswered_since or self.greeted

    def on_welcome(self, payload):
        self.interval = payload.get("heartbeat_interval", self.interval)
        self.lease = payload.get("orphan_lease", self.lease)
        before, self.manager = self.manager, payload.get("manager")
        if self.strategy is None:
            self.begin(payload.get("checkpoint"))
        elif before != self.manager:
            # It has not got what was on its way to the one before, and nobody has got what was published on the way.
            self.outbox.rewind()
            self.request = None
            self.synchronize()

    # Joining

    def begin(self, checkpoint):
        self.strategy = Turns(checkpoint["state"] if checkpoint else None)
        if checkpoint:
            self.ordinal = checkpoint["ordinal"]
            self.positions = {topic: checkpoint["positions"].get(topic, 0) for topic in TOPICS}
            print(f"going on behind {self.positions}", flush=True)
        for topic in TOPICS:
            self.data.setsockopt_string(zmq.SUBSCRIBE, topic)
        self.data.setsockopt_string(zmq.SUBSCRIBE, f"sync.{IDENTITY}")  # last
        self.synchronize()

    def synchronize(self):
        """Asks for a marker, which names where each topic is, and comes behind all that was sent before it."""
        self.marker_id = uuid.uuid4().hex
        self.say(self.control, envelope("sync", {"topics": TOPICS}, msg_id=self.marker_id))

    def on_marker(self, marker):
        if marker.get("reply_to") != self.marker_id:
            return
        self.marker_id = None
        lasts = marker["payload"]["topics"]
        if not self.positions:
            # A fresh start: it begins here, and so does the process that takes its place, if this one should die at once.
            self.positions = {topic: lasts.get(topic, 0) for topic in TOPICS}
            self.save("start")
        else:
            self.look_for({topic: last for topic, last in lasts.items() if last > self.positions.get(topic, last)})
            if self.state == "starting":
                self.become("running")

    # Market data, live and from the record

    def on_data(self, topic, body):
        topic = topic.decode()
        if topic == f"sync.{IDENTITY}":
            return self.on_marker(json.loads(body))
        if topic not in self.positions:
            return  # published before the marker, or a longer topic with the same beginning
        sequence, event_time, close = decode_bar(body)
        if sequence > self.positions[topic] + 1:
            if self.history:
                self.in_hand = (topic, sequence, event_time, close)
                return self.look_for({topic: sequence - 1})
            self.lose(topic, self.positions[topic] + 1, sequence - 1, "the manager records nothing")
        self.handle(topic, sequence, event_time, close)

    def handle(self, topic, sequence, event_time, close):
        if sequence <= self.positions[topic]:
            return  # it came before
        self.positions[topic] = sequence
        self.handled += 1
        self.unsaved += 1
        if close is None:
            return
        self.callback_since = time.monotonic()
        print(f"bar {sequence} of {topic} closes at {close}", flush=True)
        turn = self.strategy.on_bar(topic, close)
        self.callback_since = None
        if turn:
            symbol, data_type = topic[len("market."):].rsplit(".", 1)
            if self.outbox.is_empty:
                self.progress = time.monotonic()
            self.outbox.emit(
                {
                    "signal_id": f"{WORKER_ID}:{symbol}.{data_type}:{sequence}:1",
                    "name": turn[0],
                    "side": turn[1],
                    "symbol": symbol,
                    "data_type": data_type,
                    "sequence": sequence,
                    "event_time": event_time,
                    "price": close,
                }
            )

    def lose(self, topic, first, last, reason):
        """What nobody has cannot be handled; it is said, once."""
        first = max(first, self.positions[topic] + 1)
        if first <= last:
            payload = {"topic": topic, "from": first, "to": last, "reason": reason}
            self.say(self.status, envelope("gap", payload))
            self.positions[topic] = last

    def look_for(self, targets):
        """Has history asked for everything up to these sequences."""
        if self.history:
            self.targets.update(targets)
        else:
            for topic, last in targets.items():
                self.lose(topic, 0, last, "the manager records nothing")

    def ask_history(self):
        self.targets = {topic: last for topic, last in self.targets.items() if last > self.positions[topic]}
        if not self.targets and self.in_hand:
            (message, self.in_hand) = (self.in_hand, None)
            self.handle(*message)
        if not self.targets or self.state == "paused" or len(self.outbox.signals) >= MAX_PENDING:
            return
        if self.request and time.monotonic() - self.request[1] < PATIENCE:
            return
        ranges = [
            {"topic": topic, "from": self.positions[topic] + 1, "to": last} for topic, last in self.targets.items()
        ]
        request = envelope("replay", {"ranges": ranges, "limit": MAX_PENDING})
        self.say(self.history, request)
        self.request = (request["msg_id"], time.monotonic())

    def on_history(self, head, *frames):
        answer = json.loads(head)
        if not self.request or answer.get("reply_to") != self.request[0]:
            return
        if answer["msg_type"] == "error":
            print(f"no recorded data: {answer['payload']['message']}; asking again", flush=True)
            return
        self.request = None
        if self.state == "paused":
            return  # it is asked for again
        lost = collections.defaultdict(list)
        for loss in answer["payload"].get("lost", []):
            lost[loss["topic"]].append(loss)
        for topic, body in zip(frames[::2], frames[1::2]):
            topic, (sequence, event_time, close) = topic.decode(), decode_bar(body)
            for loss in lost[topic]:
                if loss["to"] < sequence:
                    self.lose(topic, loss["from"], loss["to"], loss["reason"])
            self.handle(topic, sequence, event_time, close)
        if not answer["payload"].get("more"):
            for loss in (loss for losses in lost.values() for loss in losses):
                self.lose(loss["topic"], loss["from"], loss["to"], loss["reason"])

    # On disk

    def save(self, reason):
        """Takes a checkpoint, between two messages; as soon as the one that is on its way is on disk."""
        if self.outbox.checkpoint:
            self.save_wanted = self.save_wanted or reason
            return
        self.save_wanted = None
        self.ordinal += 1
        self.unsaved = 0
        payload = {
            "ordinal": self.ordinal,
            "positions": self.positions,
            "state": self.strategy.state,
            "strategy": self.strategy.name,
            "reason": reason,
        }
        self.outbox.checkpoint = (self.ordinal, self.outbox.emitted, encode(envelope("checkpoint", payload)))
        self.outbox.checkpoint_is_sent = False
        self.progress = time.monotonic()

    def on_recorded(self, payload):
        self.progress = time.monotonic()
        self.outbox.are_recorded(payload.get("signals", 0))
        if self.outbox.checkpoint and payload.get("checkpoint", 0) >= self.outbox.checkpoint[0]:
            self.outbox.checkpoint = None
            if self.save_wanted:
                self.save(self.save_wanted)
            if self.outbox.checkpoint is None:
                for command in self.save_commands:
                    self.answer(command, {"result": "done"})
                self.save_commands = []
            if self.state == "starting":
                self.become("running")

    def keep_on_disk(self):
        if self.unsaved >= CHECKPOINT_EVERY and not self.outbox.checkpoint:
            self.save("messages")
        if not self.outbox.is_empty and time.monotonic() - self.progress > PATIENCE:
            self.outbox.rewind()  # nothing is confirmed: once more
            self.progress = time.monotonic()
        try:
            for message in self.outbox.unsent():
                self.status.send(message, zmq.NOBLOCK)
        except zmq.Again:
            pass  # the manager is away; it is sent later
        if self.history and self.positions and not self.is_over:
            self.ask_history()

    # Commands

    def on_control(self, message):
        self.unanswered_since = None
        kind, payload = message["msg_type"], message.get("payload") or {}
        if kind == "welcome":
            self.on_welcome(payload)
        elif kind == "recorded":
            self.on_recorded(payload)
        elif kind == "resend":
            self.outbox.rewind(payload["from"])
        elif kind == "sync":
            self.synchronize()
        elif kind in ("ack", "error"):
            print(f"the manager says: {payload}", flush=True)
        else:
            self.command(kind, message.get("msg_id"), payload)

    def command(self, kind, msg_id, payload):
        """Carries a command out, unless it has come before: then the answer was lost."""
        if msg_id in self.answers:
            return self.say(self.control, envelope("ack", self.answers[msg_id], reply_to=msg_id))
        if kind == "stop":
            print(f"stopping: {payload.get('reason')}", flush=True)
            self.is_over = True
        elif kind == "pause" and self.state in ("running", "paused"):
            self.become("paused")
        elif kind == "resume" and self.state in ("running", "paused"):
            self.become("running")
        elif kind == "checkpoint" and self.strategy:
            self.save_commands.append(msg_id)
            self.save("command")
            return self.answer(msg_id, {"result": "accepted"})
        else:
            return self.answer(msg_id, {"result": "refused", "reason": f"cannot '{kind}' while {self.state}"})
        self.answer(msg_id, {"result": "done"})

    def answer(self, msg_id, payload):
        self.answers[msg_id] = payload
        if len(self.answers) > 64:
            self.answers.popitem(last=False)
        self.say(self.control, envelope("ack", payload, reply_to=msg_id))


if __name__ == "__main__":
    sys.exit(Worker().run())
