"""The network that a real node's pods share with this machine: one bridge for each cluster.

In: a cluster's folder. Out: a bridge with a free subnet, whose first address is this machine's: there the API server,
the kubelet and the DNS server listen, one address for pods and for us. Nothing is routed or translated, and no kernel
setting changes, so pods reach this machine and one another and nothing else.

The choice is recorded in the folder before the bridge is made, with a random name and a random hardware address. The
name is nobody else's, whichever cache or user a cluster is of, so the cluster's control groups have it too. By the
address :func:`remove_bridge` knows our bridge even so, whatever happened in between.
"""

import ipaddress
import json
import secrets
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hanse.devcluster import files
from hanse.devcluster.errors import DevclusterError

# Private ones of all kinds, since one route of a VPN often takes all of a kind, and containers much of another.
POOLS = tuple(map(ipaddress.IPv4Network, ("10.244.0.0/16", "172.29.0.0/16", "192.168.0.0/16", "100.96.0.0/16")))
PREFIX_LENGTH = 24
# A VPN may write a default route as several routes to large parts of everything; no private network is that large.
DEFAULT_PREFIX_LENGTH = 7
ROUTES_NAMED = 6

RECORD = "bridge.json"
# With 8 hexadecimal digits, 13 characters: the name of a link has at most 15.
NAME_PREFIX = "hanse"
# All that make bridges on this machine lock it, whatever their caches; it is the kernel's own, one for each network
# namespace, so that no file of ours is left behind.
LOCK = Path("/sys/class/net")
# The first byte of hardware addresses that their user chooses and that belong to one interface.
LOCAL_UNICAST = "02"


@dataclass(frozen=True)
class Bridge:
    """A cluster's bridge; *name* is also that of the cluster's control groups."""

    name: str
    address: str
    subnet: str
    hardware_address: str


def make_bridge(folder: Path) -> Bridge:
    """Make a bridge for the cluster in *folder*.

    Raises:
        DevclusterError: no subnet is free, or this user or kernel cannot make bridges.

    """
    with files.locked(LOCK):
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
    subnet = _free_subnet()
    hardware_address = ":".join([LOCAL_UNICAST, *(f"{byte:02x}" for byte in secrets.token_bytes(5))])
    return Bridge(f"{NAME_PREFIX}{secrets.token_hex(4)}", str(subnet[1]), str(subnet), hardware_address)


def _free_subnet() -> ipaddress.IPv4Network:
    taken = _networks_in_use()
    for subnet in (subnet for pool in POOLS for subnet in pool.subnets(new_prefix=PREFIX_LENGTH)):
        if not any(subnet.overlaps(network) for network in taken):
            return subnet
    in_the_way = [network for network in taken if any(pool.overlaps(network) for pool in POOLS)]
    largest_first = sorted(in_the_way, key=lambda network: network.prefixlen)
    named = [f"{network} ({taken[network]})" for network in largest_first[:ROUTES_NAMED]]
    others = f" and {len(in_the_way) - len(named)} more" if len(in_the_way) > len(named) else ""
    raise DevclusterError(
        f"no subnet is free for pods in {', '.join(map(str, POOLS))}: this machine has routes to {', '.join(named)}"
        f"{others}; see `ip route show table all`, and end what made one of them (a VPN, say)"
    )


def _networks_in_use() -> dict[ipaddress.IPv4Network, str]:
    """Return what this machine has an address in or a route to, and through which link.

    A default route reaches everything and takes nothing.
    """
    networks = {}
    for route in _ip_json("-4", "route", "show", "table", "all"):
        destination = "0.0.0.0/0" if route["dst"] == "default" else route["dst"]
        network = ipaddress.IPv4Network(destination, strict=False)
        if network.prefixlen > DEFAULT_PREFIX_LENGTH:
            networks[network] = route.get("dev") or route.get("type", "no link")
    return networks


def _ip_json(*args: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(_ip("-json", *args) or "[]")
    return [item for item in parsed if item]


def _ip(*args: str) -> str:
    result = subprocess.run(["ip", *args], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise DevclusterError(f"`ip {' '.join(args)}` failed: {result.stderr.strip()}; real nodes need Linux and root")
    return result.stdout
