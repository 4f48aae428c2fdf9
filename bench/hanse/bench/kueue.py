"""`kueue-baseline`: Kueue's own scheduler benchmark, played with Hanse.

In: the scenario of :mod:`hanse.bench.scenario`. Out: a :class:`~hanse.bench.reports.Report`. What runs is real: the API
server with etcd, the operator, the API service, Postgres. As in Kueue's benchmark there are no pods: a runner
(:mod:`hanse.bench.standin`) ends each job after its run time. It speaks for the agents, through the API service.

How the figures correspond to Kueue's, which are printed beside them and were not measured here:

- A job is admitted when its lease is granted, which is later than Kueue's moment (the condition on the Workload): from
  then on it runs.
- Held usage is what admitted jobs hold of all GPUs, over time, by the ledger: from the decision to the release. This
  is what Kueue calls usage. Useful usage counts only the run time of jobs that succeeded.
- The wall time ends when the last job's release is recorded; `settle_seconds` is what the last statuses and deletes
  take after that. Writes are counted after it.
"""

import asyncio
import json
import statistics
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from hanse.agent import inventory
from hanse.bench import apiserver, hub, reports, scenario
from hanse.bench.reports import Figures, Report
from hanse.bench.standin import Course, StandIn
from hanse.bench.submitting import Submitted, Submitter
from hanse.devcluster import cluster
from hanse.devcluster.progress import Line
from hanse.resources import AcceleratorClass
from hanse.resources.protocol import NodeReport

NAME = "kueue-baseline"
LIMIT_SECONDS = 1500.0
SETTLE_SECONDS_MAX = 120.0
SAMPLE_SECONDS = 0.25
WALL_SECONDS_MAX = 110.0
WRITES_PER_JOB_MAX = 3.0
WAIT_PART_MAX = 0.4

THROTTLED, RAISED = "kueue (50 queries/s)", "kueue (1,000 queries/s)"
_PUBLISHED = "not run here: measured with Kueue on 2 cores, API server and etcd on them too; held usage;"
BASELINES: Mapping[str, Mapping[str, float | int | str]] = {
    THROTTLED: {
        "wall_seconds": 405.0, "usage_fraction_held": 0.557, "large_admission_seconds_mean": 30.8,
        "medium_admission_seconds_mean": 97.0, "small_admission_seconds_mean": 229.0, "rss_bytes_max": 635_000_000,
        "source": f"{_PUBLISHED} its client limited to 50 queries a second, as Kueue's benchmark has it",
    },
    RAISED: {
        "wall_seconds": 337.0, "usage_fraction_held": 0.74, "large_admission_seconds_mean": 24.3,
        "medium_admission_seconds_mean": 85.5, "small_admission_seconds_mean": 183.6,
        "source": f"{_PUBLISHED} the limit raised to 1,000 queries a second",
    },
}  # fmt: skip

PLACEMENT_WRITES = [("placements", verb) for verb in ("POST", "APPLY", "PATCH", "DELETE")]
STATUS_WRITES = [("trainingjobs/status", verb) for verb in ("APPLY", "PATCH", "PUT")]
EVENT_WRITES = [("events", verb) for verb in ("POST", "PATCH")]
_LIVE = (
    "SELECT tier, count(*) FROM ledger.attempt WHERE state IN ('admitted', 'leased', 'draining', 'suspect') GROUP BY 1"
)
_JOBS = "SELECT id, job FROM ledger.attempt"


@dataclass
class Played:
    """What was seen of one run."""

    submitted: Submitted = field(default_factory=Submitted)
    course: Course = field(default_factory=Course)
    held: list[tuple[float, int]] = field(default_factory=list)
    """Moments, and the GPUs that live attempts held then."""
    started_at: float = 0.0
    wall_seconds: float = 0.0
    settle_seconds: float = 0.0


def run(scale: float) -> Report:
    """Run the bench on a control plane of its own; *scale* is the part of the jobs that is played."""
    place = reports.Place()
    with hub.plane(cluster.Wanted(shapes=tuple(scenario.nodes()))) as own:
        pool = hub.Hub(own)
        with Line("Kueue's scenario") as line:
            line.update("preparing the pool")
            given = _prepare(pool)
            before = apiserver.writes(own.client)
            played = asyncio.run(_play(pool, given, scenario.timetable(scale), line))
            line.update("waiting for the last statuses")
            played.settle_seconds = _settle(own)
        counted = apiserver.between(before, apiserver.writes(own.client))
        figures = _figures(played, counted, _jobs_by_attempt(own), scale)
        figures |= {
            "rss_bytes_max": pool.peak_rss_bytes(hub.OPERATOR),
            "api_service_rss_bytes_max": pool.peak_rss_bytes(hub.API),
        }
        return _report(figures, counted, place, scale)


