"""What goes wrong while a workload is played: jobs that fail, nodes that are lost, nodes that their owners take back.

In: a workload or a cluster, and a seed. Out: `Incidents`, drawn before anything is played, the same for every policy. A
job fails when it has done so much of its work, whenever that is; a node is gone from one second to another. Next:
`engine` lets them happen. Nothing here knows a policy.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hanse.simulator.cluster import Cluster
from hanse.simulator.workload import HOUR_SECONDS, Seconds, Workload

_REPAIR_SECONDS = (HOUR_SECONDS, 12 * HOUR_SECONDS)
_RECALLED_SECONDS = (4 * HOUR_SECONDS, 24 * HOUR_SECONDS)


@dataclass(frozen=True, slots=True, order=True)
class Outage:
    """A node is not there from *begin* until *end*.

    With notice it is recalled: nobody starts there any more, and who is there saves all its work before it has to go.
    """

    begin_seconds: Seconds
    node: int
    end_seconds: Seconds
    notice_seconds: Seconds = 0


@dataclass(frozen=True, slots=True)
class Incidents:
    """*failures* are, by a job's order, the GPU-seconds of its work after which it fails, once; outages in order."""

    failures: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    outages: tuple[Outage, ...] = ()


def failing(jobs: Workload, part: float, seed: int) -> dict[int, int]:
    """Return failures of jobs, drawn by *seed*, that have *part* of all work, each at any point of it alike."""
    chance = random.Random(f"failures {seed}")  # noqa: S311  # the same each time is the point
    orders = list(range(len(jobs.jobs)))
    chance.shuffle(orders)
    wanted, found = part * jobs.gpu_seconds, dict[int, int]()
    for order in orders:
        if wanted <= 0:
            break
        job = jobs.jobs[order]
        if job.gpu_seconds > 2 * wanted:
            continue  # one job of a month's work is no sample
        found[order] = chance.randint(1, job.gpu_seconds)
        wanted -= job.gpu_seconds
    return found


def lost(cluster: Cluster, days_between: float, span_seconds: Seconds, seed: int) -> tuple[Outage, ...]:
    """Return how nodes are lost: each once in so many days, by chance, for one to twelve hours."""
    return _outages(cluster, random.Random(f"nodes {seed}"), days_between, span_seconds, _REPAIR_SECONDS, 0)  # noqa: S311


def recalled(
    cluster: Cluster, days_between: float, notice_seconds: Seconds, span_seconds: Seconds, seed: int
) -> tuple[Outage, ...]:
    """Return how owners take nodes back: each once in so many days, by chance, for four to 24 hours."""
    chance = random.Random(f"recalls {seed}")  # noqa: S311
    return _outages(cluster, chance, days_between, span_seconds, _RECALLED_SECONDS, notice_seconds)


def together(*of: tuple[Outage, ...]) -> tuple[Outage, ...]:
    """Return outages in order; of two that touch one node at once, the first to begin is there alone."""
    until: dict[int, Seconds] = {}
    found = []
    for each in sorted(outage for some in of for outage in some):
        if each.begin_seconds - each.notice_seconds > until.get(each.node, -1):
            until[each.node] = each.end_seconds
            found.append(each)
    return tuple(found)


def _outages(  # noqa: PLR0913, PLR0917  # what is drawn, and from where
    cluster: Cluster,
    chance: random.Random,
    days_between: float,
    span: Seconds,
    lasting: tuple[int, int],
    notice: Seconds,
) -> tuple[Outage, ...]:
    found = []
    for node in range(len(cluster.gpus)):
        at = notice
        while (at := at + round(chance.expovariate(1 / (days_between * 24 * HOUR_SECONDS)))) < span:
            end = at + chance.randint(*lasting)
            found.append(Outage(at, node, end, notice))
            at = end + notice + 1
    return together(tuple(found))
