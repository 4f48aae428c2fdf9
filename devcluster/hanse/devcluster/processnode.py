"""A node whose containers are plain processes of this machine, for a GPU machine without a container runtime.

In: a cluster's folder and what the node is (:class:`~hanse.devcluster.realnode.Node`). Out: a kubelet that is Ready,
with device plugins, pod resources and logs as on any other node. :mod:`hanse.devcluster.cri` is its container runtime,
and says what such containers are not. Names are not served, and pods have the node's own address, which is one more of
the loopback device's.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from hanse.devcluster import cgroups, debian, processes, realnode
from hanse.devcluster.errors import DevclusterError
from hanse.devcluster.realnode import KUBELET, Node

PART, RUNTIME = "process-node", "process-runtime"
RECORD = "process-node.json"
# Where the kubelet and mounts are looked for: made for the time of the nodes there are, whose own mounts cover them.
# With a folder the kernel removes what others have mounted there: each node has a lock on the first.
PLACES = (Path("/run/hanse"), Path("/var/lib/kubelet"))
NAMESPACES = ("unshare", "--mount", "--")
# Of a network for carriers, which no private one is likely to be; a kubelet takes no 127.0.0.0/8.
ADDRESS = "100.97.{}.{}"
LOOPBACK_DEVICE = "lo"
# linux/sockios.h: each asks the kernel about one interface by its name.
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
IFF_UP = 1
RELEASE_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where a process node is in this machine: its address, the label of that, and its control group."""

    address: str
    label: str
    group: str


def require() -> None:
    """Make sure that this machine can run a process node.

    Raises:
        DevclusterError: it cannot, with what is missing.

    """
    debian.require_root("process nodes")
    if missing := [name for name in ("mount", "setpriv", "unshare") if not shutil.which(name)]:
        raise DevclusterError(f"a process node needs {', '.join(missing)}: install util-linux")
    if there := [str(place) for place in PLACES if place.is_dir() and any(place.iterdir())]:
        raise DevclusterError(f"{', '.join(there)}: a kubelet may run here already; use a machine of its own")


def settle(folder: Path) -> Place:
    """Choose an address for the node of *folder*, and give this machine that address, too."""
    place = Place(
        ADDRESS.format(secrets.randbelow(256), 1 + secrets.randbelow(254)),
        f"{LOOPBACK_DEVICE}:h{secrets.token_hex(4)}",
        f"hanse{secrets.token_hex(4)}",
    )
    (folder / RECORD).write_text(json.dumps(asdict(place)))
    _set_up_loopback()
    _ask(SIOCSIFADDR, place.label, _address(place.address))
    _ask(SIOCSIFNETMASK, place.label, _address("255.255.255.255"))
    return place


def start(folder: Path, node: Node, place: Place, controlplane: Path) -> None:
    """Start *node* in the cluster of *folder*; return when it is Ready.

    Raises:
        DevclusterError: it does not become Ready, with the end of its log.

    """
    own = folder / "node"
    for name in ("kubelet", "log"):
        (own / name).mkdir(parents=True, exist_ok=True)
    configuration = {
        **realnode.kubelet_configuration(node, place.address),
        "containerRuntimeEndpoint": f"unix://{own / 'runtime.sock'}",
        # Its groups are the runtime's: they say whose a process is, and limit nothing.
        "cgroupsPerQOS": False,
    }
    (own / "kubelet.json").write_text(json.dumps(configuration, indent=1))
    script = realnode.write_script(own, "processnode.sh")
    argv = [sys.executable, str(controlplane), place.address, place.group, *realnode.flags(node, place.address)]
    # What they are told, containers are told, too.
    told = processes.libraries()
    held = _hold_places()
    try:
        processes.start(folder, PART, [*NAMESPACES, "sh", str(script), *argv], variables=told, inherited=[held])
    finally:
        os.close(held)
    realnode.wait_until_ready(folder, PART, node, (RUNTIME, KUBELET))


def clean(folder: Path) -> None:
    """Remove what outlives the node's processes, if there was a node: groups, its address, places if none is left.

    Raises:
        DevclusterError: a process of the node still runs.

    """
    try:
        place = Place(**json.loads((folder / RECORD).read_text()))
    except FileNotFoundError:
        return
    cgroups.remove(place.group)
    with contextlib.suppress(OSError):  # it has no such address any more
        flags = struct.unpack_from("16xh", _ask(SIOCGIFFLAGS, place.label, b""))[0]
        _ask(SIOCSIFFLAGS, place.label, struct.pack("h", flags & ~IFF_UP))
    _remove_places()
    (folder / RECORD).unlink()


def _hold_places() -> int:
    """Make the places; return what keeps them there for as long as anybody has it open."""
    while True:
        PLACES[0].mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            held = os.open(PLACES[0], os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_SH)
            # Whoever ended while we waited for the lock has removed what we had opened.
            if _is_there(PLACES[0], held):
                PLACES[1].mkdir(parents=True, exist_ok=True)
                return held
            os.close(held)


def _is_there(place: Path, opened: int) -> bool:
    try:
        return os.path.samestat(place.stat(), os.fstat(opened))
    except FileNotFoundError:
        return False


def _remove_places() -> None:
    """Remove the places, unless another node holds them or somebody has put something there."""
    try:
        own = os.open(PLACES[0], os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        if _is_locked_alone(own):
            for each in PLACES:
                with contextlib.suppress(OSError):
                    each.rmdir()
    finally:
        os.close(own)


def _is_locked_alone(opened: int) -> bool:
    """Take the lock that no node may have; what has ended may for a moment still hold it."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while True:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(processes.POLL_SECONDS)
        else:
            return True


def _set_up_loopback() -> None:
    """Switch the loopback device on, which is off in a network namespace that is new."""
    flags = struct.unpack_from("16xh", _ask(SIOCGIFFLAGS, LOOPBACK_DEVICE, b""))[0]
    _ask(SIOCSIFFLAGS, LOOPBACK_DEVICE, struct.pack("h", flags | IFF_UP))


def _ask(number: int, label: str, value: bytes) -> bytes:
    """Ask the kernel about an interface, as `ip` would; machines without a network often have no `ip`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        return fcntl.ioctl(any_socket, number, struct.pack("16s24s", label.encode(), value))


def _address(text: str) -> bytes:
    return struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(text))
