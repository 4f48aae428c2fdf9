"""Reservations: places that are kept for jobs which cannot start yet, so that later and smaller ones starve none.

In: a cycle after step 1, and what was reserved before. Out: `Reserve` and `Release` decisions. While step 2 goes
through its queues, the first of each class that cannot start is kept places from the earliest time that the ends of
what runs allow; whoever comes after it starts only where it delays no reservation. Nothing is ever stopped for one, and
step 1 does not know of them: what is covered comes before what is kept.

A reservation stays as it is for as long as it can be kept, and moves for the causes in `decisions.Cause` alone. So many
are kept as the policy says, and of these each member that waits has an equal part.
"""

import bisect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hanse.quota import units
from hanse.scheduler import columns, placing, runtimes
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.columns import Flags, Integers, integers
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import Cause, Release, Reserve
from hanse.scheduler.holds import Hold, Holds, Window
from hanse.scheduler.limits import Limits
from hanse.scheduler.parts import BORROWED, Parts
from hanse.scheduler.placing import Ask, Found, Rooms
from hanse.scheduler.pool import Option, Rung, Slices
from hanse.scheduler.records import Kept, Reservation
from hanse.scheduler.waiting import JobClass, Waiting

NEW_MAX = 4
"""Searches for new reservations in one plan: the next plan goes on. A time limit would decide differently each time."""


