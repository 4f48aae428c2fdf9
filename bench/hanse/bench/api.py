"""`api`: how long the API service takes to answer what is asked most, with 20,000 jobs in the pool.

In: a number of jobs. Out: a :class:`~hanse.bench.reports.Report` with the median, the 99th hundredth and the rate of
ten endpoints. What answers is real: the API service as a process, PostgreSQL, the API server and the leading operator,
which has all the jobs; of them as many run as the clusters have GPUs. Their agents are stand-ins
(:mod:`hanse.bench.standin`) that hold the leases of all that runs, and go on renewing them while the others ask: the
times of their own requests are the tenth endpoint's. A month of books is made up (:mod:`hanse.bench.history`).
"""

import asyncio
import json
import os
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing import get_context

import psycopg

from hanse.bench import apiserver, asking, history, hub, reports
from hanse.bench.asking import Asked, Question
from hanse.bench.reports import Figures, Report
from hanse.bench.scenario import IMAGE, Kind, Submission
from hanse.bench.standin import Course, StandIn
from hanse.bench.submitting import Submitted, Submitter
from hanse.devcluster import cluster
from hanse.devcluster.errors import DevclusterError
from hanse.devcluster.nodes import CLASS_LABEL
from hanse.devcluster.progress import Line
from hanse.ledger import database, logs
from hanse.resources.protocol import AUDIENCE, LOG_TAIL_BYTES_MAX, NodeReport

NAME = "api"
JOBS, TRANSFERS = 20_000, 450_000
MEMBERS = tuple(f"m{number}" for number in range(6))
NODES, GPUS_PER_NODE = 40, 8
CLASS = "h100"
REQUESTS, AT_ONCE = 200, 4
PEOPLE = 4
"""Of each member; the service lets each ask 300 times a minute."""
TAILS = 25
"""Jobs of each member of whose logs something is kept."""
SEED = 20_000
FOREVER_SECONDS = 1e6
LIMIT_SECONDS, QUIET_SECONDS_MAX, STILL_SECONDS = 900.0, 900.0, 10.0
P99_SECONDS_MAX = 1.0
TOKEN_SECONDS = 7200
REFUSED_SHOWN_MAX = 10
SYNC = "sync"
KIND = Kind("one", 0, 0.0, 1, FOREVER_SECONDS, 500)
_STATUSES = [("trainingjobs/status", verb) for verb in ("APPLY", "PATCH", "PUT")]
_NODES = "SELECT count(*) FROM ledger.node"
_LEASED = (
    "SELECT id, fence, cluster, job FROM ledger.attempt WHERE state = 'leased' AND member = %s ORDER BY id LIMIT %s"
)


@dataclass
class Played:
    """What was made, and what came of it."""

    submitted: Submitted = field(default_factory=Submitted)
    course: Course = field(default_factory=Course)
    asked: dict[str, Asked] = field(default_factory=dict)
    transfers: int = 0
    is_quiet: bool = False


def run(scale: float) -> Report:
    """Run the bench on a control plane of its own; *scale* is the part of jobs, books and requests that is played."""
    place = reports.Place()
    with hub.plane(cluster.Wanted()) as own, Line("answers") as line:
        line.update("preparing the pool")
        pool = hub.Hub(own)
        given = _prepare(pool)
        played = asyncio.run(_play(pool, given, scale, line))
        memory = {
            "api_service_rss_bytes_max": pool.peak_rss_bytes(hub.API),
            "rss_bytes_max": pool.peak_rss_bytes(hub.OPERATOR),
        }
    return _report(played, memory, place, scale)


def _prepare(pool: hub.Hub) -> dict[str, hub.Credentials]:
    pool.install()
    tier, policy = hub.ours("PriorityTier", KIND.name, {"rank": KIND.rank}), hub.ours("PoolPolicy", "default", {})
    pool.apply(tier, policy, hub.accelerator(CLASS))
    given = {}
    for name in MEMBERS:
        pool.apply(*hub.member(name, subjects=[{"kind": "Group", "name": f"system:serviceaccounts:{_people(name)}"}]))
        given[name] = pool.admit_cluster(name, name)
        pool.apply(hub.ours("Contribution", "all", {"cluster": name, "class": CLASS}, name))
    pool.start()
    return given


def _people(member: str) -> str:
    """Return the namespace of the accounts that act for a member."""
    return f"people-{member}"


