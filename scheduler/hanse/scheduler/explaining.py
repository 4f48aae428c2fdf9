"""Why each waiting job waits: one primary reason, and the numbers behind it.

In: a cycle after both steps. Out: one row a waiting job, in uid order. Jobs of one class share reason and numbers;
only who is ahead differs. It reads and decides nothing. Rivals are counted, never named, and what they have idle
enters only as :mod:`hanse.scheduler.disclosing` lets it: reasons too are drawn from what may be told.

The reason is that of the option that came furthest, in this order: the pool has the class; some contribution may be
used (residency, then trust); its nodes are in reach; some of them share their GPUs, and one has as much memory, if it
asks for part of one; a worker fits on an empty node; the gang fits in an empty cluster;
it fits in one where it may be tried again; caps; the borrowing limit; the lending limits; enough is free together; it
is kept for nobody; there is room in entitlement. Limits on borrowing do not keep a covered job waiting: it waits until
its GPUs come back (a recall, a least time to run).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from hanse.quota import units
from hanse.scheduler import placing
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.columns import Integers, Table, find, frozen
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import CapShort, Reason
from hanse.scheduler.disclosing import UNKNOWN, Disclosing, Seen, most
from hanse.scheduler.limits import Limits
from hanse.scheduler.parts import BORROWED
from hanse.scheduler.placing import Ask
from hanse.scheduler.pool import Level, NodeState, Option, Rung, Shape, Trust
from hanse.scheduler.reserving import Reserving
from hanse.scheduler.rules import Claim
from hanse.scheduler.waiting import JobClass, Waiting

EXPLANATIONS = np.dtype(
    [
        ("uid", "<U36"),
        ("reason", "<U24"),
        ("accelerator", "<U63"),
        ("asked_gpus", "<i8"),
        ("guaranteed_gib", "<i8"),
        ("limit_gib", "<i8"),
        ("shareable_gib", "<i8"),
        ("free_gpus", "<i8"),
        ("borrowable_gpus", "<i8"),
        ("lacking_gpus", "<i8"),
        ("workers_that_fit", "<i8"),
        ("cap", "<U63"),
        ("cap_is_at_once", "?"),
        ("cap_asked", "<i8"),
        ("cap_left", "<i8"),
        ("level", "<U7"),
        ("is_too_large", "?"),
        ("starts_by", "<i8"),
        ("ahead_in_leaf", "<i8"),
        ("ahead_in_member", "<i8"),
    ]
)
"""`guaranteed` and `limit` are of each of its GPUs, if it shares them, else 0; `shareable` is what one that it may use
has for all who share it, 0 if none is shared; free are then GPUs that have as much left.
`free` is what the job may use and nobody holds, in all clusters, as far as it may be told, or -1; `borrowable` is
what its member's borrowing limit leaves, -1 if nothing limits it; `lacking` is what the member's own cluster that comes
closest would have to free, -1 if it has none; `workers_that_fit` are those that this cluster could take now.
`cap` is the cap that refuses, empty if none does; what it is asked for and has left is mH·s, or mH if it is at once.
`level` is that of the domain in which all workers have to be, empty if it is the cluster; `lacking` and
`workers_that_fit` are then of the member's own domain that comes closest. `is_too_large` says that no domain holds the
gang, however empty it is. `starts_by` is the second from which places are kept for the job, as exactly as may be told,
-1 if none are; it moves for the causes in `decisions.Cause` alone. `ahead_in_member` counts older waiting jobs of its
member's other leaves that would take the same class first; those of other members are theirs to know."""


class _Stage(IntEnum):
    """How far an option came; the furthest speaks for the job."""

    CLASS = 0
    RESIDENCY = 1
    TRUST = 2
    REACH = 3
    MEMORY = 4
    WORKER = 5
    GANG = 6
    RETRY = 7
    CAP = 8
    BORROWING = 9
    LENDING = 10
    TOGETHER = 11
    RESERVED = 12
    RECLAIM = 13
    QUOTA = 14


