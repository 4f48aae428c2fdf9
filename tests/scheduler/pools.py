"""Small pools, by hand: nodes, shapes and jobs with what a test does not care about filled in."""

from hanse.scheduler import build
from hanse.scheduler.pool import AcceleratorClass, Contribution, Member, Option, Organisation, Pool, Shape, Tier
from hanse.scheduler.records import Job, Node

H100 = AcceleratorClass("h100", {"bf16": 1000, "fp8": 2000})
ASCEND = AcceleratorClass("ascend", {"bf16": 600})
LOW, MIDDLE, HIGH = Tier("low", 10), Tier("middle", 20), Tier("high", 30)


def pool(
    *members, organisations=(), contributions=None, tiers=(LOW, MIDDLE, HIGH), accelerators=(H100, ASCEND), **rest
):
    """Members without more are Member(name); each has one contribution of its name in the one cluster."""
    members = tuple(Member(each) if isinstance(each, str) else each for each in members)
    if contributions is None:
        contributions = tuple(Contribution(each.name, each.name, "main", "north") for each in members)
    return Pool(tuple(accelerators), tuple(tiers), members, tuple(organisations), tuple(contributions), **rest)


def organisation(name, parent, share=500, **shares):
    return Organisation(name, parent, shares or {"h100": share, "ascend": share})


def nodes(member, count, gpus=8, accelerator="h100", *, contribution=None, first=0, **rest):  # noqa: PLR0913
    return [
        Node(
            name=f"{contribution or member}-{accelerator}-{first + index:03}", contribution=contribution or member,
            accelerator=accelerator, gpus=(1 << gpus) - 1, gpus_enrolled=gpus,
            **{"cpu_milli": 128_000, "memory_mib": 1_000_000, "enrolled": first + index, **rest},
        )
        for index in range(count)
    ]  # fmt: skip


def shape(workers=1, gpus=8, accelerator="h100", options=None, **rest):
    return Shape(tuple(options or (Option(accelerator, workers),)), gpus_per_worker=gpus, **rest)


def job(uid, organisation, tier="middle", submitted=0, *, suspended=False, **asked):
    return Job(uid, organisation, tier, shape(**asked), submitted, suspended=suspended)


def snapshot(pool, nodes, jobs, attempts=(), as_of=0):
    return build(pool, nodes, jobs, attempts, as_of)
