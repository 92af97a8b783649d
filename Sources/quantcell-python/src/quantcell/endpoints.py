"""Where the manager's sockets are."""

from __future__ import annotations

import json
import os
from typing import Dict, List, Optional


def runtime_folder() -> str:
    """The runtime folder of this user's manager, as the manager itself finds it."""
    variables = os.environ
    if variables.get("QUANTCELL_RUNTIME_DIR"):
        return os.path.abspath(os.path.expanduser(variables["QUANTCELL_RUNTIME_DIR"]))

    def base(name: str) -> str:
        # As the XDG Base Directory Specification demands, a relative path is ignored.
        value = variables.get(name, "")
        return value if value.startswith("/") else ""

    if base("XDG_RUNTIME_DIR"):
        return os.path.join(base("XDG_RUNTIME_DIR"), "quantcell")
    return os.path.join(base("TMPDIR") or "/tmp", f"quantcell-{os.geteuid()}")


def address(endpoint: str, folder: Optional[str] = None) -> str:
    """The address of an endpoint, such as `admin`.

    Args:
        endpoint: Its name.
        folder: The runtime folder; that of this user unless given.

    Raises:
        ConnectionError: when no manager has announced its endpoints there.
    """
    place = os.path.join(folder or runtime_folder(), "endpoints.json")
    try:
        with open(place, encoding="utf-8") as file:
            endpoints: Dict[str, List[str]] = json.load(file)
        found = endpoints[endpoint][0]
    except OSError as error:
        raise ConnectionError(f"no manager has announced itself in {place}: {error.strerror}") from None
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConnectionError(f"{place} does not name '{endpoint}'") from None
    # One that names all interfaces is reached at the loopback one.
    return found.replace("tcp://0.0.0.0:", "tcp://127.0.0.1:").replace("tcp://*:", "tcp://127.0.0.1:")
