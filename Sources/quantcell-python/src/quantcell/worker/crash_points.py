"""Named places at which a test can make the process die, to show that what follows puts everything right.

The variables are those of the manager and of Swift workers: `QUANTCELL_CRASH_POINT=name` or `name:times`, and
`QUANTCELL_CRASH_FILE`, which only the one process that creates it dies of.
"""

from __future__ import annotations

import os

EXIT_CODE = 42

_name, _, _times = os.environ.get("QUANTCELL_CRASH_POINT", "").partition(":")
_left = int(_times) if _times.isascii() and _times.isdigit() else 1

#: Whether there is any such point.
is_armed = bool(_name)


def reach(name: str) -> None:
    """Does not return if the process is to die here."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left != 0:
        return
    path = os.environ.get("QUANTCELL_CRASH_FILE", "")
    if path:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return
        except OSError:
            # Not to be made for another reason than that it is there: dying is what was asked for.
            pass
    os._exit(EXIT_CODE)
