"""The program that quantcell-manager starts."""

from __future__ import annotations

import faulthandler
import os
import sys

import zmq

from . import log, system
from .base import HeartbeatEnded
from .environment import InvalidEnvironment, WorkerEnvironment
from .worker import FAILED, Worker, leave


def main() -> None:
    """Runs a worker until it is told to stop.

    The exit code is 0 after a stop, 64 when the environment is not what a manager provides, 70 when the sockets or the heartbeat fail, 78
    when the strategy was refused.
    """
    system.set_no_new_privileges()
    # Who crashes says where, in its log.
    faulthandler.enable(file=2)
    # What a strategy prints shall be in the log when it prints it.
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    try:
        environment = WorkerEnvironment.read(os.environ)
    except InvalidEnvironment as error:
        print(f"quantcell: {error}", file=sys.stderr)
        leave(64)
    system.set_title(environment.worker_id)
    try:
        worker = Worker(environment)
        code = worker.run()
        worker.close()
    except (zmq.ZMQError, HeartbeatEnded, OSError) as error:
        log.write(3, environment.worker_id, f"cannot go on: {error}")
        code = FAILED
    leave(code)
