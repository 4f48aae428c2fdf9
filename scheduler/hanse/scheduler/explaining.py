"""Why each waiting job waits: one primary reason, and the numbers behind it.

In: a cycle after both steps. Out: one row a waiting job, in uid order. Jobs of one class share reason and numbers;
only who is ahead differs. It reads and decides nothing. Rivals are counted, never named, and what they have idle
enters only as :mod:`hanse.scheduler.disclosing` lets it: reasons too are drawn from what may be told.

The reason is that of the option that came furthest, in this order: the pool has the class; some contribution may be
used (residency, then trust); its nodes are in reach; a worker fits on an empty node; the gang fits in an empty cluster;
it fits in one where it may be tried again; caps; the borrowing limit; the lending limits; enough is free together;
there is room in entitlement. Limits on borrowing do not keep a covered job waiting: it waits until its GPUs come back
(a recall, a least time to run).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

from hanse.quota import units
from hanse.scheduler.accounts import BORROWED
from hanse.scheduler.borrowing import Borrowing
from hanse.scheduler.capacity import Capacity
from hanse.scheduler.catalogue import UNLIMITED
from hanse.scheduler.columns import Integers, Table, frozen
from hanse.scheduler.cycle import Cycle
from hanse.scheduler.decisions import CapShort, Reason
from hanse.scheduler.disclosing import UNKNOWN, Disclosing, most
from hanse.scheduler.placing import Ask
from hanse.scheduler.pool import NodeState, Option, Rung, Shape, Trust
from hanse.scheduler.rules import Claim
from hanse.scheduler.waiting import JobClass, Waiting

_SECONDS_PER_HOUR = 3600

EXPLANATIONS = np.dtype(
    [
        ("uid", "<U36"),
        ("reason", "<U24"),
        ("accelerator", "<U63"),
        ("asked_gpus", "<i8"),
        ("free_gpus", "<i8"),
        ("borrowable_gpus", "<i8"),
        ("lacking_gpus", "<i8"),
        ("workers_that_fit", "<i8"),
        ("cap", "<U63"),
        ("cap_is_at_once", "?"),
        ("cap_asked", "<i8"),
        ("cap_left", "<i8"),
        ("ahead_in_leaf", "<i8"),
        ("ahead_elsewhere", "<i8"),
    ]
)
"""`free` is what the job may use and nobody holds, in all clusters, as far as it may be told, or -1; `borrowable` is
what its member's borrowing limit leaves, -1 if nothing limits it; `lacking` is what the member's own cluster that comes
closest would have to free, -1 if it has none; `workers_that_fit` are those that this cluster could take now.
`cap` is the cap that refuses, empty if none does; what it is asked for and has left is mH·s, or mH if it is at once.
`ahead_elsewhere` counts older waiting jobs of other leaves that would take the same class first."""


class _Stage(IntEnum):
    """How far an option came; the furthest speaks for the job."""

    CLASS = 0
    RESIDENCY = 1
    TRUST = 2
    REACH = 3
    WORKER = 4
    GANG = 5
    RETRY = 6
    CAP = 7
    BORROWING = 8
    LENDING = 9
    TOGETHER = 10
    RECLAIM = 11
    QUOTA = 12


_REASONS = {
    _Stage.CLASS: Reason.NO_SUCH_ACCELERATOR,
    _Stage.RESIDENCY: Reason.RESIDENCY_LEAVES_NOTHING,
    _Stage.TRUST: Reason.TRUST_LEAVES_NOTHING,
    _Stage.REACH: Reason.CLUSTER_UNREACHABLE,
    _Stage.WORKER: Reason.NODE_RESOURCES_DO_NOT_FIT,
    _Stage.GANG: Reason.NO_TOPOLOGY_FIT,
    _Stage.RETRY: Reason.RETRY_DELAYED,
    _Stage.CAP: Reason.EXCEEDS_CAP,
    _Stage.BORROWING: Reason.EXCEEDS_BORROWING_LIMIT,
    _Stage.LENDING: Reason.EXCEEDS_LENDING_LIMIT,
    _Stage.TOGETHER: Reason.NO_TOPOLOGY_FIT,
    _Stage.RECLAIM: Reason.WAITING_FOR_RECLAIM,
    _Stage.QUOTA: Reason.WAITING_FOR_QUOTA,
}
_FOR_ROOM = {_REASONS[stage] for stage in (_Stage.LENDING, _Stage.TOGETHER, _Stage.RECLAIM, _Stage.QUOTA)}


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


class Explaining:
    """Explains one cycle's waiting jobs."""

    def __init__(self, cycle: Cycle, waiting: Waiting, borrowing: Borrowing) -> None:
        self._cycle, self._waiting, self._borrowing = cycle, waiting, borrowing
        self._empty = Capacity(cycle.ground)
        self._disclosing = Disclosing(cycle.ground, cycle.capacity)

    def table(self) -> Table:
        """Return a row for each job that waits, also those of suspended members, but not suspended jobs."""
        parts, jobs = self._cycle.parts, self._cycle.snapshot.jobs
        rows = np.flatnonzero(~parts.live & ~jobs["suspended"])
        table = np.zeros(len(rows), dtype=EXPLANATIONS)
        table["uid"] = jobs["uid"][rows]
        table["reason"] = Reason.MEMBER_SUSPENDED
        table["free_gpus"] = table["borrowable_gpus"] = UNKNOWN
        row_of_part = np.full(len(jobs), -1, dtype=np.int64)
        row_of_part[rows] = np.arange(len(rows))
        for job_class in self._waiting.classes():
            self._fill(table, row_of_part[self._waiting.parts_of(job_class)], self._verdict(job_class))
        self._fill_draining(table, rows)
        self._count_ahead(table, rows)
        return frozen(table)

    def _fill(self, table: Table, rows: Integers, verdict: _Verdict) -> None:
        table["reason"][rows] = _REASONS[verdict.stage]
        table["accelerator"][rows] = verdict.accelerator
        table["asked_gpus"][rows], table["free_gpus"][rows] = verdict.asked, verdict.free
        table["borrowable_gpus"][rows], table["lacking_gpus"][rows] = verdict.borrowable, verdict.lacking
        table["workers_that_fit"][rows] = verdict.fit
        if short := verdict.short:
            table["cap"][rows], table["cap_is_at_once"][rows] = short.cap, short.is_at_once
            table["cap_asked"][rows], table["cap_left"][rows] = short.asked, short.left

    def _fill_draining(self, table: Table, rows: Integers) -> None:
        """Fill in those that were stopped and have not ended: they are tried again when they have."""
        for row, uid in enumerate(table["uid"].tolist()):
            if self._cycle.slots.is_draining(uid):
                shape = self._cycle.snapshot.shapes[int(self._cycle.parts.shape[rows[row]])]
                first = shape.options[0]
                table[row]["reason"], table[row]["accelerator"] = Reason.PREEMPTED, first.accelerator
                table[row]["asked_gpus"] = first.workers * shape.gpus_per_worker

    def _verdict(self, job_class: JobClass) -> _Verdict:
        part = self._waiting.part(job_class)
        shape = self._cycle.snapshot.shapes[job_class.shape]
        if not job_class.choices:
            first = shape.options[0]
            return _Verdict(_Stage.CLASS, first.accelerator, first.workers * shape.gpus_per_worker)
        verdicts = [self._of_option(part, shape, *choice) for choice in job_class.choices]
        return max(verdicts, key=lambda verdict: verdict.stage)

    def _of_option(self, part: int, shape: Shape, option: Option, accelerator: int) -> _Verdict:
        cycle, name = self._cycle, self._cycle.catalogue.accelerators[accelerator].name
        asked = option.workers * shape.gpus_per_worker
        claim = cycle.claim(part, option, accelerator, Rung.BORROW, BORROWED)
        ask = cycle.ask(claim, option, self._borrowing.rooms(claim, option))
        missing = self._missing(shape, accelerator, cycle.ask(claim, option))
        if missing is not None:
            return _Verdict(missing, name, asked)
        left, seen = self._borrowing.limit_left(ask.member, accelerator), self._disclosing.seen(ask)
        is_covered = self._is_covered(claim)
        if short := cycle.funds.short(int(cycle.parts.leaf[part]), cycle.use(ask)):
            stage = _Stage.CAP
        elif claim.milli_gpus > left and not is_covered:
            stage = _Stage.BORROWING
        elif seen.free >= asked > seen.lent and not is_covered:
            stage = _Stage.LENDING
        elif seen.free >= asked:
            stage = _Stage.TOGETHER
        else:
            stage = _Stage.RECLAIM if is_covered else _Stage.QUOTA
        has_own = seen.fit_own != UNKNOWN
        return _Verdict(
            stage, name, asked, seen.free, borrowable=max(0, left) // units.MILLI if left < UNLIMITED // 2 else UNKNOWN,
            lacking=max(0, option.workers - seen.fit_own) * shape.gpus_per_worker if has_own else UNKNOWN,
            fit=max(0, seen.fit_own), short=short,
        )  # fmt: skip

    def _is_covered(self, claim: Claim) -> bool:
        depth = int(self._cycle.parts.leaf_depth[claim.part])
        away = (replace(claim, rung=Rung.AWAY, cover=cover) for cover in range(depth, -1, -1))
        return any(self._cycle.accounts.covers(each) for each in away)

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
        return _Stage.GANG if most(ask, self._empty) else _Stage.WORKER

    def _count_ahead(self, table: Table, rows: Integers) -> None:
        parts = self._cycle.parts
        leaf, age = parts.leaf[rows], parts.age[rows]
        in_leaf = np.lexsort((age, -parts.tier_rank[rows], leaf))
        table["ahead_in_leaf"][in_leaf] = _place_in_group(leaf[in_leaf])
        accelerator = np.unique(table["accelerator"], return_inverse=True)[1]
        by_age = np.lexsort((age, accelerator))
        older = np.empty(len(rows), dtype=np.int64)
        older[by_age] = _place_in_group(accelerator[by_age])
        own = np.lexsort((age, leaf, accelerator))
        older_own = np.empty(len(rows), dtype=np.int64)
        older_own[own] = _place_in_group(accelerator[own] * (1 + int(leaf.max(initial=0))) + leaf[own])
        table["ahead_elsewhere"] = older - older_own


