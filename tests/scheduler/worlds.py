"""Pools, jobs and what happens to them, at random; and the world outside a planner."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from pools import ASCEND, H100, job, nodes, organisation, pool

from hanse.scheduler import Delta, Planner, build, reading
from hanse.scheduler.decisions import AttemptId, WorkerId
from hanse.scheduler.pool import CapAtOnce, CapWindow, Contribution, Level, Member, NodeState, Option, Tier, Trust

CLASSES = ("h100", "ascend")
CLUSTERS = ("east", "west")
REGIONS = ("north", "south")
PROMISED = settings(max_examples=2000 if settings.get_current_profile_name() == "ci" else settings().max_examples)
"""How many examples each promise of docs/fairness.md has: in CI more than all else."""
QUARTER = settings(max_examples=PROMISED.max_examples // 4)
"""For what takes several plans, or slow ones, an example."""
few = st.integers(0, 3)
HOUR = 3600


def sometimes(strategy, default):
    return st.one_of(st.just(default), st.just(default), strategy)


@st.composite
def member(draw, name):
    limits = st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 8).map(lambda gpus: 1000 * gpus))
    return Member(
        name, levy=draw(st.sampled_from([0, 0, 300, 500])),
        grants=draw(st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 6))),
        borrowing_limits=draw(sometimes(limits, {})), lending_limits=draw(sometimes(limits, {})),
        debit=draw(st.integers(-3_000_000, 3_000_000)), suspended=draw(st.integers(0, 9)) == 9,
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
def contribution(draw, name, member_name, others):
    excluded = draw(sometimes(st.frozensets(st.sampled_from(others)), frozenset()))
    return Contribution(
        name, member_name, draw(st.sampled_from(CLUSTERS)), draw(st.sampled_from(REGIONS)),
        draw(st.frozensets(st.sampled_from(Trust))), excluded,
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
def node_lists(draw, contribution_name, first):
    count, gpus = draw(st.integers(0, 3)), draw(st.sampled_from([2, 4, 8]))
    accelerator = draw(st.sampled_from(["h100", "h100", "ascend"]))
    made = nodes(contribution_name, count, gpus, accelerator, contribution=contribution_name, first=first)
    named = draw(st.integers(0, 2)) == 0  # whether anybody says where the nodes stand
    place = st.sampled_from(["", "1", "2"]) if named else st.just("")
    return [
        replace(node, cpu_milli=4000, foreign_gpus=draw(sometimes(st.just(1), 0)), rack=draw(place), block=draw(place))
        for node in made
    ]


@st.composite
def pools(draw):
    """Return a pool and its nodes, with everything that may keep jobs apart."""
    names = [f"m{index}" for index in range(draw(st.integers(1, 3)))]
    given, node_records = [], []
    for index, name in enumerate(names * 2):
        given.append(draw(contribution(f"{name}-{index // len(names)}", name, names)))
        node_records += draw(node_lists(given[-1].name, 10 * index))
    tree = [each for name in names for each in draw(organisations(name))]
    records = [draw(member(name)) for name in names]
    return pool(
        *records, organisations=tree, contributions=given, tiers=draw(tiers()), accelerators=(H100, ASCEND)
    ), node_records  # fmt: skip


def leaves(made):
    parents = {each.parent for each in made.organisations}
    return sorted({each.name for each in (*made.members, *made.organisations)} - parents)


@st.composite
def options(draw, accelerator):
    return Option(accelerator, draw(st.integers(1, 4)), draw(st.sampled_from([0, 0, 3, 8])))


@st.composite
def jobs(draw, made, uid, submitted):
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2, unique=True))
    names = [each.name for each in made.members]
    return job(
        uid, draw(st.sampled_from(leaves(made))), draw(st.sampled_from([tier.name for tier in made.tiers])),
        submitted, options=[draw(options(each)) for each in classes],
        gpus=draw(st.sampled_from([1, 1, 2, 4])), cpu_milli=draw(st.sampled_from([0, 0, 1000])),
        precision=draw(st.sampled_from(["bf16", "bf16", "bf16", "fp8"])),
        trust=draw(sometimes(st.sampled_from(Trust), Trust.NONE)),
        regions=draw(sometimes(st.frozensets(st.sampled_from(REGIONS)), frozenset())),
        excluded_members=draw(sometimes(st.frozensets(st.sampled_from(names)), frozenset())),
        run_seconds=draw(st.sampled_from([60, 600, 3600, 24 * HOUR])),
        excluded_clusters=draw(sometimes(st.frozensets(st.sampled_from(CLUSTERS)), frozenset())),
        level=draw(sometimes(st.sampled_from(Level), Level.CLUSTER)), needs_level=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def job_lists(draw, made, first=0, most=10):
    count = draw(st.integers(1, most))
    submitted = st.integers(first, first + 5)
    return [draw(jobs(made, f"job{first + index:03}", draw(submitted))) for index in range(count)]


@st.composite
def windows(draw, made):
    """Hourly windows of caps, of members and of organisations at any depth; a name may stand in more than one."""
    limits = st.integers(0, 20_000_000)
    return tuple(
        CapWindow(name, each.name, start * HOUR, (start + 1) * HOUR, draw(limits))
        for each in (*made.members, *made.organisations)
        for name in draw(st.sampled_from([[], ["hourly"], ["hourly", "project"]]))
        for start in range(6)
    )


@st.composite
def at_once(draw, made):
    capped = [each.name for each in (*made.members, *made.organisations) if draw(st.booleans())]
    return tuple(CapAtOnce("most", each, draw(st.integers(0, 20_000))) for each in capped)


def short_funding(made):
    return st.just(replace(made.policy, funding_seconds_min=600, slot_latency_seconds=60))


class Crowd:
    """Makes pools of one cluster and one or two classes, in which everybody is in everybody's way; from one seed."""

    def __init__(self, chance):
        self.chance = chance
        self.classes = chance.choice([("h100",), CLASSES])

    def pool(self):
        names = [f"m{index}" for index in range(self.chance.choice([1, 2, 2, 3]))]
        tree = [each for name in names for each in self.tree(name, self.chance.choice([0, 1, 1, 2]))]
        given = [Contribution(name, name, "east", "north", frozenset(Trust)) for name in names]
        node_records = []
        for name in names:
            for accelerator in self.classes:
                made = nodes(name, self.chance.randint(1, 4), self.chance.choice([2, 4, 8]), accelerator)
                made = [replace(each, foreign_gpus=int(self.chance.random() < 0.1)) for each in made]
                node_records += [replace(each, **self.place()) for each in made]
        ranks = self.chance.sample([1, 2, 3], self.chance.randint(1, 3))
        tiers = tuple(self.tier(f"tier{rank}", rank) for rank in ranks)
        return pool(*map(self.member, names), organisations=tree, contributions=given, tiers=tiers), node_records

    def place(self):
        is_named = self.chance.random() < 0.6
        return {key: self.chance.choice("12") if is_named else "" for key in ("rack", "block")}

    def tree(self, parent, levels):
        if levels <= 0:
            return []
        share = self.chance.choice([500, 500, 700])
        made = [organisation(f"{parent}/{index}", parent, each) for index, each in enumerate([share, 1000 - share])]
        return made + [below for each in made for below in self.tree(each.name, levels - self.chance.choice([1, 1, 2]))]

    def tier(self, name, rank):
        usual = self.chance.random() < 0.7
        if usual:
            return Tier(name, rank)
        return Tier(
            name, rank, share=self.chance.choice([400, 1000]), preempts=self.chance.random() < 0.7,
            preemptible=self.chance.random() < 0.7, run_seconds_min=self.chance.choice([0, 600]),
        )  # fmt: skip

    def member(self, name):
        levy, grant = self.chance.choice([(0, 0), (0, 0), (300, 2), (500, 4)])
        grants = {accelerator: grant for accelerator in self.classes if grant and self.chance.random() < 0.8}
        return Member(name, levy=levy, grants=grants, debit=self.chance.choice([0, 0, 10**9, -(10**9)]))

    def jobs(self, made, first, most):
        return [self.job(made, first + index) for index in range(self.chance.randint(most // 2, most))]

    def job(self, made, index):
        workers, gpus = self.chance.choice([(1, 1), (2, 1), (4, 1), (1, 2), (2, 2), (3, 2), (1, 4), (2, 4)])
        count = self.chance.randint(1, len(self.classes))
        return job(
            f"job{index:03}", self.chance.choice(leaves(made)), self.chance.choice(made.tiers).name,
            index - self.chance.randint(0, 9), gpus=gpus,
            options=[
                Option(each, workers, self.chance.choice([0, workers + 1, 2 * workers, 8]))
                for each in self.chance.sample(self.classes, count)
            ],
            trust=Trust.EXCLUSIVE_NODE if self.chance.random() < 0.05 else Trust.NONE,
            run_seconds=self.chance.choice([60, 600, 3600, 24 * HOUR]),
            level=self.chance.choice([*Level, Level.CLUSTER]), needs_level=self.chance.random() < 0.5,
        )  # fmt: skip


class World:
    """A planner, and what goes on around it: plans are committed, victims leave, jobs come and end, nodes break."""

    def __init__(self, made, node_records, job_records, crowd=None):
        self.pool, self.crowd = made, crowd
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
        """Let every draining attempt be confirmed as ended, and every leaving worker to have left."""
        attempts = reading.attempts(self.snapshot)
        left = [
            WorkerId(AttemptId(each.job, each.number), extra.worker)
            for each in attempts
            for extra in each.extras
            if extra.leaving and not each.draining
        ]
        gone = tuple(AttemptId(each.job, each.number) for each in attempts if each.draining)
        self.tell(ended=gone, left=tuple(left))

    def happen(self, data):
        """Let something happen outside, chosen by *data*."""
        events = ["arrive", "arrive", "end", "node", "window", "time", "policy", "worth", "leave", "refuse", "size"]
        getattr(self, f"_{data.draw(st.sampled_from(events), label='event')}")(data)

    def happen_without_policy(self, data):
        """Let something happen that no policy has changed."""
        getattr(self, data.draw(st.sampled_from(["_arrive", "_end", "_node", "_time"]), label="event"))(data)

    def _arrive(self, data):
        first = 100 * (1 + len(self.history))
        if self.crowd:
            self.tell(jobs=tuple(self.crowd.jobs(self.pool, first, 6)))
        else:
            self.tell(jobs=tuple(data.draw(job_lists(self.pool, first, 3))))

    def _end(self, data):
        uids = [each.uid for each in reading.jobs(self.snapshot)]
        if uids:
            self.tell(jobs_gone=(data.draw(st.sampled_from(uids)),))

    def _refuse(self, data):
        """Let clusters refuse a job, or its time there be over."""
        records = reading.jobs(self.snapshot)
        if records:
            record = data.draw(st.sampled_from(records))
            excluded = data.draw(st.frozensets(st.sampled_from(CLUSTERS)))
            self.tell(jobs=(replace(record, shape=replace(record.shape, excluded_clusters=excluded)),))

    def _size(self, data):
        """Let an owner ask for fewer workers, or more."""
        records = reading.jobs(self.snapshot)
        if records:
            record = data.draw(st.sampled_from(records))
            most = data.draw(st.integers(0, 8))
            options = tuple(replace(each, workers_max=most) for each in record.shape.options)
            self.tell(jobs=(replace(record, shape=replace(record.shape, options=options)),))

    def _time(self, data):
        self.tell(seconds=data.draw(st.integers(1, 2000)))

    def _node(self, data):
        records = reading.nodes(self.snapshot)
        if records:
            node = data.draw(st.sampled_from(records))
            state = data.draw(st.sampled_from(NodeState))
            self.tell(nodes=(replace(node, state=state),), ended=self._on(node) if state == NodeState.DOWN else ())

    def _window(self, data):
        """Let a contribution open or close, or be recalled: all of its nodes at once."""
        name = data.draw(st.sampled_from([each.name for each in self.pool.contributions]))
        state = data.draw(st.sampled_from([NodeState.READY, NodeState.RECALLED, NodeState.CLOSED]))
        offered = [each for each in reading.nodes(self.snapshot) if each.contribution == name]
        self.tell(nodes=tuple(replace(node, state=state) for node in offered))

    def _worth(self, data):
        """Let a class be worth something else, or nothing at the reference precision."""
        changed = data.draw(st.sampled_from(self.pool.accelerators))
        worth = data.draw(st.sampled_from([{"bf16": 300}, {"bf16": 1000, "fp8": 2000}, {"fp8": 2000}]))
        named = {each.name: each for each in self.pool.accelerators}
        named[changed.name] = replace(changed, h100_equivalents=worth)
        self.pool = replace(self.pool, accelerators=tuple(named.values()))
        self.tell(pool=self.pool)

    def _leave(self, data):
        records = reading.nodes(self.snapshot)
        if records:
            node = data.draw(st.sampled_from(records))
            self.tell(nodes_gone=(node.name,), ended=self._on(node))

    def _on(self, node):
        attempts = reading.attempts(self.snapshot)
        held = ((each, (*each.placed, *each.extras)) for each in attempts)
        there = [each for each, places in held if any(placed.node == node.name for placed in places)]
        return tuple(AttemptId(each.job, each.number) for each in there)

    def _policy(self, data):
        change = self.crowd.member if self.crowd else lambda name: data.draw(member(name))
        changed = tuple(change(each.name) for each in self.pool.members)
        self.pool = replace(self.pool, members=changed)
        self.tell(pool=self.pool)


@st.composite
def worlds(draw, **changes):
    """Return a world: two of three are crowded, the others have all kinds of constraints. *changes* are to its pool."""
    crowd = Crowd(draw(st.randoms(use_true_random=True))) if draw(st.integers(0, 2), label="crowded") else None
    made, node_records = crowd.pool() if crowd else draw(pools())
    made = replace(made, **{name: draw(strategy(made)) for name, strategy in changes.items()})
    depth = draw(st.sampled_from([16, 3, 1, 0]))
    made = replace(made, policy=replace(made.policy, reservation_depth=depth))
    return World(made, node_records, crowd.jobs(made, 0, 14) if crowd else draw(job_lists(made)), crowd)
