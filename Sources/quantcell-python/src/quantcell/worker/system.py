"""What Linux offers and Python has no call for."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def _prctl(option: int, argument: int) -> None:
    # A kernel that does not know an option says so; nothing here depends on it.
    ctypes.CDLL(None).prctl(option, ctypes.c_ulong(argument), 0, 0, 0)


def set_no_new_privileges() -> None:
    """From here on no program that this process becomes, or starts, gets more rights than it has."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent's thread that made it ends."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def set_title(text: str) -> None:
    """Names this thread, as `ps` and `top` show it; at most 15 bytes of it."""
    try:
        with open("/proc/self/comm", "wb") as file:
            file.write(text.encode("utf-8", "replace")[:15])
    except OSError:
        pass


class OtherProcess:
    """What `/proc` says of another process of ours."""

    def __init__(self, pid: int) -> None:
        # Stays open, so that a number that is given to another process later cannot be mistaken for this one.
        self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._tick = 1 / os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self.state = "R"
        self.cpu_seconds = 0.0
        self.resident_bytes = 0
        self.private_bytes = 0

    def read(self) -> bool:
        """Reads it anew; `False` when it is gone."""
        try:
            # The name, in parentheses, may hold anything.
            fields = os.pread(self._stat, 1024, 0).rpartition(b")")[2].split()
            pages = os.pread(self._statm, 256, 0).split()
        except OSError:
            return False
        if len(fields) < 13 or len(pages) < 3:
            return False
        self.state = fields[0].decode()
        self.cpu_seconds = (int(fields[11]) + int(fields[12])) * self._tick
        self.resident_bytes = int(pages[1]) * self._page
        self.private_bytes = (int(pages[1]) - int(pages[2])) * self._page
        return self.state not in "ZX"

    @property
    def stands_still(self) -> bool:
        """Whether somebody has stopped it."""
        return self.state in "Tt"
