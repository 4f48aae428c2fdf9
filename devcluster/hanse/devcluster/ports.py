"""Free TCP ports, so that several clusters run side by side.

Ports come from below the range that the kernel hands to outgoing connections, so that none of those takes one between
our look and the server's bind. What keeps apart those that choose at once is a file under a lock: it holds the port
that was given last, and the next one is looked for behind it. Ports that running clusters wrote into their folders are
theirs even while nothing listens there.
"""

import contextlib
import fcntl
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hanse.devcluster import paths
from hanse.devcluster.errors import DevclusterError

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 31_999


def reserve(folder: Path, address_by_name: dict[str, str], fixed: dict[str, int] | None = None) -> dict[str, int]:
    """Choose a port for each name on the address that it will listen on, and write them to `ports.json` in *folder*.

    Raises:
        DevclusterError: a port in *fixed* is taken, or none is free.

    """
    with _lock() as last:
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
                chosen[name] = _next(last, address, taken | set(chosen.values()))
        (folder / "ports.json").write_text(json.dumps(chosen, indent=1, sort_keys=True))
    return chosen


def free(address: str = LOOPBACK) -> int:
    """Return a port of *address* for a server that is no part of a cluster and is about to start.

    Raises:
        DevclusterError: none is free.

    """
    with _lock() as last:
        return _next(last, address, _reserved())


def _next(last: TextIO, address: str, taken: set[int]) -> int:
    """Return the first free port behind the one that was given last, which the file *last* holds, and write it down."""
    count = LAST_PORT - FIRST_PORT + 1
    last.seek(0)
    # Somebody with another cache has another file: we do not begin where they do.
    begin = int(last.read() or random.randrange(count))  # noqa: S311  # no secret
    for port in (FIRST_PORT + (begin + step) % count for step in range(1, count + 1)):
        if port not in taken and _is_free(address, port):
            last.truncate(0)
            last.write(str(port - FIRST_PORT))
            last.flush()
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
def _lock() -> Iterator[TextIO]:
    with (paths.cache() / "ports.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
