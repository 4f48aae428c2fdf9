"""Elastic gangs: how they grow into what nobody wants, and give way to limits.

In: a cycle after both steps, and what is kept for others. Out: `Resize` decisions. A worker beyond its gang's core is
promised nothing: it leaves for any job that may start (see `rules`). So a gang only grows where nobody wants to start,
where nothing is kept and nobody leaves, and within what the limits leave beside jobs.

How often it grows is bounded by counts, as a job has to find itself again each time: it grows by an eighth or to its
full size, never in a plan that changes it otherwise nor while somebody leaves it, and no number is given twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hanse.quota import caps, charge, units
from hanse.scheduler import placing
from hanse.scheduler.borrowing import Borrowing
from hanse.scheduler.capacity import Use
from hanse.scheduler.columns import Flags, Integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import AttemptId, Reserved, Resize, Why, changed
from hanse.scheduler.domains import Near
from hanse.scheduler.ground import GPUS
from hanse.scheduler.limits import Limits
from hanse.scheduler.parts import BORROWED
from hanse.scheduler.placing import NO_GROUP, Ask, Found, Rooms
from hanse.scheduler.pool import Rung
from hanse.scheduler.records import Extra
from hanse.scheduler.reserving import Reserving
from hanse.scheduler.rules import Claim
from hanse.scheduler.slots import lowest_bits

GROWN_MAX = 16
"""Gangs that grow in one plan; the next plan goes on."""
STEP_PART = 8
"""A gang grows by at least this part of itself, unless it reaches its full size."""
NUMBERS_MAX = 8192
"""Numbers that an attempt's workers may have: what a Placement can name."""
RESTARTS = 2
"""A gang grows only if it may still run for as long as so many restarts cost."""


