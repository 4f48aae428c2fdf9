"""`bind-rate`: how fast workers get their nodes, beside the real kube-scheduler on the same API server.

In: simulated nodes and a number of workers with one GPU each. Out: a :class:`~hanse.bench.reports.Report`. One after
the other, each alone with the API server: first kube-scheduler with its query limit raised, then Hanse as in
production, that is operator, API service, Postgres and the cluster agent, each a process.

Both are timed from the first request of whoever wants the pods to the moment at which the last pod has a node. For
kube-scheduler that is to create the pods, and its bindings. For Hanse it is to create jobs, decisions in the ledger,
Placements, leases, what each gang has of its own (Service, Secret, NetworkPolicy), and to create the pods, bound. The
same client, with as many requests at once, creates the pods of the one and the jobs of the other. What kwok does to
pods after that is not waited for, but goes on meanwhile, on both sides.

Hanse's workers come in gangs of eight: that is what it is for, and what is made for each gang is shared by its workers.
`--gang 1` shows the other end.
"""

import asyncio
import base64
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg
import yaml

from hanse.agent import install
from hanse.agent.hands import PARALLEL
from hanse.agent.kube import Kube
from hanse.agent.settings import WORKERS_NAMESPACE_PREFIX
from hanse.bench import apiserver, hub, reports
from hanse.bench.counting import Bound
from hanse.bench.hub import Object
from hanse.bench.reports import Report
from hanse.bench.scenario import IMAGE
from hanse.devcluster import cluster, ports, processes
from hanse.devcluster.controlplane import LOOPBACK, SCHEDULER, ControlPlane
from hanse.devcluster.nodes import CLASS_LABEL, Shape
from hanse.devcluster.progress import Line

NAME = "bind-rate"
NODES, WORKERS = 1000, 4000
GPUS_PER_NODE = 8
LIMIT_SECONDS = 450.0
QUIET_SECONDS_MAX = 200.0
RATIO_MIN = 1.2
SIDE = "plain"
CLASS = OWNER = CLUSTER = "bind"
GPU = "nvidia.com/gpu"
_TABLES = ("decision", "placement", "attempt", "effect", "fact")


@dataclass(frozen=True)
class Load:
    """How much is played."""

    nodes: int
    workers: int
    gang: int

    @property
    def gangs(self) -> int:
        """The jobs that the workers belong to."""
        return self.workers // self.gang


@dataclass(frozen=True)
class Bind:
    """What one side did."""

    pods: int
    seconds: float
    writes: apiserver.Writes

    @property
    def pods_per_second(self) -> float:
        """The rate, from the first request to the last binding."""
        return self.pods / self.seconds if self.pods else 0.0


