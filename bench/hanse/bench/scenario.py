"""Kueue's own scheduler performance scenario, as Hanse's objects and a timetable of jobs. Pure.

Kueue's scenario has 5 cohorts of 6 queues. Each queue has a nominal quota of 20 units and may borrow 100, so all that
its cohort has; it is given 350 small, 100 medium and 50 large workloads, each at a fixed interval. Whoever is within
nominal quota takes back what others borrowed; within a queue the higher priority stops the lower. There are no nodes:
a cohort is one bag of 120 units, and a workload takes its units or waits.

The same competition here, one thing for one thing:

==================  ================================================================================================
Kueue               Hanse
==================  ================================================================================================
cohort              an accelerator class with one cluster of 120 GPUs: nothing is borrowed across classes
queue               a member with its namespace: borrowing and reclaim are between members
nominal quota 20    a grant of 20 GPUs, out of the levy of the member whose cluster it is, who levies all of it
borrowing limit     `borrowingLimits` of 100 GPUs
unit                a worker with one GPU, so that, as in a bag, no packing on nodes decides who fits
priority            a tier of the same order: within a member the higher tier stops the lower
==================  ================================================================================================

A member for each queue, rather than six organisations of one member, as only members have borrowing limits. One cluster
for a cohort, rather than one for each queue, as a gang never spans clusters, and would find 20 GPUs free together in
one of 20 far more rarely than in a bag of 120. Levied nodes are home to those they are granted to: each queue reclaims
with the right of an owner, as in Kueue with `reclaimWithinCohort: Any`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hanse.bench.hub import Object, accelerator, member, ours
from hanse.devcluster.nodes import Shape

COHORTS, QUEUES = 5, 6
NOMINAL, BORROWING_LIMIT = 20, 100
GPUS_PER_NODE = 8
NODES_PER_COHORT = QUEUES * NOMINAL // GPUS_PER_NODE
CAPACITY = COHORTS * QUEUES * NOMINAL
IMAGE = "registry.example/trainer@sha256:" + "ab" * 32


@dataclass(frozen=True)
class Kind:
    """One of the three classes of jobs: how many for each queue, how often, how large, how long."""

    name: str
    count: int
    interval_seconds: float
    units: int
    run_seconds: float
    rank: int


SMALL = Kind("small", 350, 0.1, 1, 0.2, 50)
MEDIUM = Kind("medium", 100, 0.5, 5, 0.5, 100)
LARGE = Kind("large", 50, 1.2, 20, 1.0, 200)
KINDS = (SMALL, MEDIUM, LARGE)


@dataclass(frozen=True)
class Submission:
    """A job that is created so many seconds after the start."""

    at_seconds: float
    namespace: str
    name: str
    kind: Kind


def cohort(number: int) -> str:
    """Return the name of a cohort's class, of its cluster, and of the member whose cluster it is."""
    return f"cohort-{number}"


def queues() -> Iterator[tuple[str, str]]:
    """Yield each queue's member, and its cohort."""
    for number in range(COHORTS):
        for queue in range(QUEUES):
            yield f"{cohort(number)}-queue-{queue}", cohort(number)


def nodes() -> list[Shape]:
    """Return the cohorts' nodes."""
    names = [cohort(number) for number in range(COHORTS)]
    return [Shape(name, NODES_PER_COHORT, GPUS_PER_NODE, prefix=name) for name in names]


def objects() -> list[Object]:
    """Return what the alliance agreed on: classes, tiers, and members with their entitlements."""
    found = [
        ours("PoolPolicy", "default", {}),
        *(ours("PriorityTier", kind.name, {"rank": kind.rank}) for kind in KINDS),
    ]
    for number in range(COHORTS):
        found += [accelerator(cohort(number)), *member(cohort(number), levyThousandths=1000)]
    for name, of in queues():
        grants = [{"class": of, "gpus": NOMINAL}]
        found += member(name, grants=grants, borrowingLimits=[{"class": of, "gpus": BORROWING_LIMIT}])
    return found


def offer(number: int) -> Object:
    """Return the contribution of a cohort's nodes; its cluster has to be there."""
    return ours("Contribution", "all", {"cluster": cohort(number), "class": cohort(number)}, cohort(number))


def timetable(scale: float) -> list[Submission]:
    """Return all submissions in the order of time; *scale* is the part of each queue's jobs that is played."""
    found = [
        Submission(index * kind.interval_seconds, namespace, f"{kind.name}-{index}", kind)
        for namespace, _ in queues()
        for kind in KINDS
        for index in range(max(1, round(kind.count * scale)))
    ]
    return sorted(found, key=lambda each: each.at_seconds)


def job(kind: Kind, of: str) -> Object:
    """Return a job without a name."""
    spec = {
        "tier": kind.name,
        "workers": {"replicas": kind.units},
        "gpusPerWorker": 1,
        "accelerators": [{"class": of}],
        "maxRuntime": "1h",
        "checkpoint": {"grace": "0s"},
        "template": {"spec": {"containers": [{"name": "trainer", "image": IMAGE, "command": ["true"]}]}},
    }
    return ours("TrainingJob", "", spec)


def run_seconds_by_units() -> Mapping[int, float]:
    """Return how long a gang of so many workers runs."""
    return {kind.units: kind.run_seconds for kind in KINDS}


def ideal_seconds(scale: float) -> float:
    """Return the least time in which all of it can run, if nothing is ever idle."""
    return sum(each.kind.units * each.kind.run_seconds for each in timetable(scale)) / CAPACITY