def _prepare(pool: hub.Hub) -> dict[str, hub.Credentials]:
    pool.install()
    pool.apply(*scenario.objects())
    given = {}
    for number in range(scenario.COHORTS):
        name = scenario.cohort(number)
        given[name] = pool.admit_cluster(name, name)
        pool.apply(scenario.offer(number))
    pool.start()
    return given


async def _play(
    pool: hub.Hub, given: Mapping[str, hub.Credentials], timetable: Sequence[scenario.Submission], line: Line
) -> Played:
    """Play the timetable until all jobs have ended, or the limit is reached."""
    played = Played()
    bodies = {(namespace, kind.name): _body(kind, of) for namespace, of in scenario.queues() for kind in scenario.KINDS}
    runs = scenario.run_seconds_by_units()
    everything = [
        StandIn(name, nodes, runs.__getitem__, played.course).run(pool.api_url, given[name])
        for name, nodes in _nodes_by_cluster(pool.own).items()
    ]
    everything.append(_sample(pool.own.database_url, played))
    tasks = [asyncio.create_task(each) for each in everything]
    try:
        await asyncio.to_thread(hub.until, lambda: _has_nodes(pool.own), hub.READY_SECONDS)
        played.started_at = time.monotonic()
        tasks.append(asyncio.create_task(Submitter(pool.own, bodies, played.submitted).run(timetable)))
        while len(played.course.succeeded_at) < len(timetable) and played.wall_seconds < LIMIT_SECONDS:
            for task in tasks:
                if task.done():
                    task.result()  # of these only the submitter ends by itself
            await asyncio.sleep(SAMPLE_SECONDS)
            played.wall_seconds = time.monotonic() - played.started_at
            line.update(_progress(played, len(timetable)))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    if len(played.course.succeeded_at) == len(timetable):
        played.wall_seconds = max(played.course.succeeded_at.values()) - played.started_at
    return played


def _body(kind: scenario.Kind, of: str) -> str:
    manifest = scenario.job(kind, of)
    manifest["metadata"]["name"] = "%NAME%"
    return json.dumps(manifest)


def _nodes_by_cluster(own: cluster.Cluster) -> dict[str, dict[str, NodeReport]]:
    """Return the nodes of each cluster as its agent would report them."""
    nodes = own.client.request("GET", "/api/v1/nodes")["items"]
    classes = [AcceleratorClass.parse(each) for each in own.client.request("GET", _CLASSES)["items"]]
    reported = inventory.reports(nodes, (), classes)
    return {
        each.metadata.name: {
            name: node for name, node in reported.items() if node.accelerator_class == each.metadata.name
        }
        for each in classes
    }


_CLASSES = "/apis/hanse.dev/v1alpha1/acceleratorclasses"