def run(scale: float, gang: int) -> Report:
    """Run the bench on a control plane of its own; *scale* is the part of nodes and workers that is played."""
    load = Load(round(NODES * scale), max(1, round(WORKERS * scale) // gang) * gang, gang)
    place = reports.Place()
    shape = Shape(CLASS, load.nodes, GPUS_PER_NODE)
    with hub.plane(cluster.Wanted(shapes=(shape,))) as own, Line("binding") as line:
        line.update("waiting for the nodes")
        hub.until(lambda: _all_ready(own), QUIET_SECONDS_MAX)
        # Started when all is quiet, it knows all nodes as ready from its first list on.
        ControlPlane(own.folder, LOOPBACK).start_scheduler()
        theirs = asyncio.run(_kube_scheduler(own, load, line))
        line.update("clearing the nodes")
        _clear(own, load)
        processes.end(own.folder, [SCHEDULER])
        pool = hub.Hub(own)
        _prepare(pool, load)
        before = _rows(own)
        ours = asyncio.run(_hanse(own, load, line))
        rows = {table: count - before[table] for table, count in _rows(own).items()}
    return _report(load, ours, theirs, rows, place)


def _all_ready(own: cluster.Cluster) -> bool:
    """Whether every node is ready, and nothing keeps pods off it."""
    nodes = own.client.request("GET", "/api/v1/nodes")["items"]
    return all(
        not node["spec"].get("taints")
        and any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"].get("conditions", []))
        for node in nodes
    )


async def _kube_scheduler(own: cluster.Cluster, load: Load, line: Line) -> Bind:
    own.client.request("POST", "/api/v1/namespaces", {"metadata": {"name": SIDE}})
    account = f"/api/v1/namespaces/{SIDE}/serviceaccounts?fieldSelector=metadata.name=default"
    hub.until(lambda: bool(own.client.request("GET", account)["items"]), hub.READY_SECONDS)
    pods = ((f"/api/v1/namespaces/{SIDE}/pods", _pod(number)) for number in range(load.workers))
    return await _timed(own, SIDE, pods, load, line)


async def _hanse(own: cluster.Cluster, load: Load, line: Line) -> Bind:
    path = f"/apis/hanse.dev/v1alpha1/namespaces/{OWNER}/trainingjobs"
    jobs = ((path, _job(number, load.gang)) for number in range(load.gangs))
    return await _timed(own, f"{WORKERS_NAMESPACE_PREFIX}{CLUSTER}", jobs, load, line)


async def _timed(
    own: cluster.Cluster, namespace: str, wanted: Iterable[tuple[str, Object]], load: Load, line: Line
) -> Bind:
    """Create what is *wanted*, by path, and wait until all pods of *namespace* have nodes."""
    bound = Bound(own, namespace)
    kube = await Kube.open(own.kubeconfig)
    before = apiserver.writes(own.client)
    watching = asyncio.create_task(bound.watch())
    await bound.opened()
    started = time.monotonic()
    creating = asyncio.create_task(_create_all(kube, wanted))
    try:
        while bound.count < load.workers and time.monotonic() - started < LIMIT_SECONDS:
            for task in (watching, creating):
                if task.done():
                    task.result()
            await asyncio.sleep(0.1)
            line.update(f"{bound.count} of {load.workers} pods in {namespace} have a node")
    finally:
        for task in (watching, creating):
            task.cancel()
        await asyncio.wait([watching, creating])
        await kube.close()
    seconds = (bound.last_at if bound.count else time.monotonic()) - started
    return Bind(bound.count, seconds, apiserver.between(before, apiserver.writes(own.client)))


async def _create_all(kube: Kube, wanted: Iterable[tuple[str, Object]]) -> None:
    """Create objects by path, as many at once as the cluster agent does."""
    waiting = iter(wanted)

    async def create() -> None:
        for path, each in waiting:
            await kube.request("POST", path, each)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(PARALLEL):
            tasks.create_task(create())


def _clear(own: cluster.Cluster, load: Load) -> None:
    """Let kwok finish with the pods, so that it is idle when the next side begins, and remove them."""
    path = f"/api/v1/namespaces/{SIDE}/pods"
    running = f"{path}?fieldSelector=status.phase=Running"
    hub.until(lambda: len(own.client.request("GET", running)["items"]) == load.workers, QUIET_SECONDS_MAX)
    own.client.request("DELETE", f"{path}?gracePeriodSeconds=0")
    hub.until(lambda: not own.client.request("GET", f"{path}?limit=1")["items"], QUIET_SECONDS_MAX)


def _prepare(pool: hub.Hub, load: Load) -> None:
    pool.install()
    tier, policy = hub.ours("PriorityTier", "standard", {"rank": 500}), hub.ours("PoolPolicy", "default", {})
    pool.apply(tier, policy, hub.accelerator(CLASS), *hub.member(OWNER))
    given = pool.admit_cluster(CLUSTER, OWNER)
    pool.apply(hub.ours("Contribution", "all", {"cluster": CLUSTER, "class": CLASS}, OWNER))
    pool.apply(*install.at_member(CLUSTER))
    pool.start()
    settings = {
        "cluster": CLUSTER,
        "hubKubeconfig": str(given.kubeconfig),
        "apiUrl": pool.api_url,
        "apiTokenFile": str(given.token_file),
        "kubeconfig": str(pool.kubeconfig("agent", install.AGENT, f"{install.AGENT_NAMESPACE_PREFIX}{CLUSTER}")),
        "stateFolder": str(pool.folder / "agent"),
        "signingKeyFile": _key(pool, "signing.key"),
        "sealingKeyFile": _key(pool, "sealing.key"),
        "listenHost": LOOPBACK,
        "listenPort": ports.free(),
    }
    file = pool.folder / "agent.yaml"
    file.write_text(yaml.safe_dump(settings))
    pool.run("agent", "cluster-agent", f"--config={file}")
    hub.until(lambda: _count(pool.own, "node") == load.nodes, hub.READY_SECONDS)


def _key(pool: hub.Hub, name: str) -> str:
    file = pool.folder / name
    file.write_text(base64.b64encode(os.urandom(32)).decode())
    return str(file)


def _pod(number: int) -> Object:
    container = {
        "name": "trainer",
        "image": IMAGE,
        "command": ["true"],
        "resources": {"limits": {GPU: "1"}, "requests": {GPU: "1"}},
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "nodeSelector": {CLASS_LABEL: CLASS},
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"worker-{number}"}, "spec": spec}


def _job(number: int, gang: int) -> Object:
    spec = {
        "tier": "standard",
        "workers": {"replicas": gang},
        "gpusPerWorker": 1,
        "accelerators": [{"class": CLASS}],
        "maxRuntime": "24h",
        "template": {"spec": {"containers": [{"name": "trainer", "image": IMAGE, "command": ["true"]}]}},
    }
    return hub.ours("TrainingJob", f"job-{number}", spec)


def _rows(own: cluster.Cluster) -> dict[str, int]:
    return {table: _count(own, table) for table in _TABLES}


def _count(own: cluster.Cluster, table: str) -> int:
    with psycopg.connect(own.database_url) as connection:
        statement = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier("ledger", table))
        (count,) = connection.execute(statement).fetchone() or (0,)
    return int(count)