async def _play(pool: hub.Hub, given: Mapping[str, hub.Credentials], scale: float, line: Line) -> Played:
    played = Played()
    agents = [
        asyncio.create_task(StandIn(name, _nodes(), _run_seconds, played.course).run(pool.api_url, given[name]))
        for name in MEMBERS
    ]
    try:
        await asyncio.to_thread(hub.until, lambda: _has_nodes(pool.own), hub.READY_SECONDS)
        bodies = {(name, KIND.name): _body() for name in MEMBERS}
        timetable = [Submission(0.0, *_named(number), KIND) for number in range(round(JOBS * scale))]
        creating = asyncio.create_task(Submitter(pool.own, bodies, played.submitted).run(timetable))
        started = time.monotonic()
        while not _all_known(pool, len(timetable)) and time.monotonic() - started < LIMIT_SECONDS:
            for task in (*agents, creating):
                if task.done():
                    task.result()  # of these only the one that creates ends by itself
            line.update(f"{len(played.submitted.created_at)} of {len(timetable)} jobs created; {_standing(pool)}")
            await asyncio.sleep(hub.LOOK_SECONDS)
        await creating
        await asyncio.to_thread(_fill, pool, played, scale, line)
        await _ask_all(pool, played, scale, line)
    finally:
        for task in agents:
            task.cancel()
        await asyncio.wait(agents)
    return played


def _nodes() -> dict[str, NodeReport]:
    names = [f"node-{number}" for number in range(NODES)]
    size = {"gpus": GPUS_PER_NODE, "cpu_milli": 128_000, "memory_mib": 1 << 20, "ready": True}
    labels = {CLASS_LABEL: CLASS}
    return {name: NodeReport.model_validate({"name": name, "class": CLASS, "labels": labels, **size}) for name in names}


def _run_seconds(_: int) -> float:
    return FOREVER_SECONDS


def _has_nodes(own: cluster.Cluster) -> bool:
    with psycopg.connect(own.database_url) as connection:
        (count,) = connection.execute(_NODES).fetchone() or (0,)
    return bool(count == len(MEMBERS) * NODES)


def _named(number: int) -> tuple[str, str]:
    """Return the namespace and name of a job."""
    return MEMBERS[number % len(MEMBERS)], f"job-{number // len(MEMBERS):05}"


def _body() -> str:
    spec = {
        "tier": KIND.name,
        "workers": {"replicas": 1},
        "gpusPerWorker": 1,
        "accelerators": [{"class": CLASS}],
        "maxRuntime": "240h",
        "template": {"spec": {"containers": [{"name": "trainer", "image": IMAGE, "command": ["true"]}]}},
    }
    return json.dumps(hub.ours("TrainingJob", "%NAME%", spec))


def _all_known(pool: hub.Hub, jobs: int) -> bool:
    """Whether the leader knows all jobs, and as many run as there are GPUs for."""
    said = pool.progress()
    live = said.get("live", 0)
    return bool(live + said.get("waiting", 0) == jobs and live == min(jobs, len(MEMBERS) * NODES * GPUS_PER_NODE))


def _standing(pool: hub.Hub) -> str:
    said = pool.progress()
    return f"{said.get('live', 0)} run, {said.get('waiting', 0)} wait"


def _fill(pool: hub.Hub, played: Played, scale: float, line: Line) -> None:
    """Record a month of books and some tails of logs, and wait until statuses are written."""
    line.update("recording a month of books")
    count, month = round(TRANSFERS * scale), history.last_month()
    played.transfers = history.record(pool.own.database_url, history.Books(month, MEMBERS, count, SEED), line)
    line.update("waiting for the statuses")
    started = time.monotonic()
    written = -1
    while not played.is_quiet and time.monotonic() - started < QUIET_SECONDS_MAX:
        before, written = written, apiserver.total(apiserver.writes(pool.own.client), *_STATUSES)
        played.is_quiet = before == written
        line.update(f"{written} statuses written")
        time.sleep(STILL_SECONDS)
    _keep_tails(pool.own.database_url)


def _keep_tails(database_url: str) -> None:
    """Keep a full tail of the logs of some jobs that run."""
    engine = database.engine(database_url)
    try:
        for member in MEMBERS:
            for attempt, fence, cluster_of, _ in _leased(database_url, member, TAILS):
                recipient, sealed = os.urandom(32), os.urandom(LOG_TAIL_BYTES_MAX)
                logs.open_keys(engine, cluster_of, [logs.Offered(attempt, recipient, os.urandom(32), recipient)])
                sent = logs.Sent(attempt, fence, 0, recipient, sealed)
                if logs.store(engine, cluster_of, [sent], bytes_max=LOG_TAIL_BYTES_MAX) != [True]:
                    raise DevclusterError(f"the ledger does not take a tail of the logs of attempt {attempt}")
    finally:
        engine.dispose()


