"""A large pool and its jobs, made up: what the benches of decisions plan for.

In: how many nodes, and a seed. Out: records of the planner's own kind, the same for the same seed on every machine.
Next is :mod:`hanse.bench.pools`, which lets them run. Everything that keeps jobs apart or lets one stop another is in
them: organisations two deep, shares of tiers, levy and grants, limits on borrowing and lending, caps, residency,
exclusion, trust. Members contribute unequally and ask equally, so that small ones borrow and large ones reclaim.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from hanse.scheduler.pool import (
    AcceleratorClass,
    CapAtOnce,
    CapWindow,
    Contribution,
    Member,
    Option,
    Organisation,
    Pool,
    Shape,
    Tier,
    Trust,
)
from hanse.scheduler.records import Job, Node

MEMBERS, CLUSTERS = 30, 4
GPUS_PER_NODE = 8
CLASSES = (
    AcceleratorClass("b200", {"bf16": 2250, "fp8": 4500}),
    AcceleratorClass("h100", {"bf16": 1000, "fp8": 2000}),
    AcceleratorClass("ascend-910b", {"bf16": 600}),
)
"""20,000 nodes of them in these parts are 150,000 H100e."""
PARTS = {"b200": 0.05, "h100": 0.6375, "ascend-910b": 0.3125}
TIERS = (
    Tier("low", 10, factor=500),
    Tier("middle", 20, run_seconds_min=60),
    Tier("high", 30, factor=2000, share=600),
)
SHARE = 1000
DAY_SECONDS = 24 * 3600

# GPUs of a job, and how many of a thousand jobs ask for so many.
SIZES = ((1, 60), (2, 40), (4, 60), (8, 600), (16, 110), (32, 70), (64, 35), (128, 18), (256, 7))
GANG_LEAF = "member-00/a/x"
"""The largest member's largest team; it submits nothing but what a bench has it submit. Others use its share."""
KINDS_PER_LEAF = 16
"""A team submits the same few kinds of jobs again and again."""


@dataclass(frozen=True)
class Made:
    """A pool, its nodes, and what each leaf submits."""

    pool: Pool
    nodes: tuple[Node, ...]
    kinds: dict[str, tuple[Shape, ...]]


def made(nodes: int, seed: int) -> Made:
    """Return a pool with so many *nodes* of eight GPUs."""
    chance = random.Random(seed)  # noqa: S311  # the same load each time is the point
    tree = tuple(organisation for index in range(MEMBERS) for organisation in _organisations(index))
    contributions = tuple(_contribution(index, place) for index in range(MEMBERS) for place in (0, 1))
    members = tuple(_member(index, nodes) for index in range(MEMBERS))
    pool = Pool(
        CLASSES, TIERS, members, tree, contributions, caps=tuple(_caps(nodes)), caps_at_once=tuple(_caps_at_once(nodes))
    )
    parents = {each.parent for each in tree}
    leaves = [each.name for each in tree if each.name not in {*parents, GANG_LEAF}]
    return Made(
        pool, tuple(_nodes(nodes)), {leaf: tuple(_shape(chance) for _ in range(KINDS_PER_LEAF)) for leaf in leaves}
    )


def member_name(index: int) -> str:
    """Return the name of a member; a smaller index contributes more."""
    return f"member-{index:02}"


def _organisations(index: int) -> Iterator[Organisation]:
    """Two divisions each; of every other member the larger one has two teams."""
    name = member_name(index)
    yield _organisation(f"{name}/a", name, 600)
    yield _organisation(f"{name}/b", name, 400)
    if index % 2 == 0:
        yield _organisation(f"{name}/a/x", f"{name}/a", 700)
        yield _organisation(f"{name}/a/y", f"{name}/a", 300)


def _organisation(name: str, parent: str, share: int) -> Organisation:
    return Organisation(name, parent, {each.name: share for each in CLASSES})


