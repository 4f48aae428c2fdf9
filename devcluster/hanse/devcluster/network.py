"""The network that a real node's pods share with this machine: one bridge for each cluster.

In: a cluster's folder. Out: a bridge with a free subnet, whose first address is this machine's: there the API server,
the kubelet and the DNS server listen, one address for pods and for us. Nothing is routed or translated, and no kernel
setting changes, so pods reach this machine and one another and nothing else.

The choice is recorded in the folder before the bridge is made, with a random hardware address. That address is how
:func:`remove_bridge` knows our bridge from somebody else's of the same name, whatever happened in between.
"""

import contextlib
import fcntl
import ipaddress
import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hanse.devcluster import paths
from hanse.devcluster.errors import DevclusterError

POOL = ipaddress.IPv4Network("10.244.0.0/16")
PREFIX_LENGTH = 24
RECORD = "bridge.json"
# The first byte of hardware addresses that their user chooses and that belong to one interface.
LOCAL_UNICAST = "02"


@dataclass(frozen=True)
class Bridge:
    """A cluster's bridge; *name* is also that of the cluster's control groups, since it is unique on the machine."""

    name: str
    address: str
    subnet: str
    hardware_address: str


def make_bridge(folder: Path) -> Bridge:
    """Make a bridge for the cluster in *folder*.

    Raises:
        DevclusterError: no subnet is free, or this user or kernel cannot make bridges.

    """
    with _lock():
        bridge = _choose()
        part = folder / f"{RECORD}.part"
        part.write_text(json.dumps(asdict(bridge)))
        part.rename(folder / RECORD)
        # With a hardware address of its own: otherwise it takes that of a pod, and another one when that pod ends.
        _ip("link", "add", "name", bridge.name, "address", bridge.hardware_address, "type", "bridge")
        _ip("address", "add", f"{bridge.address}/{PREFIX_LENGTH}", "dev", bridge.name)
        _ip("link", "set", bridge.name, "up")
    return bridge


def bridge_of(folder: Path) -> Bridge | None:
    """Return the bridge that was made, or was about to be, for the cluster in *folder*."""
    try:
        return Bridge(**json.loads((folder / RECORD).read_text()))
    except FileNotFoundError:
        return None


def remove_bridge(folder: Path) -> None:
    """Remove the bridge of the cluster in *folder*, if it has one, and the ends in it of links to pods."""
    bridge = bridge_of(folder)
    if bridge is None:
        return
    links = _ip_json("link", "show")
    ours = {link["ifname"] for link in links if link.get("address") == bridge.hardware_address}
    # The kernel removes the links of a pod that is gone some time later; nothing shall be left when we return.
    for name in [*(link["ifname"] for link in links if link.get("master") in ours), *ours]:
        _delete(name)
    (folder / RECORD).unlink(missing_ok=True)


def _delete(name: str) -> None:
    """Remove a link, unless the kernel was faster."""
    try:
        _ip("link", "delete", "dev", name)
    except DevclusterError as error:
        if "Cannot find device" not in str(error):
            raise


def _choose() -> Bridge:
    names = {link["ifname"] for link in _ip_json("link", "show")}
    names |= {bridge.name for folder in paths.clusters().iterdir() if (bridge := bridge_of(folder))}
    taken = list(_networks_in_use())
    for index, subnet in enumerate(POOL.subnets(new_prefix=PREFIX_LENGTH)):
        name = f"hanse{index}"
        if index > 0 and name not in names and not any(subnet.overlaps(network) for network in taken):
            hardware_address = ":".join([LOCAL_UNICAST, *(f"{byte:02x}" for byte in secrets.token_bytes(5))])
            return Bridge(name, str(subnet[1]), str(subnet), hardware_address)
    raise DevclusterError(
        f"all of {POOL} is in use: see `ip route`, and take clusters down with `hanse devcluster down`"
    )


def _networks_in_use() -> Iterator[ipaddress.IPv4Network]:
    """Yield what this machine has an address in or a route to; a default route reaches everything and takes nothing."""
    for route in _ip_json("-4", "route", "show", "table", "all"):
        destination = route["dst"]
        if destination != "default":
            yield ipaddress.IPv4Network(destination, strict=False)


def _ip_json(*args: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(_ip("-json", *args) or "[]")
    return [item for item in parsed if item]


def _ip(*args: str) -> str:
    result = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DevclusterError(f"`ip {' '.join(args)}` failed: {result.stderr.strip()}; real nodes need Linux and root")
    return result.stdout


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    with (paths.cache() / "bridges.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