def _leased(database_url: str, member: str, most: int) -> list[tuple[uuid.UUID, int, str, uuid.UUID]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute(_LEASED, (member, most)).fetchall()


async def _ask_all(pool: hub.Hub, played: Played, scale: float, line: Line) -> None:
    """Ask for one thing after another; the agents go on all the while."""
    questions = await asyncio.to_thread(_questions, pool, played, max(AT_ONCE, round(REQUESTS * scale)))
    played.course.sync_seconds.clear()
    started = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        for name, asked in questions.items():
            line.update(f"asking for {name}")
            # The first question of a kind finds what is not read yet; it is no different from others, and is counted.
            found = process.submit(asking.ask, pool.api_url, asked, AT_ONCE)
            played.asked[name] = await asyncio.wrap_future(found)
    seconds = list(played.course.sync_seconds)
    played.asked[SYNC] = Asked(seconds, [], time.monotonic() - started)


def _questions(pool: hub.Hub, played: Played, count: int) -> dict[str, list[Question]]:
    """Return what is asked, by the endpoint's name: each time by another person."""
    rng = random.Random(SEED)  # noqa: S311  # no secret is made of it
    people = [(name, token) for name in MEMBERS for token in _tokens(pool, name)]
    names = {uid: each.name for uid, (each, _) in played.submitted.created_at.items()}
    logged = {member: [names[job] for *_, job in _leased(pool.own.database_url, member, TAILS)] for member in MEMBERS}
    jobs = {member: [each.name for each, _ in played.submitted.created_at.values() if each.namespace == member]
            for member in MEMBERS}  # fmt: skip
    month = history.last_month()
    paths: dict[str, Callable[[str], str]] = {
        "queue": lambda _: "/v1/queue",
        "jobs": lambda _: "/v1/jobs",
        "explain": lambda member: f"/v1/jobs/{member}/{rng.choice(jobs[member])}/explain",
        "logs": lambda member: f"/v1/jobs/{member}/{rng.choice(logged[member])}/logs",
        "quota": lambda _: "/v1/quota",
        "pool": lambda _: "/v1/pool",
        "usage": lambda _: f"/v1/usage?from={month.start_seconds}&to={month.end_seconds}&limit=1000",
        "statement": lambda _: f"/v1/statements/{month.period}",
        "balances": lambda _: "/v1/balances",
    }
    return {
        name: [Question(path(member), token) for member, token in islice(cycle(people), count)]
        for name, path in paths.items()
    }


def _tokens(pool: hub.Hub, member: str) -> list[str]:
    """Return tokens of new accounts that act for a member."""
    client, namespace, found = pool.own.client, _people(member), []
    client.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    for number in range(PEOPLE):
        client.request("POST", accounts, {"metadata": {"name": f"p{number}"}})
        wanted = {"spec": {"audiences": [AUDIENCE], "expirationSeconds": TOKEN_SECONDS}}
        found.append(client.request("POST", f"{accounts}/p{number}/token", wanted)["status"]["token"])
    return found


def _figures(asked: Mapping[str, Asked]) -> Iterator[tuple[str, float | int | None]]:
    for name, found in asked.items():
        took = found.seconds
        yield f"{name}_seconds_p50", statistics.median(took) if took else None
        yield f"{name}_seconds_p99", reports.percentile(took, 99) if took else None
        yield f"{name}_per_second", len(took) / found.wall_seconds


def _report(played: Played, memory: Figures, place: reports.Place, scale: float) -> Report:
    figures = dict(_figures(played.asked))
    jobs, is_whole = len(played.submitted.created_at), scale == 1
    refused = [each for found in played.asked.values() for each in found.refused]
    slowest = [figures[f"{name}_seconds_p99"] for name in played.asked]
    return Report(
        NAME,
        figures={**figures, "jobs": jobs, "requests_refused": len(refused), **memory},
        baselines={},
        inputs={
            "scale": scale,
            "scenario": "whole" if is_whole else "a part of it: the gate of times does not apply",
            "members": len(MEMBERS),
            "gpus": len(MEMBERS) * NODES * GPUS_PER_NODE,
            "transfers": played.transfers,
            "hours": len(history.last_month().hours),
            "requests": {name: len(found.seconds) for name, found in played.asked.items()},
            "requests_at_once": AT_ONCE,
            "agents": len(MEMBERS),
            "refused": refused[:REFUSED_SHOWN_MAX],
        },
        seed=SEED,
        place=place,
        gates={
            "every request was answered": not refused and all(found.seconds for found in played.asked.values()),
            "statuses were written before anybody asked": played.is_quiet,
            f"p99 of each endpoint <= {P99_SECONDS_MAX:g} s": is_whole
            and all(each is not None and each <= P99_SECONDS_MAX for each in slowest),
        },
    )