def _report(load: Load, ours: Bind, theirs: Bind, rows: Mapping[str, int], place: reports.Place) -> Report:
    ratio = ours.pods_per_second / theirs.pods_per_second if theirs.pods_per_second else 0.0
    all_bound = ours.pods == theirs.pods == load.workers
    is_whole = (load.nodes, load.workers) == (NODES, WORKERS)
    rate = {
        "pods_per_second": theirs.pods_per_second,
        "seconds": theirs.seconds,
        "pods_bound": theirs.pods,
        "api_writes_per_pod": sum(theirs.writes.values()) / load.workers,
    }
    return Report(
        NAME,
        figures={
            "pods_per_second": ours.pods_per_second,
            "kube_scheduler_pods_per_second": theirs.pods_per_second,
            "ratio_to_kube_scheduler": ratio,
            "seconds": ours.seconds,
            "pods_bound": ours.pods,
            "api_writes_per_pod": sum(ours.writes.values()) / load.workers,
            **{f"ledger_{table}_rows": count for table, count in rows.items()},
        },
        baselines={"kube-scheduler": {**rate, "source": "run here, before Hanse, on the same API server"}},
        inputs={
            "nodes": load.nodes,
            "workers": load.workers,
            "gang": load.gang,
            "scenario": "whole" if is_whole else "a part of it: the gate of the rate does not apply",
            "requests_at_once": PARALLEL,
            "writes": {f"{verb} {name}": count for (name, verb), count in ours.writes.items()},
            "kube_scheduler_writes": {f"{verb} {name}": count for (name, verb), count in theirs.writes.items()},
        },
        seed=0,
        place=place,
        gates={
            "every worker has a node": all_bound,
            f"ratio_to_kube_scheduler >= {RATIO_MIN:g}": is_whole and all_bound and ratio >= RATIO_MIN,
        },
    )