_REASONS = {
    _Stage.CLASS: Reason.NO_SUCH_ACCELERATOR,
    _Stage.RESIDENCY: Reason.RESIDENCY_LEAVES_NOTHING,
    _Stage.TRUST: Reason.TRUST_LEAVES_NOTHING,
    _Stage.REACH: Reason.CLUSTER_UNREACHABLE,
    _Stage.MEMORY: Reason.MEMORY_DOES_NOT_FIT,
    _Stage.WORKER: Reason.NODE_RESOURCES_DO_NOT_FIT,
    _Stage.GANG: Reason.NO_TOPOLOGY_FIT,
    _Stage.RETRY: Reason.RETRY_DELAYED,
    _Stage.CAP: Reason.EXCEEDS_CAP,
    _Stage.BORROWING: Reason.EXCEEDS_BORROWING_LIMIT,
    _Stage.LENDING: Reason.EXCEEDS_LENDING_LIMIT,
    _Stage.TOGETHER: Reason.NO_TOPOLOGY_FIT,
    _Stage.RESERVED: Reason.WAITING_FOR_RESERVATION,
    _Stage.RECLAIM: Reason.WAITING_FOR_RECLAIM,
    _Stage.QUOTA: Reason.WAITING_FOR_QUOTA,
}


_NO_SLICES = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Verdict:
    stage: _Stage
    accelerator: str
    asked: int
    free: int = UNKNOWN
    borrowable: int = -1
    lacking: int = 0
    fit: int = 0
    short: CapShort | None = None
    level: str = ""
    slices: tuple[int, int, int] = _NO_SLICES


