"""`decide-gang` and `decide-unschedulable`: one gang that comes to a full pool, and what is said of it.

In: the pool of `decide-pool` after it has lived for a while. Out: reports. Each is asked several times, from the same
snapshot, since a plan changes nothing until it is taken up; the slowest answer counts. What is timed is a whole cycle:
the gang is taken up, everybody is planned for, and the plan is taken up.
"""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from hanse import scheduler
from hanse.api import histories
from hanse.bench import crowds, deciding, pools, reports
from hanse.bench.deciding import SEED
from hanse.bench.pools import Cycle, Living, Took
from hanse.bench.reports import Report
from hanse.devcluster.progress import Line, say
from hanse.operator import statuses
from hanse.quota import units
from hanse.scheduler import remedies
from hanse.scheduler.decisions import Admit
from hanse.scheduler.pool import Option, Shape
from hanse.scheduler.records import Job

GANG, UNSCHEDULABLE = "decide-gang", "decide-unschedulable"
GANG_GPUS = 4096
GANG_SECONDS_MAX = 1.0
VERDICT_SECONDS_MAX = 0.05
TIMES, VERDICT_TIMES = 5, 30
UID = "gang"

Baselines: TypeAlias = Mapping[str, Mapping[str, float | int | str]]
_KAI = "not run here: published by NVIDIA for KAI Scheduler on 500 simulated nodes, through a real API server"
GANG_BASELINE: Baselines = {
    "kai": {"idle_seconds": 85.0, "reclaim_seconds": 102.0, "source": f"{_KAI}; 2,000 to 4,000 GPUs"}
}
VERDICT_BASELINE: Baselines = {"kai": {"verdict_seconds_p99": 249.0, "source": f"{_KAI}; the time until it gives up"}}


