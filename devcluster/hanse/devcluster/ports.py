"""Free TCP ports, so that several clusters run side by side.

Ports come from below the range that the kernel hands to outgoing connections, so that none of those takes one between
our look and the server's bind. A lock on a file, and the ports that running clusters wrote into their folders, keep
two clusters that start at once apart.
"""

import contextlib
import fcntl
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from hanse.devcluster import paths
from hanse.devcluster.errors import DevclusterError

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 31_999
TRIES = 200


def reserve(folder: Path, address_by_name: dict[str, str], fixed: dict[str, int] | None = None) -> dict[str, int]:
    """Choose a port for each name on the address that it will listen on, and write them to `ports.json` in *folder*.

    Raises:
        DevclusterError: a port in *fixed* is taken, or none is free.

    """
    with _lock():
        taken = _reserved()
        chosen: dict[str, int] = {}
        for name, port in (fixed or {}).items():
            address = address_by_name[name]
            if port in taken or not _is_free(address, port):
                raise DevclusterError(
                    f"port {port} for {name} is taken on {address}: name another one, or none to get a free one"
                )
            chosen[name] = port
        for name, address in address_by_name.items():
            if name not in chosen:
                chosen[name] = _choose(address, taken | set(chosen.values()))
        (folder / "ports.json").write_text(json.dumps(chosen, indent=1, sort_keys=True))
    return chosen


def free(address: str = LOOPBACK) -> int:
    """Return a port that nobody has now, for a process that comes and goes within a cluster's time.

    Raises:
        DevclusterError: none is free.

    """
    return _choose(address, _reserved())


def _choose(address: str, taken: set[int]) -> int:
    for _ in range(TRIES):
        port = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311  # no secret: spreads clusters that start at once
        if port not in taken and _is_free(address, port):
            return port
    raise DevclusterError(
        f"no free port found on {address} between {FIRST_PORT} and {LAST_PORT}: see `ss -ltn` for what holds them"
    )


def _reserved() -> set[int]:
    taken: set[int] = set()
    for file in paths.clusters().glob("*/ports.json"):
        # A cluster that is being taken away may lose its file at any time; its ports are free then.
        with contextlib.suppress(FileNotFoundError):
            taken.update(json.loads(file.read_text() or "{}").values())
    return taken


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    with (paths.cache() / "ports.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
