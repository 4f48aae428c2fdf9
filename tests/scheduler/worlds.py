"""Pools, jobs and what happens to them, at random: strategies for the property tests, and the world outside a planner."""

from dataclasses import replace

from hypothesis import strategies as st
from pools import ASCEND, H100, job, nodes, organisation, pool

from hanse.scheduler import Delta, Planner, build, reading
from hanse.scheduler.decisions import AttemptId
from hanse.scheduler.pool import Contribution, Member, NodeState, Option, Tier, Trust

CLASSES = ("h100", "ascend")
REGIONS = ("north", "south")
few = st.integers(0, 3)


def sometimes(strategy, default):
    return st.one_of(st.just(default), st.just(default), strategy)


@st.composite
def member(draw, name, *, crowded=False):
    limits = st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 8).map(lambda gpus: 1000 * gpus))
    return Member(
        name, levy=draw(st.sampled_from([0, 0, 300, 500])),
        grants=draw(st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 6))),
        borrowing_limits={} if crowded else draw(sometimes(limits, {})),
        lending_limits={} if crowded else draw(sometimes(limits, {})),
        debit=draw(st.integers(-3_000_000, 3_000_000)), suspended=not crowded and draw(st.integers(0, 9)) == 9,
    )  # fmt: skip


@st.composite
def organisations(draw, member_name):
    """A tree of up to two levels below the member; a child's share is half of what is left, or all, or any part."""
    tree, parents = [], [member_name]
    for level in range(draw(st.integers(0, 2))):
        children = []
        for parent in parents:
            left = 1000
            for index in range(draw(few)):
                share = draw(st.sampled_from([left // 2, left, draw(st.integers(0, left))]))
                left -= share
                tree.append(organisation(f"{parent}/{level}{index}", parent, share))
                children.append(tree[-1].name)
        parents = children
    return tree


@st.composite
def contribution(draw, name, member_name, others, *, crowded):
    if crowded:
        return Contribution(name, member_name, "east", "north", frozenset(Trust))
    return Contribution(
        name, member_name, draw(st.sampled_from(["east", "west"])), draw(st.sampled_from(REGIONS)),
        draw(st.frozensets(st.sampled_from(Trust))), draw(sometimes(st.frozensets(st.sampled_from(others)), frozenset())),
    )  # fmt: skip


@st.composite
def tiers(draw):
    ranks = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    return tuple(
        Tier(
            f"tier{index}", rank, draw(st.sampled_from([500, 1000, 2000])), draw(st.sampled_from([400, 1000, 1000])),
            preempts=draw(st.integers(0, 4)) > 0, preemptible=draw(st.integers(0, 4)) > 0,
            run_seconds_min=draw(st.sampled_from([0, 0, 600])),
        )
        for index, rank in enumerate(ranks)
    )  # fmt: skip


@st.composite
def node_lists(draw, contribution_name, first, *, crowded):
    count, gpus = draw(st.integers(0, 3)), draw(st.sampled_from([2, 4, 8]))
    accelerator = "h100" if crowded else draw(st.sampled_from(["h100", "h100", "ascend"]))
    made = nodes(contribution_name, count, gpus, accelerator, contribution=contribution_name, first=first)
    return [replace(node, cpu_milli=4000, foreign_gpus=draw(sometimes(st.just(1), 0))) for node in made]


@st.composite
def pools(draw, *, crowded):
    """Return a pool and its nodes. A crowded one has one class and cluster, and nothing that keeps jobs apart."""
    names = [f"m{index}" for index in range(draw(st.integers(1, 3)))]
    given, node_records = [], []
    for index, name in enumerate(names * 2):
        given.append(draw(contribution(f"{name}-{index // len(names)}", name, names, crowded=crowded)))
        node_records += draw(node_lists(given[-1].name, 10 * index, crowded=crowded))
    tree = [each for name in names for each in draw(organisations(name))]
    records = [draw(member(name, crowded=crowded)) for name in names]
    return pool(
        *records, organisations=tree, contributions=given, tiers=draw(tiers()), accelerators=(H100, ASCEND)
    ), node_records  # fmt: skip


def leaves(made):
    parents = {each.parent for each in made.organisations}
    return sorted({each.name for each in (*made.members, *made.organisations)} - parents)


@st.composite
def jobs(draw, made, uid, submitted, *, crowded):
    if crowded:
        return job(
            uid, draw(st.sampled_from(leaves(made))), draw(st.sampled_from([tier.name for tier in made.tiers])),
            submitted, workers=draw(st.integers(1, 4)), gpus=draw(st.sampled_from([1, 1, 2, 4])),
            trust=draw(st.sampled_from([Trust.NONE] * 9 + [Trust.EXCLUSIVE_NODE])),
        )  # fmt: skip
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2, unique=True))
    names = [each.name for each in made.members]
    return job(
        uid, draw(st.sampled_from(leaves(made))), draw(st.sampled_from([tier.name for tier in made.tiers])),
        submitted, options=[Option(each, draw(st.integers(1, 4))) for each in classes],
        gpus=draw(st.sampled_from([1, 1, 2, 4])), cpu_milli=draw(st.sampled_from([0, 0, 1000])),
        precision=draw(st.sampled_from(["bf16", "bf16", "bf16", "fp8"])),
        trust=draw(sometimes(st.sampled_from(Trust), Trust.NONE)),
        regions=draw(sometimes(st.frozensets(st.sampled_from(REGIONS)), frozenset())),
        excluded_members=draw(sometimes(st.frozensets(st.sampled_from(names)), frozenset())),
    )  # fmt: skip


@st.composite
def job_lists(draw, made, first=0, most=10, *, crowded):
    count = draw(st.integers(1, most))
    submitted = st.integers(first, first + 5)
    return [draw(jobs(made, f"job{first + index:03}", draw(submitted), crowded=crowded)) for index in range(count)]


class World:
    """A planner, and what goes on around it: plans are committed, victims leave, jobs come and end, nodes break."""

    def __init__(self, made, node_records, job_records, *, crowded=False):
        self.pool, self.crowded = made, crowded
        self.planner = Planner(build(made, node_records, job_records))
        self.history, self.history_pool = [], []

    @property
    def snapshot(self):
        return self.planner.snapshot

    def step(self):
        """Plan and commit; return the snapshot before, the plan, and the snapshot after."""
        before = self.snapshot
        plan = self.planner.plan()
        self.planner.commit(plan)
        self.history.append((before, plan, self.snapshot))
        self.history_pool.append(self.pool)
        return self.history[-1]

    def tell(self, seconds=0, **changes):
        self.planner.apply(Delta(as_of=self.snapshot.as_of + seconds, **changes))

    def release(self):
        """Let every draining attempt be confirmed as ended."""
        gone = [each for each in reading.attempts(self.snapshot) if each.draining]
        self.tell(ended=tuple(AttemptId(each.job, each.number) for each in gone))

    def happen(self, data):
        """Let something happen outside, chosen by *data*."""
        what = data.draw(st.sampled_from(["arrive", "arrive", "end", "node", "time", "policy", "leave"]), label="event")
        getattr(self, f"_{what}")(data)

    def happen_without_policy(self, data):
        """Let something happen that no policy has changed."""
        getattr(self, data.draw(st.sampled_from(["_arrive", "_end", "_node", "_time"]), label="event"))(data)

    def _arrive(self, data):
        first = 100 * (1 + len(self.history))
        self.tell(jobs=tuple(data.draw(job_lists(self.pool, first, 4, crowded=self.crowded))))

    def _end(self, data):
        uids = [each.uid for each in reading.jobs(self.snapshot)]
        if uids:
            self.tell(jobs_gone=(data.draw(st.sampled_from(uids)),))

    def _time(self, data):
        self.tell(seconds=data.draw(st.integers(1, 2000)))

    def _node(self, data):
        records = reading.nodes(self.snapshot)
        if records:
            node = data.draw(st.sampled_from(records))
            state = data.draw(st.sampled_from(NodeState))
            self.tell(nodes=(replace(node, state=state),), ended=self._on(node) if state == NodeState.DOWN else ())

    def _leave(self, data):
        records = reading.nodes(self.snapshot)
        if records:
            node = data.draw(st.sampled_from(records))
            self.tell(nodes_gone=(node.name,), ended=self._on(node))

    def _on(self, node):
        attempts = reading.attempts(self.snapshot)
        there = [each for each in attempts if any(placed.node == node.name for placed in each.placed)]
        return tuple(AttemptId(each.job, each.number) for each in there)

    def _policy(self, data):
        changed = tuple(data.draw(member(each.name, crowded=self.crowded)) for each in self.pool.members)
        self.pool = replace(self.pool, members=changed)
        self.tell(pool=self.pool)


@st.composite
def worlds(draw, most_jobs=12, **changes):
    crowded = draw(st.booleans(), label="crowded")
    made, node_records = draw(pools(crowded=crowded))
    made = replace(made, **{name: draw(strategy(made)) for name, strategy in changes.items()})
    return World(made, node_records, draw(job_lists(made, most=most_jobs, crowded=crowded)), crowded=crowded)
