"""One development cluster: what it is made of, how it comes up, how it is found again.

In: a name and :class:`Wanted`. Out: :class:`Cluster`, a handle on a folder; any process can get one with :func:`load`,
since everything about a cluster is in its folder or can be seen. A cluster has an owner, and ends with it, unless it
is to stay (`hanse devcluster up`). The parts are in the neighbouring modules; :mod:`hanse.devcluster.teardown` takes
all of them away.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hanse.devcluster import (
    build,
    dns,
    files,
    image,
    kwok,
    network,
    nodes,
    paths,
    ports,
    postgres,
    processes,
    processnode,
    realnode,
    store,
    teardown,
    volumes,
)
from hanse.devcluster.client import Client
from hanse.devcluster.controlplane import CLUSTER_DOMAIN, LOOPBACK, ControlPlane
from hanse.devcluster.errors import DevclusterError

DEFAULT_NAME = "hanse"
REAL_NODE = "real-0"
PROCESS_NODE = "processes-0"
WARDEN = "warden"
OWNER = "owner"
UNFINISHED = "."

# Whose a cluster is.
OWNED = "a running program"
STAYS = "nobody: stays until it is taken down"
LEFT_OVER = "a program that has ended: a leftover"

# By cluster, the end of the warden's pipe that this process holds as long as it lives or the cluster does.
_leashes: dict[str, int] = {}

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Wanted:
    """What a cluster is made of; the default is a control plane with simulated nodes, and Postgres."""

    shapes: tuple[nodes.Shape, ...] = ()
    control_plane: bool = True
    postgres: bool = True
    scheduler: bool = False
    real_node: bool = False
    process_node: bool = False
    """One node whose containers are processes of this machine, and none that is simulated."""
    port: int | None = None


@dataclass(frozen=True)
class Cluster:
    """A handle on the cluster called *name*.

    Raises:
        DevclusterError: no cluster can be called so; its name becomes a folder that is deleted one day.

    """

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DevclusterError(
                f"{self.name!r} cannot name a cluster: use up to 32 small letters, digits and inner dashes"
            )

    @property
    def folder(self) -> Path:
        """Everything that belongs to the cluster."""
        return paths.clusters() / self.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def kubectl_binary(self) -> Path:
        """A kubectl of the very version of the control plane."""
        return self.folder / "bin" / "kubectl"

    @property
    def database_url(self) -> str:
        """The URL of the configured Postgres, else of the cluster's own."""
        return configured_database_url() or postgres.url(self.folder)

    @cached_property
    def client(self) -> Client:
        """Plain requests as the administrator."""
        self._require_control_plane()
        return Client(self.kubeconfig)

    @property
    def url(self) -> str:
        """The API server's address."""
        return self.client.url

    @property
    def admin_token(self) -> str:
        """The administrator's bearer token."""
        return self.client.token

    def kubectl(self, *args: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator.

        Raises:
            DevclusterError: it failed and *check* is true, with what it said.

        """
        self._require_control_plane()
        command = [str(self.kubectl_binary), f"--kubeconfig={self.kubeconfig}", *args]
        environment = processes.environment()
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)
        if check and result.returncode != 0:
            raise DevclusterError(f"kubectl {' '.join(args)} failed: {result.stderr.strip()}")
        return result

    def kubeconfig_of(self, account: str, namespace: str, file: Path) -> Path:
        """Write a kubeconfig with a day's token of a ServiceAccount, for a process with its rights and no more.

        Raises:
            DevclusterError: there is no such account.

        """
        token = self.kubectl("create", "token", account, f"--namespace={namespace}", "--duration=24h").stdout
        content = json.loads(self.kubeconfig.read_text())
        content["users"][0]["user"] = {"token": token.strip()}
        return files.write_secret(file, json.dumps(content))

    def add_nodes(self, *shapes: nodes.Shape) -> int:
        """Create simulated nodes, those that are not there yet; return how many were new."""
        return sum(self.client.create_all("/api/v1/nodes", nodes.manifests(shape)) for shape in shapes)

    def parts(self) -> list[str]:
        """Return the names of the parts that run."""
        return sorted({process.part for process in processes.find(self.folder)})

    def owner(self) -> str:
        """Return :data:`OWNED`, :data:`STAYS` or :data:`LEFT_OVER`."""
        try:
            identity = (self.folder / OWNER).read_text()
        except FileNotFoundError:
            return LEFT_OVER
        if identity == STAYS:
            return STAYS
        return OWNED if processes.identity(int(identity.partition(":")[0])) == identity else LEFT_OVER

    def down(self) -> None:
        """Take the cluster away."""
        teardown.destroy(self.folder)
        if self.name in _leashes:
            os.close(_leashes.pop(self.name))

    def _require_control_plane(self) -> None:
        if not self.kubeconfig.exists():
            raise DevclusterError(
                f"the cluster {self.name} has no control plane that is up: see `hanse devcluster status`"
            )


def up(name: str, wanted: Wanted, *, stay: bool = False) -> Cluster:
    """Start a cluster and return when it is ready; it ends with the calling process unless it is to *stay*.

    Raises:
        DevclusterError: there is one of that name, or a part does not come up; nothing is left then.

    """
    cluster = Cluster(name)
    _build_all(wanted)
    _make_folder(cluster, STAYS if stay else processes.identity(os.getpid()))
    try:
        if not stay:
            _start_warden(cluster)
        _start_parts(cluster, wanted)
    except BaseException:
        cluster.down()
        raise
    return cluster


@contextlib.contextmanager
def running(name: str, wanted: Wanted) -> Iterator[Cluster]:
    """Run a cluster for the time of a `with` block."""
    cluster = up(name, wanted)
    try:
        yield cluster
    finally:
        cluster.down()


def load(name: str) -> Cluster:
    """Return the running cluster called *name*.

    Raises:
        DevclusterError: there is none.

    """
    cluster = Cluster(name)
    if not cluster.folder.is_dir():
        known = ", ".join(each.name for each in every()) or "none"
        raise DevclusterError(
            f"no cluster {name!r} runs (running: {known}): start it with `hanse devcluster up {name}`"
        )
    return cluster


def every() -> list[Cluster]:
    """Return all clusters of this user, running or left over."""
    names = sorted(folder.name for folder in paths.clusters().iterdir() if folder.is_dir())
    return [Cluster(name) for name in names if not name.startswith(UNFINISHED)]


def _make_folder(cluster: Cluster, owner: str) -> None:
    """Make the cluster's folder with its owner's identity in it, as one step that others see whole or not at all."""
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=paths.clusters()))
    (unfinished / OWNER).write_text(owner)
    try:
        unfinished.rename(cluster.folder)
    except OSError:
        shutil.rmtree(unfinished)
        raise DevclusterError(
            f"there is a cluster {cluster.name!r} already: take it down with `hanse devcluster down {cluster.name}`, "
            "or name another"
        ) from None


def configured_database_url() -> str:
    """Return the URL of a Postgres that the environment says to use in place of our own, else nothing."""
    return os.environ.get("HANSE_DATABASE_URL", "")


def _build_all(wanted: Wanted) -> None:
    """Make what a cluster needs before anything of it exists: this may take minutes, or fail for want of a package."""
    if wanted.real_node:
        realnode.require()
    if wanted.process_node:
        processnode.require()
    if wanted.control_plane:
        build.binary(build.CONTROLPLANE)
    if wanted.control_plane and not wanted.process_node:
        build.binary(build.KWOK)
    if wanted.real_node:
        build.binary(build.COREDNS)
        store.prepared(image.build())


def _start_parts(cluster: Cluster, wanted: Wanted) -> None:
    folder = cluster.folder
    bridge = network.make_bridge(folder) if wanted.real_node else None
    place = processnode.settle(folder) if wanted.process_node else None
    address = bridge.address if bridge else place.address if place else LOOPBACK
    fixed = {"apiserver": wanted.port} if wanted.port else {}
    local = dict.fromkeys(["postgres", "kwok", *ControlPlane.LOOPBACK_PORTS], LOOPBACK)
    reserved = ports.reserve(folder, {"apiserver": address, **local}, fixed)
    if wanted.postgres and not configured_database_url():
        postgres.start(folder, reserved["postgres"], durable=False, bridge=bridge)
    if not wanted.control_plane:
        return
    cluster.kubectl_binary.parent.mkdir()
    # The cluster's own links: a binary that the cache forgets is still there for a part that is started again.
    for link in (cluster.kubectl_binary, cluster.folder / "bin" / "controlplane"):
        link.hardlink_to(build.binary(build.CONTROLPLANE))
    plane = ControlPlane(folder, address)
    plane.start(scheduler=wanted.scheduler)
    if place:
        node = _node(plane, PROCESS_NODE, place.address)
        processnode.start(folder, node, place, cluster.folder / "bin" / "controlplane")
        return
    kwok.start(folder, cluster.kubeconfig, reserved["kwok"])
    cluster.add_nodes(*wanted.shapes)
    if bridge:
        _start_real_node(cluster, plane, bridge)


def _node(plane: ControlPlane, name: str, address: str) -> realnode.Node:
    return realnode.Node(
        name=name,
        kubeconfig=plane.write_kubeconfig("kubelet", f"system:node:{name}", ["system:nodes"]),
        client_ca=plane.authority.certificate_file,
        serving=plane.authority.server("kubelet-serving", [address, name]),
        cluster_domain=CLUSTER_DOMAIN,
    )


def _start_real_node(cluster: Cluster, plane: ControlPlane, bridge: network.Bridge) -> None:
    dns.start(cluster.folder, bridge, cluster.client, plane.write_kubeconfig("dns", dns.USER, []), CLUSTER_DOMAIN)
    node = _node(plane, REAL_NODE, bridge.address)
    images = store.prepared(image.build())
    realnode.start(cluster.folder, node, images, bridge, cluster.folder / "bin" / "controlplane")
    cluster.client.create_all("/api/v1/persistentvolumes", volumes.manifests(cluster.folder, REAL_NODE))


def _start_warden(cluster: Cluster) -> None:
    """Start the warden with a pipe whose other end stays open in this process as long as it lives."""
    read_end, _leashes[cluster.name] = os.pipe()
    command = [sys.executable, "-P", "-m", "hanse.devcluster.warden", str(cluster.folder)]
    processes.start(cluster.folder, WARDEN, command, stdin=read_end)
    os.close(read_end)