def run_gang(scale: float) -> Report:
    """Let one gang of 4,096 GPUs come, once to nodes that are idle, once to nodes that others use."""
    place = reports.Place()
    workers = max(1, round(GANG_GPUS * scale) // crowds.GPUS_PER_NODE)
    with Line(GANG) as line:
        living = _lived(scale, line)
        base = living.planner.snapshot
        # Older than all: else others who wait and are covered would be given the idle nodes before it.
        job = _gang(workers, "h100", int(base.jobs["submitted"].min()) - 1)
        reclaimed = _several(base, job, (), line)
        idle = _several(base, job, _in_the_way(base, workers), line)
    say(f"the gang's owner is told, by reclaim: {reclaimed.told}")
    say(f"the gang's owner is told, on idle nodes: {idle.told}")
    stops = reclaimed.admit.stops if reclaimed.admit else ()
    is_whole = scale == 1
    figures: dict[str, float | int | None] = {
        "idle_seconds": max(each.seconds for each in idle.took),
        "reclaim_seconds": max(each.seconds for each in reclaimed.took),
        "idle_cpu_seconds": max(each.cpu_seconds for each in idle.took),
        "reclaim_cpu_seconds": max(each.cpu_seconds for each in reclaimed.took),
        "victims": len(stops),
        "victim_gpus": sum(each.gpus for each in stops),
        "victim_gpu_seconds_lost": sum(each.lost_gpu_seconds for each in stops),
    }
    told = {"told_after_reclaim": reclaimed.told, "told_on_idle": idle.told}
    return Report(
        GANG, figures, GANG_BASELINE,
        deciding.inputs(living, scale) | {"gang_gpus": workers * crowds.GPUS_PER_NODE, "times": TIMES} | told, SEED,
        {
            "the gang starts on idle nodes and stops nobody": idle.admit is not None and not idle.admit.stops,
            "the gang starts by reclaim": bool(stops),
            f"idle_seconds < {GANG_SECONDS_MAX:g}": is_whole and _below(figures["idle_seconds"]),
            f"reclaim_seconds < {GANG_SECONDS_MAX:g}": is_whole and _below(figures["reclaim_seconds"]),
        },
        place,
    )  # fmt: skip


def run_unschedulable(scale: float) -> Report:
    """Let gangs come that cannot run, each for another reason, and time what is said of them."""
    place = reports.Place()
    with Line(UNSCHEDULABLE) as line:
        living = _lived(scale, line)
        base = living.planner.snapshot
        asked = _hopeless(len(base.nodes), base.as_of)
        said: list[tuple[Took, str]] = []
        for index in range(VERDICT_TIMES):
            line.update(f"verdict {index + 1} of {VERDICT_TIMES}")
            cycle = _comes(base, asked[index % len(asked)])
            said.append((cycle.took, _explained(cycle)))
    seconds = [took.seconds for took, _ in said]
    slowest = reports.percentile(seconds, 99)
    explained = [told for _, told in said[: len(asked)]]
    for told in explained:
        say(f"a gang's owner is told: {told}")
    figures: dict[str, float | int | None] = {
        "verdict_seconds_p99": slowest,
        "verdict_seconds_p50": statistics.median(seconds),
        "verdict_cpu_seconds_p50": statistics.median(took.cpu_seconds for took, _ in said),
    }
    return Report(
        UNSCHEDULABLE, figures, VERDICT_BASELINE,
        deciding.inputs(living, scale) | {"times": VERDICT_TIMES, "told": explained}, SEED,
        {
            "every gang waits and is told why": all(explained),
            f"verdict_seconds_p99 < {VERDICT_SECONDS_MAX:g}": scale == 1 and slowest < VERDICT_SECONDS_MAX,
        },
        place,
    )  # fmt: skip


def _lived(scale: float, line: Line) -> Living:
    nodes = round(deciding.NODES * scale)
    living, _ = deciding.grown(nodes, deciding.churn(nodes), line)
    return living


def _gang(workers: int, accelerator: str, submitted_seconds: int, leaf: str = crowds.GANG_LEAF) -> Job:
    shape = Shape(
        (Option(accelerator, workers),), gpus_per_worker=crowds.GPUS_PER_NODE, cpu_milli=96_000, memory_mib=1_000_000
    )
    return Job(UID, leaf, "middle", shape, submitted_seconds)


def _hopeless(nodes: int, as_of: int) -> list[Job]:
    """Return gangs that are too large, that may go nowhere, and that ask for more than there is."""
    usual = _gang(1, "h100", as_of)
    return [
        _gang(nodes, "h100", as_of),
        replace(usual, shape=replace(usual.shape, regions=frozenset({"nowhere"}))),
        replace(usual, shape=replace(usual.shape, cpu_milli=10**9)),
        _gang(max(1, nodes // 20), "h100", as_of, leaf=f"{crowds.member_name(crowds.MEMBERS - 2)}/b"),
    ]


@dataclass(frozen=True)
class _Answer:
    """What came of a gang that was asked for several times: how long each took, and what is the same each time."""

    took: list[Took]
    admit: Admit | None
    told: str


def _several(base: scheduler.Snapshot, job: Job, gone: Iterable[str], line: Line) -> _Answer:
    took = []
    for index in range(TIMES):
        line.update(f"{'on idle nodes' if gone else 'by reclaim'}, {index + 1} of {TIMES}")
        cycle = _comes(base, job, gone)
        took.append(cycle.took)
    return _Answer(took, _admitted(cycle), _told(cycle))


def _comes(base: scheduler.Snapshot, job: Job, gone: Iterable[str] = ()) -> Cycle:
    """Let *job* come to a planner that knows the pool, while the jobs *gone* end."""
    return pools.cycle(scheduler.Planner(base), scheduler.Delta(base.as_of, jobs=(job,), jobs_gone=tuple(gone)))


def _in_the_way(base: scheduler.Snapshot, workers: int) -> list[str]:
    """Return the jobs on so many of the gang's member's home nodes in one cluster; the levied ones come first in it."""
    catalogue = base.catalogue
    own = base.nodes["contribution"] == catalogue.contribution[f"{crowds.member_name(0)}-0"]
    home = np.flatnonzero(own & (base.nodes["accelerator"] == catalogue.accelerator["h100"]))[-workers:]
    attempts = np.unique(base.holdings["attempt"][np.isin(base.holdings["node"], home)])
    uids: list[str] = base.jobs["uid"][base.attempts["job"][attempts]].tolist()
    return uids


def _admitted(cycle: Cycle) -> Admit | None:
    return next((each for each in cycle.admits if each.attempt.job == UID), None)


def _explained(cycle: Cycle) -> str:
    """Return what the gang's owner is told, or nothing if it does not wait."""
    rows = cycle.plan.explanations
    found = np.flatnonzero(rows["uid"] == UID)
    return remedies.sentence(rows[found[0]]) if len(found) else ""


def _told(cycle: Cycle) -> str:
    """Return what `hanse explain` says to the gang's owner: what was decided, and what it waits for; of no victim."""
    admit = _admitted(cycle)
    if admit is None:
        return _explained(cycle)
    body = {
        "kind": "Admit", "reason": admit.label.rung.name, "class": admit.accelerator, "cluster": admit.cluster,
        "nodes": {placed.node: units.MILLI * placed.gpus.bit_count() for placed in admit.placed},
    }  # fmt: skip
    said = histories.sentence(body, {})
    return f"{said}; {statuses.PROMISED.english}" if admit.awaits or admit.awaits_workers else said


def _below(seconds: float | None) -> bool:
    return seconds is not None and seconds < GANG_SECONDS_MAX