def _member(index: int, nodes: int) -> Member:
    gpus = nodes * GPUS_PER_NODE
    return Member(
        member_name(index),
        levy=50,
        grants={"h100": max(1, gpus // 500)} if index >= MEMBERS - 5 else {},
        borrowing_limits={each.name: SHARE * gpus // 20 for each in CLASSES} if index % 10 == 3 else {},  # noqa: PLR2004
        lending_limits={"h100": SHARE * gpus // 100} if index % 10 == 7 else {},  # noqa: PLR2004
    )


def _contribution(index: int, place: int) -> Contribution:
    """Each member has nodes in two of the clusters; one in six serves a rival not."""
    excluded = frozenset({member_name((index + 1) % MEMBERS)}) if index % 6 == 0 else frozenset()
    cluster = (index + place) % CLUSTERS
    region = "north" if cluster < CLUSTERS // 2 else "south"
    trust = frozenset({Trust.EXCLUSIVE_NODE} | ({Trust.KATA} if index % 3 == 0 else set()))
    return Contribution(
        f"{member_name(index)}-{place}", member_name(index), f"cluster-{cluster}", region, trust, excluded
    )


def _caps(nodes: int) -> Iterator[CapWindow]:
    """Every third member has a cap over each day, which lets it run half its share of the pool."""
    for index in range(0, MEMBERS, 3):
        left = 1000 * nodes * GPUS_PER_NODE * DAY_SECONDS // MEMBERS // 2
        for day in range(3):
            yield CapWindow("daily", member_name(index), day * DAY_SECONDS, (day + 1) * DAY_SECONDS, left)


def _caps_at_once(nodes: int) -> Iterator[CapAtOnce]:
    for index in range(1, MEMBERS, 5):
        yield CapAtOnce("at-once", f"{member_name(index)}/b", 1000 * nodes * GPUS_PER_NODE // 100)


def _nodes(count: int) -> Iterator[Node]:
    """Share the nodes out: a class's by weight among the members, a member's 7 to 3 among its clusters."""
    weights = [1 / (index + 4) for index in range(MEMBERS)]
    bounds = [sum(weights[:index]) / sum(weights) for index in range(MEMBERS + 1)]
    numbers = itertools.count()
    for name, part in PARTS.items():
        of_class = round(count * part)
        for index in range(MEMBERS):
            own = round(of_class * bounds[index + 1]) - round(of_class * bounds[index])
            for row in range(own):
                yield _node(name, f"{member_name(index)}-{int(row >= own * 7 // 10)}", next(numbers))


def _node(accelerator: str, contribution: str, number: int) -> Node:
    return Node(
        name=f"{contribution}-{number:06}", contribution=contribution, accelerator=accelerator,
        gpus=(1 << GPUS_PER_NODE) - 1, gpus_enrolled=GPUS_PER_NODE, cpu_milli=192_000, memory_mib=2_000_000,
        ephemeral_mib=8_000_000, rdma=64, enrolled=number, rack=f"r{number // 16}", block=f"b{number // 256}",
    )  # fmt: skip


def _shape(chance: random.Random) -> Shape:
    """Return a kind of job."""
    gpus = chance.choices([size for size, _ in SIZES], [part for _, part in SIZES])[0]
    accelerators = chance.choices((("h100",), ("ascend-910b",), ("h100", "b200"), ("b200",)), (50, 28, 17, 5))[0]
    per_worker = min(gpus, GPUS_PER_NODE)
    one_in_ten = chance.randrange(10)
    return Shape(
        options=tuple(Option(each, gpus // per_worker) for each in accelerators), gpus_per_worker=per_worker,
        cpu_milli=per_worker * chance.choice((8_000, 16_000)), memory_mib=per_worker * chance.choice((64_000, 128_000)),
        ephemeral_mib=100_000, trust={0: Trust.EXCLUSIVE_NODE, 1: Trust.KATA}.get(one_in_ten, Trust.NONE),
        regions=frozenset({"north"}) if one_in_ten == 2 else frozenset(),  # noqa: PLR2004
        excluded_members=frozenset({member_name(chance.randrange(MEMBERS))} if one_in_ten == 3 else ()),  # noqa: PLR2004
        checkpoint_seconds=chance.choice((900, 1800)),
    )  # fmt: skip


class Jobs:
    """Jobs without end, each of a random leaf, kind and tier; the same ones for the same seed."""

    def __init__(self, kinds: dict[str, tuple[Shape, ...]], seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # as above
        self._kinds, self._leaves = kinds, list(kinds)
        self._by_member: dict[str, list[str]] = {}
        for leaf in self._leaves:
            self._by_member.setdefault(leaf.split("/")[0], []).append(leaf)
        self._count = 0

    def take(self, count: int, submitted_seconds: int) -> tuple[Job, ...]:
        """Return so many new jobs."""
        return tuple(self._job(submitted_seconds) for _ in range(count))

    def _job(self, submitted_seconds: int) -> Job:
        self._count += 1
        leaf = self._chance.choice(self._by_member[member_name(self._chance.randrange(MEMBERS))])
        # As the API server's, a uid says nothing of when its job came.
        uid = f"{self._chance.getrandbits(64):016x}-{self._count:08}"
        tier = self._chance.choice(TIERS).name
        return Job(uid, leaf, tier, self._chance.choice(self._kinds[leaf]), submitted_seconds)