def _has_nodes(own: cluster.Cluster) -> bool:
    with psycopg.connect(own.database_url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM ledger.node").fetchone() or (0,)
    return bool(count == scenario.COHORTS * scenario.NODES_PER_COHORT)


async def _sample(database_url: str, played: Played) -> None:
    """Note again and again how many GPUs are held, by the ledger."""
    units = {kind.name: kind.units for kind in scenario.KINDS}
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while True:
            rows = await (await connection.execute(_LIVE)).fetchall()
            played.held.append((time.monotonic(), sum(units[tier] * count for tier, count in rows)))
            await asyncio.sleep(SAMPLE_SECONDS)


def _progress(played: Played, jobs: int) -> str:
    succeeded = len(played.course.succeeded_at)
    held = played.held[-1][1] if played.held else 0
    created = len(played.submitted.created_at)
    return f"{created} of {jobs} jobs created, {succeeded} ended; {held} of {scenario.CAPACITY} GPUs held"


def _settle(own: cluster.Cluster) -> float:
    """Wait until what has ended is tidied up; return how long that took."""
    started = time.monotonic()
    path = "/apis/hanse.dev/v1alpha1/placements?limit=1"

    def is_tidy() -> bool:
        return not own.client.request("GET", path)["items"] and not _untold(own)

    hub.until(is_tidy, SETTLE_SECONDS_MAX)
    return time.monotonic() - started


def _untold(own: cluster.Cluster) -> bool:
    """Whether a job's status does not say yet that it has ended."""
    path = "/apis/hanse.dev/v1alpha1/trainingjobs?limit=500"
    token = ""
    while True:
        page = own.client.request("GET", path + token)
        if any(each.get("status", {}).get("phase") != "Succeeded" for each in page["items"]):
            return True
        if not (more := page["metadata"].get("continue")):
            return False
        token = f"&continue={more}"


def _jobs_by_attempt(own: cluster.Cluster) -> dict[uuid.UUID, uuid.UUID]:
    with psycopg.connect(own.database_url) as connection:
        return dict(connection.execute(_JOBS).fetchall())


def _figures(
    played: Played, counted: apiserver.Writes, jobs_by_attempt: Mapping[uuid.UUID, uuid.UUID], scale: float
) -> dict[str, float | int | None]:
    wall, jobs = played.wall_seconds, len(scenario.timetable(scale))
    ended = [played.submitted.created_at[jobs_by_attempt[attempt]][0].kind for attempt in played.course.succeeded_at]
    writes = {
        "placement": apiserver.total(counted, *PLACEMENT_WRITES),
        "placement_status": apiserver.total(counted, ("placements/status", "PATCH")),
        "job_status": apiserver.total(counted, *STATUS_WRITES),
    }
    useful = sum(kind.units * kind.run_seconds for kind in ended)
    return {
        "wall_seconds": wall,
        "settle_seconds": played.settle_seconds,
        "jobs": jobs,
        "jobs_succeeded": len(ended),
        "jobs_per_second": len(ended) / wall,
        "usage_fraction_held": _held(played) / scenario.CAPACITY,
        "usage_fraction_useful": useful / scenario.CAPACITY / wall,
        "api_writes_per_job": sum(writes.values()) / jobs,
        **{f"{name}_writes_per_job": count / jobs for name, count in writes.items()},
        "event_writes_per_job": apiserver.total(counted, *EVENT_WRITES) / jobs,
        **_waits(played, jobs_by_attempt),
        "attempts_stopped": played.course.stopped,
        "late_submission_seconds_max": played.submitted.late_seconds_max,
    }


def _held(played: Played) -> float:
    """Return the GPUs held in the mean over the wall time."""
    end = played.started_at + played.wall_seconds
    within = [held for moment, held in played.held if played.started_at <= moment <= end]
    return statistics.fmean(within) if within else 0.0


def _waits(played: Played, jobs_by_attempt: Mapping[uuid.UUID, uuid.UUID]) -> Figures:
    """Return the time from creation to the first lease by kind; none if a job of the kind was never admitted."""
    first: dict[uuid.UUID, float] = {}
    for attempt, moment in played.course.leased_at.items():
        job = jobs_by_attempt[attempt]
        first[job] = min(moment, first.get(job, moment))
    found: dict[str, float | None] = {}
    for kind in scenario.KINDS:
        of_kind = {job: at for job, (each, at) in played.submitted.created_at.items() if each.kind is kind}
        waits = [first[job] - at for job, at in of_kind.items() if job in first]
        whole = len(waits) == len(of_kind) > 0
        found[f"{kind.name}_admission_seconds_mean"] = statistics.fmean(waits) if whole else None
    return found


def _report(
    figures: Mapping[str, float | int | None], counted: apiserver.Writes, place: reports.Place, scale: float
) -> Report:
    def reached(name: str, most: float) -> bool:
        value = figures[name]
        return value is not None and value <= most

    is_whole = scale == 1
    everything_ended = figures["jobs_succeeded"] == figures["jobs"]
    throttled = BASELINES[THROTTLED]
    waits = {f"{kind.name}_admission_seconds_mean" for kind in scenario.KINDS}
    return Report(
        NAME,
        figures,
        BASELINES,
        inputs={
            "scale": scale,
            "scenario": "Kueue's baseline" if is_whole else "a part of Kueue's baseline: gates of time do not apply",
            "cohorts": scenario.COHORTS,
            "queues_per_cohort": scenario.QUEUES,
            "ideal_wall_seconds": scenario.ideal_seconds(scale),
            "limit_seconds": LIMIT_SECONDS,
            "writes": {f"{verb} {name}": count for (name, verb), count in counted.items()},
        },
        seed=0,
        place=place,
        gates={
            "every job succeeded": everything_ended,
            f"wall_seconds <= {WALL_SECONDS_MAX:g}": is_whole
            and everything_ended
            and reached("wall_seconds", WALL_SECONDS_MAX),
            f"api_writes_per_job <= {WRITES_PER_JOB_MAX:g}": reached("api_writes_per_job", WRITES_PER_JOB_MAX),
            **{
                f"{name} <= {WAIT_PART_MAX:g} of throttled Kueue's": is_whole
                and everything_ended
                and reached(name, WAIT_PART_MAX * float(throttled[name]))
                for name in sorted(waits)
            },
        },
    )