class Growing:
    """What becomes of one plan's elastic gangs."""

    def __init__(self, cycle: Cycle, limits: Limits, reserving: Reserving, borrowing: Borrowing) -> None:
        self._cycle, self._limits, self._borrowing = cycle, limits, borrowing
        size = len(cycle.catalogue.members), len(cycle.catalogue.accelerators)
        self._beyond = np.zeros(size, dtype=np.int64)
        self._lent = np.zeros(size, dtype=np.int64)
        self._is_kept = np.zeros(len(cycle.ground.nodes), dtype=np.bool_)
        for hold in reserving.holds.by_part.values():
            self._is_kept[hold.nodes] = True
        self._extras: Counter[int] = Counter()
        self._row_of = {job: row for row, job in enumerate(cycle.snapshot.attempts["job"].tolist())}

    def run(self) -> None:
        """Let gangs shrink that are too large, and others grow."""
        extras = self._cycle.parts.extras_of(np.arange(self._cycle.parts.jobs))
        for extra in extras.tolist():
            self._count(extra, +1)
        self._trim(self._cycle.victims.extras_first(extras))
        # Most gangs are as large as they can be, in each plan again: that must be cheap.
        self._is_open = ~self._is_kept & self._cycle.slots.is_quiet(np.arange(len(self._is_kept)))
        grown = 0
        for core in self._growing():
            grown += self._grow(core)
            if grown == GROWN_MAX:
                return

    def _count(self, extra: int, sign: int) -> None:
        parts = self._cycle.parts
        member, accelerator = int(parts.member[extra]), int(parts.accelerator[extra])
        milli = sign * int(parts.milli_gpus[extra])
        self._beyond[member, accelerator] += milli
        self._extras[int(parts.job[extra])] += sign
        lender = int(self._limits.lender(self._node(extra)))
        if lender not in {NO_GROUP, member}:
            self._lent[lender, accelerator] += milli

    def _node(self, extra: int) -> Integers:
        held = self._cycle.parts.holdings
        node: Integers = held.node[held.first[extra]]
        return node

    def _trim(self, line: Integers) -> None:
        """Have those leave, the first of *line* first, whom their jobs or limits have no room for any longer."""
        parts = self._cycle.parts
        going: dict[int, list[int]] = {}
        whys: dict[int, Why] = {}
        for extra in line.tolist():
            job = int(parts.job[extra])
            why = self._why_not(extra)
            if why is not None:
                self._count(extra, -1)
                going.setdefault(job, []).append(extra)
                whys.setdefault(job, why)
        for job, extras in going.items():
            self._cycle.shrink(np.sort(np.array(extras)), whys[job])

    def _why_not(self, extra: int) -> Why | None:
        parts = self._cycle.parts
        core, accelerator = int(parts.job[extra]), int(parts.accelerator[extra])
        if self._cycle.ground.recalled[self._node(extra)]:
            return Why.RECALLED
        is_over = self._extras[core] > self._most(core) - self._workers(core)
        if is_over and not self._cycle.snapshot.jobs["suspended"][core]:
            return Why.CHANGED
        if self._allowance(int(parts.member[extra]), accelerator) < 0:
            return Why.LIMITED
        lender = int(self._limits.lender(self._node(extra)))
        is_over = lender != parts.member[extra] and dict(self._lending(accelerator)).get(lender, 0) < 0
        return Why.LIMITED if is_over else None

    def _workers(self, core: int) -> int:
        parts = self._cycle.parts
        return parts.workers(core)

    def _most(self, core: int) -> int:
        """Return the most workers that a gang may have on its class; none if its job does not name that any more."""
        parts = self._cycle.parts
        choices = self._cycle.choices(int(parts.shape[core]))
        return next((option.most for option, each in choices if each == parts.accelerator[core]), 0)

    def _allowance(self, member: int, accelerator: int) -> units.MilliGpu:
        """Return how many more milli-GPUs a member may use beyond cores: what it may borrow, and its own unused."""
        unused = max(0, self._cycle.accounts.unused(member, accelerator))
        return max(0, self._limits.left(member, accelerator)) + unused - int(self._beyond[member, accelerator])

    def _lending(self, accelerator: int) -> Iterator[tuple[int, units.MilliGpu]]:
        for lender, left in self._limits.lending(accelerator):
            yield lender, max(0, left) - int(self._lent[lender, accelerator])

    def _growing(self) -> list[int]:
        """Return the cores of gangs that may grow, in the order in which they do."""
        cycle, parts = self._cycle, self._cycle.parts
        touched = {each for decision in cycle.decisions for each in changed(decision)} | cycle.slots.leaving()
        elastic = [any(each.most > each.workers for each in shape.options) for shape in cycle.snapshot.shapes]
        may_grow = parts.live & ~parts.started & np.array(elastic, dtype=np.bool_)[parts.shape]
        cores = np.flatnonzero(may_grow[: parts.jobs])
        found = [core for core in cores.tolist() if self._may_grow(core, touched)]
        members = sorted({int(parts.member[core]) for core in found})
        turn_of = {member: turn for turn, member in enumerate(sorted(members, key=self._borrowing.share))}
        return sorted(
            found,
            key=lambda core: (turn_of[int(parts.member[core])], -int(parts.tier_rank[core]), int(parts.age[core])),
        )

    def _may_grow(self, core: int, touched: set[AttemptId]) -> bool:
        cycle, parts = self._cycle, self._cycle.parts
        if self._most(core) <= self._workers(core) + self._extras[core]:
            return False
        attempt = cycle.snapshot.attempts[self._row_of[core]]
        member, held = cycle.catalogue.members[int(parts.member[core])], parts.holdings
        pays = parts.ends[core] - cycle.snapshot.as_of >= RESTARTS * cycle.catalogue.pool.policy.restart_cost_seconds
        is_wanted = not (cycle.snapshot.jobs["suspended"][core] or member.suspended or attempt["refused"])
        is_funded = attempt["funded_until"] > cycle.snapshot.as_of
        is_there = self._cycle.slots.is_quiet(held.node[held.rows(np.array([core]))]).all()
        return bool(pays and is_wanted and is_funded and is_there) and cycle.attempt(core) not in touched

    def _grow(self, core: int) -> bool:
        """Let a gang grow as far as it can, if that is far enough; return whether it does."""
        row = self._cycle.snapshot.attempts[self._row_of[core]]
        have = self._workers(core) + self._extras[core]
        wanted, ask = self._most(core) - have, self._ask(core)
        least = min(wanted, -(-have // STEP_PART))
        count = min(wanted, NUMBERS_MAX - int(row["numbered"]))
        count = min(count, self._allowance(ask.member, ask.claim.accelerator) // ask.claim.milli_gpus)
        ((cluster, nodes),) = ask.clusters
        count = min(count, placing.room(ask, self._cycle.capacity, nodes))
        for workers in (count, least) if 0 < least <= count else ():
            reserved = self._funded(ask, workers, int(row["funded_until"]))
            if reserved is not None:
                found = placing.spread(replace(ask, workers=workers), self._cycle.capacity, cluster, nodes)
                self._start(ask, found, int(row["numbered"]), reserved)
                return True
        return False

    def _ask(self, core: int) -> Ask:
        """Return what one more worker of a gang asks for: nodes of its own cluster where nobody is expected."""
        cycle, parts, shape = self._cycle, self._cycle.parts, int(self._cycle.parts.shape[core])
        member, accelerator = int(parts.member[core]), int(parts.accelerator[core])
        demand, held = parts.holdings.demand_of[:, shape], parts.holdings
        milli = int(parts.milli_of[accelerator, shape])
        rooms = {lender: max(0, left) // milli for lender, left in self._lending(accelerator) if lender != member}
        cluster = int(cycle.catalogue.contribution_cluster[cycle.ground.contribution[held.node[held.first[core]]]])
        allowed = dict(cycle.ground.nodes_for(member, cycle.snapshot.shapes[shape], accelerator))
        nodes = allowed.get(cluster, np.zeros(0, dtype=np.int64))
        nodes = self._near(core, nodes[self._is_open[nodes]])
        slices = cycle.snapshot.shapes[shape].slices
        if slices:  # no two workers of a gang share a GPU
            members = np.append(parts.extras_of(np.array([core])), core)
            nodes = np.setdiff1d(nodes, held.node[held.rows(members)])
        return Ask(
            claim=Claim(core, accelerator, Rung.BORROW, BORROWED, milli), member=member, workers=1, demand=demand,
            exclusive=bool(held.exclusive_of[shape]), clusters=[(cluster, nodes)],
            rooms=Rooms(self._limits.lender(np.arange(len(cycle.ground.nodes))), rooms) if rooms else Rooms(),
            near=Near(cycle.ground.domains), mix=cycle.mix, slices=slices,
        )  # fmt: skip

    def _near(self, core: int, nodes: Integers) -> Integers:
        """Return those of *nodes* that are in the domain of a gang's core, if its job requires one."""
        cycle, held = self._cycle, self._cycle.parts.holdings
        shape = cycle.snapshot.shapes[int(cycle.parts.shape[core])]
        if not shape.needs_level:
            return nodes
        of_core = cycle.ground.domains.of(shape.level, held.node[held.rows(np.array([core]))])
        near: Flags = (cycle.ground.domains.of(shape.level, nodes)[:, None] == of_core).all(axis=1)
        return nodes[near]

    def _funded(self, ask: Ask, workers: int, until_seconds: int) -> tuple[Reserved, ...] | None:
        """Return what so many workers more take of the caps until their gang is renewed, or None if one refuses."""
        cycle, part = self._cycle, ask.claim.part
        rate, leaf = int(cycle.parts.gpu_rate[part]), int(cycle.parts.leaf[part])
        if cycle.funds.over_at_once(leaf, workers * charge.rate(rate, self._limit(ask))):
            return None
        use = caps.Use(rate, workers * self._limit(ask), cycle.snapshot.as_of, until_seconds)
        return cycle.funds.reservation(leaf, use)

    def _start(self, ask: Ask, found: Found, numbered: int, reserved: tuple[Reserved, ...]) -> None:
        cycle, parts, part, gpus = self._cycle, self._cycle.parts, ask.claim.part, int(ask.demand[GPUS])
        masks = cycle.take(ask, found)
        names = cycle.snapshot.nodes["name"][found.nodes].tolist()
        grown: list[Extra] = []
        for name, workers, mask in zip(names, found.workers.tolist(), masks, strict=True):
            left = mask
            for _ in range(workers):
                own = lowest_bits(left, gpus)
                grown.append(Extra(numbered + len(grown), name, own))
                left ^= own
        rows = len(found.nodes)
        use = Use(
            found.nodes, found.workers, np.repeat(ask.demand[:, None], rows, axis=1), np.full(rows, ask.member),
            np.full(rows, ask.exclusive),
        )  # fmt: skip
        shape = np.full(rows, parts.shape[part])
        use.parted = parts.holdings.parted(np.array(masks, dtype=np.uint64), shape)
        cycle.capacity.change(use, -1)
        cycle.funds.commit(reserved)
        rate = charge.rate(int(parts.gpu_rate[part]), self._limit(ask))
        cycle.funds.use_beyond(int(parts.leaf[part]), len(grown) * rate)
        self._take(ask, found)
        cycle.decisions.append(Resize(cycle.attempt(part), Why.IDLE, grown=tuple(grown), reserved=reserved))

    def _limit(self, ask: Ask) -> units.MilliGpu:
        shape = self._cycle.snapshot.shapes[int(self._cycle.parts.shape[ask.claim.part])]
        return self._cycle.catalogue.milli_gpus_limit(ask.claim.accelerator, shape)

    def _take(self, ask: Ask, found: Found) -> None:
        """Count what the limits leave less of now."""
        milli, accelerator = found.workers * ask.claim.milli_gpus, ask.claim.accelerator
        self._beyond[ask.member, accelerator] += int(milli.sum())
        lender = self._limits.lender(found.nodes)
        by_others = (lender != NO_GROUP) & (lender != ask.member)
        np.add.at(self._lent[:, accelerator], lender[by_others], milli[by_others])