def _place_in_group(groups: Integers) -> Integers:
    """Return for each entry of sorted *groups* how many of its group are before it."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(len(groups)) - np.repeat(starts, np.diff(starts, append=len(groups)))


def sentence(row: np.void) -> str:
    """Return an explanation in words: what would let the job run."""
    text = f"{row['reason']}: asks for {row['asked_gpus']} {row['accelerator']}"
    text += f", {row['free_gpus']} free" if row["free_gpus"] != UNKNOWN else ""
    said = cap_in_words(row) if row["cap"] else remedy(row)
    return f"{text}; {said}" if said else text


def remedy(row: Mapping[str, Any] | np.void) -> str:
    """Return what would let the job run, without telling what others have idle."""
    if row["cap"]:
        # However many GPUs become free, they would not help.
        when = "as jobs that it counts end" if row["cap_is_at_once"] else "in a later window"
        return f"starts when the cap has enough left: {when}, or if it is raised"
    lacking, fit = int(row["lacking_gpus"]), int(row["workers_that_fit"])
    if lacking > 0:
        text = f"starts when {lacking} more {row['accelerator']} are free in one of its member's own clusters"
        return text + (f", or with minReplicas <= {fit}" if fit else "")
    if lacking == UNKNOWN and row["reason"] in _FOR_ROOM:
        return f"starts when {row['asked_gpus']} {row['accelerator']} are free for it in one cluster"
    return ""


def cap_in_words(row: Mapping[str, Any] | np.void) -> str:
    """Return what the cap of an explanation lacks."""
    name, asked, left = str(row["cap"]), int(row["cap_asked"]), int(row["cap_left"])
    if row["cap_is_at_once"]:
        return f"the cap {name} allows {_thousandths(left)} H100e more at once, and it needs {_thousandths(asked)}"
    # What is asked is rounded up and what is left down, so that the two never look enough when they are not.
    asked_hours, left_hours = -(-asked // _SECONDS_PER_HOUR), left // _SECONDS_PER_HOUR
    return (
        f"the cap {name} has {_thousandths(left_hours)} H100e-hours left in this window, and it needs"
        f" {_thousandths(asked_hours)} to start"
    )


def _thousandths(milli: int) -> str:
    """Return thousandths as a decimal number."""
    return f"{milli // units.MILLI}.{milli % units.MILLI:03}"