class Explaining:
    """Explains one cycle's waiting jobs."""

    def __init__(self, cycle: Cycle, waiting: Waiting, limits: Limits, reserving: Reserving) -> None:
        self._cycle, self._waiting, self._limits, self._reserving = cycle, waiting, limits, reserving
        self._empty = Capacity(cycle.ground)
        self._disclosing = Disclosing(cycle.ground, cycle.capacity)
        self._rooms: dict[tuple[int, int, Option, int | None], _Stage | Seen] = {}

    def table(self) -> Table:
        """Return a row for each job that waits, also those of suspended members, but not suspended jobs."""
        parts, jobs = self._cycle.parts, self._cycle.snapshot.jobs
        rows = np.flatnonzero(~parts.live[: parts.jobs] & ~jobs["suspended"])
        classes = list(self._waiting.classes())
        verdicts = [self._verdict(job_class) for job_class in classes]
        of_part = np.full(len(parts.live), len(classes), dtype=np.int64)
        for index, job_class in enumerate(classes):
            of_part[self._waiting.parts_of(job_class)] = index
        table = _by_verdict(verdicts).take(of_part[rows])
        table["uid"] = jobs["uid"][rows]
        self._fill_starts(table, classes)
        numbers = {"": 0}
        number = [numbers.setdefault(verdict.accelerator, len(numbers)) for verdict in verdicts]
        accelerator = np.array([*number, 0], dtype=np.int64)[of_part[rows]]
        self._fill_draining(table, rows, accelerator, numbers)
        self._count_ahead(table, rows, accelerator)
        return frozen(table)

    def _fill_draining(self, table: Table, rows: Integers, accelerator: Integers, numbers: dict[str, int]) -> None:
        """Fill in those that were stopped and have not ended: they are tried again when they have."""
        found = find(table["uid"], self._cycle.slots.draining_jobs())
        for row in found[found >= 0].tolist():
            shape = self._cycle.snapshot.shapes[int(self._cycle.parts.shape[rows[row]])]
            first = shape.options[0]
            table[row]["reason"], table[row]["accelerator"] = Reason.PREEMPTED, first.accelerator
            table[row]["asked_gpus"] = first.workers * shape.gpus_per_worker
            accelerator[row] = numbers.setdefault(first.accelerator, len(numbers))

    def _verdict(self, job_class: JobClass) -> _Verdict:
        part = self._waiting.part(job_class)
        shape = self._cycle.snapshot.shapes[job_class.shape]
        if not job_class.choices:
            first = shape.options[0]
            return _Verdict(_Stage.CLASS, first.accelerator, first.workers * shape.gpus_per_worker)
        hold = self._reserving.before_start(part)
        verdicts = [self._of_option(part, shape, *choice) for choice in job_class.choices]
        self._reserving.after(part, hold, has_started=False)
        return max(verdicts, key=lambda verdict: verdict.stage)

    def _of_option(self, part: int, shape: Shape, option: Option, accelerator: int) -> _Verdict:
        cycle, name = self._cycle, self._cycle.catalogue.accelerators[accelerator].name
        asked, level = option.workers * shape.gpus_per_worker, _level(shape, option)
        claim = cycle.claim(part, option, accelerator, Rung.BORROW, BORROWED)
        seen = self._room_of(shape, claim, option)
        slices = self._slices(cycle.ask(claim, option)) if shape.slices else _NO_SLICES
        if isinstance(seen, _Stage):
            return _Verdict(seen, name, asked, level=level, slices=slices)
        left = self._limits.left(int(cycle.parts.member[part]), accelerator)
        is_covered = cycle.is_covered(claim)
        if short := self._short(claim):
            stage = _Stage.CAP
        elif claim.milli_gpus > left and not is_covered:
            stage = _Stage.BORROWING
        elif seen.free >= asked > seen.lent and not is_covered:
            stage = _Stage.LENDING
        elif seen.free >= asked:
            # Nobody had this much room at the end of a plan but for what is kept for others.
            ask = cycle.ask(claim, option, self._limits.rooms(claim, option))
            is_kept = placing.has_idle(ask, cycle.capacity)
            stage = _Stage.RESERVED if is_kept else _Stage.TOGETHER
        else:
            stage = _Stage.RECLAIM if is_covered else _Stage.QUOTA
        has_own = seen.fit_own != UNKNOWN
        return _Verdict(
            stage, name, asked, seen.free, borrowable=max(0, left) // units.MILLI if left < UNLIMITED // 2 else UNKNOWN,
            lacking=max(0, option.workers - seen.fit_own) * shape.gpus_per_worker if has_own else UNKNOWN,
            fit=max(0, seen.fit_own), short=short, level=level, slices=slices,
        )  # fmt: skip

    def _short(self, claim: Claim) -> CapShort | None:
        leaf, funds = int(self._cycle.parts.leaf[claim.part]), self._cycle.funds
        return funds.short(leaf, self._cycle.use(claim)) if funds.is_capped(leaf) else None

    def _slices(self, ask: Ask) -> tuple[int, int, int]:
        """Return what a worker asks for of a GPU, and what there is of one to share."""
        return (ask.slices.guaranteed_gib, ask.slices.limit_gib, self._shareable(ask)) if ask.slices else (0, 0, 0)

    def _shareable(self, ask: Ask) -> int:
        """Return the most that workers may be guaranteed together of one GPU that they may use."""
        mem_gib = self._cycle.ground.nodes["mem_gib"]
        return max((int(mem_gib[nodes].max(initial=0)) for _, nodes in ask.clusters), default=0)

    def _room_of(self, shape: Shape, claim: Claim, option: Option) -> _Stage | Seen:
        """Return what no waiting will bring, else what may be told of the room there is: one answer for all tiers.

        But for a part for which places are kept, which the lending limits count for all others.
        """
        parts, part = self._cycle.parts, claim.part
        holder = part if part in self._reserving.holds.by_part else None
        key = (int(parts.member[part]), int(parts.shape[part]), option, holder)
        if key not in self._rooms:
            missing = self._missing(shape, claim.accelerator, self._cycle.ask(claim, option))
            if missing is None:
                ask = self._cycle.ask(claim, option, self._limits.rooms(claim, option))
                self._rooms[key] = self._disclosing.seen(ask)
            else:
                self._rooms[key] = missing
        return self._rooms[key]

    def _fill_starts(self, table: Table, classes: Sequence[JobClass]) -> None:
        kept = [part for part in map(self._waiting.part, classes) if part in self._reserving.holds.by_part]
        rows = find(table["uid"], self._cycle.snapshot.jobs["uid"][kept].tolist())
        for part, row in zip(kept, rows.tolist(), strict=True):
            table["starts_by"][row] = self._start(part)

    def _start(self, part: int) -> int:
        """Return from when on places are kept for a part, as exactly as may be told."""
        hold = self._reserving.holds.by_part[part]
        shape = self._cycle.snapshot.shapes[int(self._cycle.parts.shape[part])]
        clusters = self._cycle.ground.nodes_for(hold.member, shape, hold.accelerator)
        start = self._reserving.record_of(part).start_seconds
        return self._disclosing.start(hold.member, hold.accelerator, clusters, hold.nodes, start)

    def _missing(self, shape: Shape, accelerator: int, ask: Ask) -> _Stage | None:
        """Return what no waiting will bring: a place that may be used and that could hold the gang if it were empty.

        Where clusters are excluded, waiting may bring them back.
        """
        ground, catalogue = self._cycle.ground, self._cycle.catalogue
        if self._disclosing.may_fit(ask, self._empty):
            return None
        if shape.excluded_clusters:
            later = replace(shape, excluded_clusters=frozenset())
            clusters = ground.nodes_for(ask.member, later, accelerator)
            missing = self._missing(later, accelerator, replace(ask, clusters=clusters))
            return _Stage.RETRY if missing is None else missing
        of_class = ground.accelerator == accelerator
        allowed = of_class & catalogue.serves(ask.member, shape.regions, shape.excluded_members)[ground.contribution]
        if not allowed.any():
            return _Stage.RESIDENCY
        allowed &= catalogue.offers(Trust(shape.trust))[ground.contribution]
        if not allowed.any():
            return _Stage.TRUST
        if not (ground.nodes["state"][allowed] == NodeState.READY).any():
            return _Stage.REACH
        is_short = shape.slices and self._shareable(ask) < shape.slices.limit_gib
        too_small = _Stage.MEMORY if is_short else _Stage.WORKER
        return _Stage.GANG if most(ask.anywhere, ask.clusters, self._empty) else too_small

    def _count_ahead(self, table: Table, rows: Integers, accelerator: Integers) -> None:
        parts = self._cycle.parts
        leaf, age = parts.leaf[rows], parts.age[rows]
        in_leaf = np.lexsort((age, -parts.tier_rank[rows], leaf))
        table["ahead_in_leaf"][in_leaf] = _place_in_group(leaf[in_leaf])
        member = parts.member[rows]
        older = _older(age, accelerator * (1 + int(member.max(initial=0))) + member)
        older_own = _older(age, accelerator * (1 + int(leaf.max(initial=0))) + leaf)
        table["ahead_in_member"] = older - older_own