class Reserving:
    """The reservations of one plan."""

    def __init__(self, cycle: Cycle, waiting: Waiting, limits: Limits) -> None:
        self._cycle, self._waiting, self._limits = cycle, waiting, limits
        self._depth = cycle.catalogue.pool.policy.reservation_depth
        members = {each.member for each in waiting.classes()}
        self._depth_each = max(1, self._depth // max(1, len(members)))
        self.holds = Holds(cycle.parts, cycle.ground)
        self._empty = Capacity(cycle.ground)
        self._with_memory: dict[tuple[int, Slices], Integers] = {}
        self._before = {each.job: each for each in cycle.snapshot.reservations}
        self._records: dict[int, Reservation] = {}
        self._causes: dict[int, Cause] = {}
        self._new = 0
        rows = columns.find(cycle.snapshot.jobs["uid"], list(self._before)).tolist()
        self._part_of = {uid: row for uid, row in zip(self._before, rows, strict=True) if row >= 0}
        self._keep()

    def window(self, part: int) -> Window | None:
        """Return what is left to a part that would start now, or None if nothing is kept for anybody."""
        if not self.holds.by_part:
            return None
        return Window(self.holds, part, self._cycle.snapshot.as_of, self._cycle.parts.end_if_started(part))

    def before_start(self, part: int) -> Hold | None:
        """Keep nothing for a part that is about to be tried; return what was kept, for `after`."""
        hold = self.holds.by_part.get(part)
        if hold and not hold.is_covered:
            self._limits.reserve(hold, -1)
        return hold

    def after(self, part: int, hold: Hold | None, *, has_started: bool) -> None:
        """Take up what came of trying a part."""
        if has_started:
            self.holds.started(part)
        elif hold and not hold.is_covered:
            self._limits.reserve(hold, +1)

    def reserve(self, job_class: JobClass) -> None:
        """Keep places for the next of a class that cannot start, if it may have a reservation and has none."""
        part, holds = self._waiting.part(job_class), self.holds.by_part
        if part in holds or part in self._causes or len(holds) >= self._depth or self._new >= NEW_MAX:
            return
        if Counter(hold.member for hold in holds.values())[job_class.member] >= self._depth_each:
            return
        if hold := self._search(part, job_class):
            self._put(hold, Cause.HEAD_OF_QUEUE)

    def record_of(self, part: int) -> Reservation:
        """Return the reservation of a part that has one."""
        return self._records[part]

    def decide(self) -> None:
        """Say what has changed since the last plan."""
        cycle, now = self._cycle, {}
        for part in self.holds.by_part:
            now[self._records[part].job] = self._records[part], self._causes.get(part)
        for uid, part in sorted(self._part_of.items()):
            if uid not in now and not cycle.parts.live[part]:
                cycle.decisions.append(Release(uid, self._causes[part]))
        for uid, (record, cause) in sorted(now.items()):
            if record != self._before.get(uid) and cause:
                cycle.decisions.append(
                    Reserve(uid, record.accelerator, record.cluster, record.start_seconds, record.kept, cause)
                )

    def _put(self, hold: Hold, cause: Cause | None = None, record: Reservation | None = None) -> None:
        self.holds.put(hold)
        if not hold.is_covered:
            self._limits.reserve(hold, +1)
        self._records[hold.part] = record or self._record(hold)
        if cause:
            self._causes[hold.part] = cause

    def _record(self, hold: Hold) -> Reservation:
        cycle = self._cycle
        names = cycle.snapshot.nodes["name"][hold.nodes].tolist()
        return Reservation(
            str(cycle.snapshot.jobs["uid"][hold.part]), cycle.catalogue.accelerators[hold.accelerator].name,
            cycle.catalogue.clusters[hold.cluster], hold.start,
            tuple(Kept(*each) for each in zip(names, hold.workers.tolist(), strict=True)),
        )  # fmt: skip

    def _keep(self) -> None:
        """Keep what still stands; then look for new places for what does not, the soonest first."""
        moved: list[tuple[int, JobClass]] = []
        for record in self._before.values():
            part = self._part_of.get(record.job)
            if part is None or self._cycle.parts.live[part]:
                continue
            job_class = self._waiting.holder_class(part)
            if job_class is None:
                self._causes[part] = Cause.NOT_WAITING
            elif len(self.holds.by_part) + len(moved) >= self._depth:
                self._causes[part] = Cause.LIMITED
            else:
                cause = self._keep_one(record, part, job_class)
                if cause:
                    self._causes[part] = cause
                if cause in {Cause.NODES_LOST, Cause.RUNS_LONGER, Cause.DISPLACED, Cause.CHANGED}:
                    moved.append((part, job_class))
        for part, job_class in moved:
            if hold := self._search(part, job_class):
                self._put(hold, self._causes[part])

    def _keep_one(self, record: Reservation, part: int, job_class: JobClass) -> Cause | None:
        """Keep a reservation as it is, or say why that cannot be."""
        workers = integers([each.workers for each in record.kept])
        choices = [
            (option, accelerator)
            for option, accelerator in job_class.choices
            if option.accelerator == record.accelerator and option.workers == workers.sum()
        ]
        if not choices:
            return Cause.CHANGED
        ask = self._ask(part, *choices[0])
        if ask is None:
            return Cause.LIMITED
        nodes = columns.find(self._cycle.snapshot.nodes["name"], [each.node for each in record.kept])
        found = [(cluster, rows) for cluster, rows in ask.clusters if np.isin(nodes, rows).all()]
        if not found or (ask.near.is_needed and len(np.unique(ask.near.domains.of(ask.near.level, nodes))) > 1):
            return Cause.NODES_LOST
        start = max(record.start_seconds, self._cycle.snapshot.as_of)
        hold = self._hold(ask, Found(found[0][0], nodes, workers), start)
        cause = self._unkept(ask, hold)
        if cause is None:
            self._put(hold, record=record)
        return cause

    def _unkept(self, ask: Ask, hold: Hold) -> Cause | None:
        """Return why a hold cannot be where it is, or None if it can."""
        if (ask.rooms.clip(hold.nodes, hold.workers) < hold.workers).any():
            return Cause.LIMITED
        future = _Future(self._cycle, hold.nodes)
        future.move(hold.start + runtimes.SLACK_SECONDS)
        window = Window(self.holds, hold.part, hold.start, hold.end)
        if self._has_room(replace(ask, kept=window), future.capacity, hold):
            return None
        future.leave(self._cycle.parts.started)
        return Cause.DISPLACED if self._has_room(ask, future.capacity, hold) else Cause.RUNS_LONGER

    @staticmethod
    def _has_room(ask: Ask, capacity: Capacity, hold: Hold) -> bool:
        return bool((placing.fits(ask, capacity, hold.nodes) >= hold.workers).all())

    def _hold(self, ask: Ask, found: Found, start: int) -> Hold:
        part = ask.claim.part
        run = self._cycle.parts.end_if_started(part) - self._cycle.snapshot.as_of
        return Hold(
            part, ask.member, ask.claim.accelerator, found.cluster, start, start + run, found.nodes, found.workers,
            ask.demand, ask.exclusive, self._cycle.is_covered(ask.claim),
        )  # fmt: skip

    def _ask(self, part: int, option: Option, accelerator: int) -> Ask | None:
        """Return what a waiting part asks for on one of its options, or None if a cap or a limit refuses it anyhow."""
        claim = self._cycle.claim(part, option, accelerator, Rung.BORROW, BORROWED)
        ask = self._cycle.ask(claim, option, Rooms())
        if not self._cycle.is_covered(claim):
            kept = replace(claim, milli_gpus=units.MILLI * option.workers) if ask.slices else claim
            if self._limits.exceeds(kept):
                return None
            ask = replace(ask, rooms=self._limits.rooms(kept, option))
        is_short = self._cycle.funds.short(int(self._cycle.parts.leaf[part]), self._cycle.use(claim))
        return None if is_short else self._whole(ask)

    def _whole(self, ask: Ask) -> Ask:
        """Return the same as if it asked for a whole GPU for each worker, of those that have its memory.

        Whoever shares may start before, as soon as parts of GPUs are left; when a whole one is free is known.
        """
        if ask.slices is None:
            return ask
        clusters = []
        for cluster, nodes in ask.clusters:
            if (id(nodes), ask.slices) not in self._with_memory:  # what `capacity` remembers is of the same arrays
                gpus = self._empty.gpus_with(ask.slices, nodes, ask.member)
                self._with_memory[id(nodes), ask.slices] = nodes[gpus > 0]
            clusters.append((cluster, self._with_memory[id(nodes), ask.slices]))
        return replace(ask, slices=None, clusters=clusters)

    def _search(self, part: int, job_class: JobClass) -> Hold | None:
        """Return the place with the earliest start on any of a part's options, or None if there is none at any time."""
        best: tuple[int, int, int] | None = None
        found: Hold | None = None
        for index, (option, accelerator) in enumerate(job_class.choices):
            ask = self._ask(part, option, accelerator)
            for cluster, nodes in ask.clusters if ask else ():
                if ask is None or placing.room_remembered(ask, self._empty, nodes) < ask.workers:
                    continue
                self._new += 1
                hold = self._earliest(ask, cluster, nodes)
                if hold and (best is None or (hold.start, index, cluster) < best):
                    best, found = (hold.start, index, cluster), hold
        return found

    def _earliest(self, ask: Ask, cluster: int, nodes: Integers) -> Hold | None:
        """Return the earliest place in one cluster; where reservations are in the way, one after which none begins."""
        future, as_of = _Future(self._cycle, nodes), self._cycle.snapshot.as_of
        part = ask.claim.part
        run = self._cycle.parts.end_if_started(part) - as_of
        others = (hold.end for hold in self.holds.by_part.values() if hold.part != part)
        times = sorted({as_of, *future.ends.tolist(), *others})

        def fits(kept: Callable[[int], Window | None]) -> Callable[[int], bool]:
            def at(time: int) -> bool:
                future.move(time)
                return placing.room(replace(ask, kept=kept(time)), future.capacity, nodes) >= ask.workers

            return at

        def exact(time: int) -> Window:
            return Window(self.holds, part, time, time + run)

        def wary(time: int) -> Window:
            return Window(self.holds, part, time, time + run, is_wary=True)

        index = bisect.bisect_left(times, x=True, key=fits(lambda _: None))
        window = exact
        if index < len(times) and not fits(exact)(times[index]):
            window = wary
            index = bisect.bisect_left(times, x=True, lo=index, key=fits(wary))
        if index == len(times):
            return None
        start = times[index]
        future.move(start)
        place = placing.spread(replace(ask, kept=window(start)), future.capacity, cluster, nodes)
        return self._hold(ask, place, start)


class _Future:
    """A capacity that goes to and fro in time: whoever runs on some nodes leaves at its end."""

    def __init__(self, cycle: Cycle, nodes: Integers) -> None:
        self._holdings = cycle.parts.holdings
        self.capacity = cycle.capacity.copy()
        there = _on(cycle.parts, nodes, len(cycle.ground.nodes))
        order = np.argsort(cycle.parts.ends[there], kind="stable")
        self._parts = there[order]
        self.ends = cycle.parts.ends[self._parts]
        self._gone = 0

    def move(self, time: int) -> None:
        """Let those have left who end by *time*, and nobody else."""
        gone = int(np.searchsorted(self.ends, time, side="right"))
        low, high = sorted((gone, self._gone))
        if low < high:
            self.capacity.change(self._holdings.use(self._parts[low:high]), +1 if gone > self._gone else -1)
        self._gone = gone

    def leave(self, parts: Flags) -> None:
        """Let these have left too, who do not come back."""
        staying = self._parts[self._gone :]
        self.capacity.change(self._holdings.use(staying[parts[staying]]), +1)


def _on(parts: Parts, nodes: Integers, nodes_count: int) -> Integers:
    """Return the live parts that hold one of *nodes*."""
    is_there: Flags = np.zeros(nodes_count, dtype=np.bool_)
    is_there[nodes] = True
    rows = parts.holdings.rows(np.flatnonzero(parts.live))
    return np.unique(parts.holdings.part[rows][is_there[parts.holdings.node[rows]]])
