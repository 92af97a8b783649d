"""The worker's log: its lines, and the file that standard output and standard error go to."""

from __future__ import annotations

import os
import sys
import time

from ..errors import WorkerFailure

_NAMES = ("DEBUG", "INFO ", "WARN ", "ERROR")


def line(level: int, worker_id: str, text: str, nanoseconds: int) -> str:
    """The line with its end. Lines within the text are indented, so that none of them can be taken for an entry."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    lines = "\n    ".join(text.splitlines() or [""])
    return f"{stamp}.{rest // 1000:06}Z {_NAMES[level]} {worker_id}: {lines}\n"


def write(level: int, worker_id: str, text: str) -> None:
    """Writes a line to standard output in one call, behind what has been printed before."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, RuntimeError):
        # A log that cannot be written has nowhere to say so; the strategy goes on.
        pass
    write_all(1, line(level, worker_id, text, time.time_ns()).encode("utf-8", "replace"))


def write_all(descriptor: int, data: bytes) -> None:
    """Writes whole lines."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        pass


class OutputLog:
    """The file that output goes to. When somebody renames it, as a rotation does, a new one takes its place."""

    def __init__(self) -> None:
        self._path = ""

    def open(self, path: str) -> None:
        """Sends standard output and standard error to the end of a file, which only the user may read.

        Raises:
            WorkerFailure: when it cannot be opened.
        """
        self._redirect(path)
        self._path = path

    def follow(self) -> None:
        """Goes over to a new file where there is another, or none, at the path by now."""
        if not self._path or is_output(self._path, "self"):
            return
        try:
            self._redirect(self._path)
        except WorkerFailure as error:
            write(3, "log", str(error))

    @staticmethod
    def _redirect(path: str) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkerFailure(f"cannot write the log {path}: {error.strerror}") from None
        try:
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
        finally:
            os.close(descriptor)


def is_output(path: str, process: str) -> bool:
    """Whether the file at the path is the one that a process writes its output to."""
    try:
        here, there = os.stat(path), os.stat(f"/proc/{process}/fd/1")
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def flush() -> None:
    """Writes what has been printed and is still in memory."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