def _level(shape: Shape, option: Option) -> str:
    """Return in which domain all workers have to be, empty if it is the cluster, as always."""
    return shape.level.name.lower() if shape.needs_level and option.workers > 1 and shape.level < Level.CLUSTER else ""


def _by_verdict(verdicts: Sequence[_Verdict]) -> Table:
    """Return a row for each verdict, and at the end one for jobs not looked at, whose members are suspended."""
    unseen = _Verdict(_Stage.CLASS, "", 0)
    table = np.zeros(len(verdicts) + 1, dtype=EXPLANATIONS)
    for row, verdict in enumerate([*verdicts, unseen]):
        reason = Reason.MEMBER_SUSPENDED if verdict is unseen else _REASONS[verdict.stage]
        short = verdict.short
        cap = (short.cap, short.is_at_once, short.asked, short.left) if short else ("", False, 0, 0)
        table[row] = (
            "", reason, verdict.accelerator, verdict.asked, *verdict.slices, verdict.free, verdict.borrowable,
            verdict.lacking, verdict.fit, *cap, verdict.level, verdict.stage == _Stage.GANG, UNKNOWN, 0, 0,
        )  # fmt: skip
    return table


def _older(age: Integers, groups: Integers) -> Integers:
    """Return for each entry how many of its group are older."""
    order = np.lexsort((age, groups))
    older = np.empty(len(groups), dtype=np.int64)
    older[order] = _place_in_group(groups[order])
    return older


def _place_in_group(groups: Integers) -> Integers:
    """Return for each entry of sorted *groups* how many of its group are before it."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(len(groups)) - np.repeat(starts, np.diff(starts, append=len(groups)))
