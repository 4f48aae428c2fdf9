"""Deltas: what happened outside since the last snapshot, and the snapshot that follows from it.

In: a snapshot, and records of what is new or changed, by name. Out: the next snapshot. Tables that a delta does not
touch stay the very same objects, so that what a `planner.Planner` derived from them holds on. A changed pool (a
policy, a member, a class) moves every index: then everything is built anew, which is rare and slow, like a start.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.scheduler import building, columns, reading
from hanse.scheduler.columns import Integers, Table
from hanse.scheduler.decisions import AttemptId, WorkerId
from hanse.scheduler.pool import CapWindow, Pool
from hanse.scheduler.records import Attempt, Job, Node, Reservation
from hanse.scheduler.snapshot import Snapshot, attempt_rows

GONE = -1


@dataclass(frozen=True, slots=True)
class Delta:
    """What happened up to `as_of`. Records replace those of their name.

    `caps`, `attempts` and `reservations`, if given, replace all there are.

    `ended` are attempts that are confirmed to hold nothing any more, however they ended, `left` likewise workers that
    were leaving. A job that goes takes its
    attempts along; a node that goes must hold nothing any more. Who reads attempts from elsewhere, instead of following
    plans and ends, gives `attempts`, and none of `ended`, `left` and
    `checkpoints`.
    """

    as_of: int
    nodes: tuple[Node, ...] = ()
    nodes_gone: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    jobs_gone: tuple[str, ...] = ()
    ended: tuple[AttemptId, ...] = ()
    left: tuple[WorkerId, ...] = ()
    checkpoints: tuple[tuple[AttemptId, int], ...] = ()
    caps: tuple[CapWindow, ...] | None = None
    attempts: tuple[Attempt, ...] | None = None
    reservations: tuple[Reservation, ...] | None = None
    pool: Pool | None = None


def changed(snapshot: Snapshot, delta: Delta) -> Snapshot:
    """Return the snapshot after *delta*.

    Raises:
        QuotaError: the changed pool cannot be planned for.
        SnapshotError: the records do not fit together.
        KeyError: an attempt that it names is not there.

    """
    snapshot = replace(snapshot, as_of=delta.as_of)
    if delta.attempts is None:
        snapshot = _with_attempts(snapshot, delta)
    else:
        snapshot = _without(snapshot, np.arange(len(snapshot.attempts)))
    if delta.jobs or delta.jobs_gone:
        snapshot = _with_jobs(snapshot, delta)
    if delta.pool is not None:
        snapshot = reading.rebuilt(snapshot, delta.pool)
    if delta.nodes or delta.nodes_gone:
        snapshot = _with_nodes(snapshot, delta)
    if delta.caps is not None:
        snapshot = replace(snapshot, caps=building.sorted_caps(delta.caps))
    if delta.reservations is not None:
        snapshot = replace(snapshot, reservations=building.sorted_reservations(delta.reservations))
    return snapshot if delta.attempts is None else _with_all_attempts(snapshot, delta.attempts)


def _with_all_attempts(snapshot: Snapshot, records: Sequence[Attempt]) -> Snapshot:
    attempts, holdings = building.attempt_rows(snapshot.catalogue, snapshot.nodes, snapshot.jobs, records)
    exchanges = building.exchanges(snapshot.catalogue, records)
    snapshot = replace(snapshot, attempts=attempts, holdings=holdings, exchanges=exchanges)
    building.check(snapshot)
    return snapshot


def _with_attempts(snapshot: Snapshot, delta: Delta) -> Snapshot:
    if delta.checkpoints:
        attempts = snapshot.attempts.copy()
        for attempt, seconds in delta.checkpoints:
            attempts["checkpoint"][attempt_rows(snapshot.jobs, attempts, [attempt])] = seconds
        snapshot = replace(snapshot, attempts=columns.frozen(attempts))
    if delta.left:
        snapshot = _without_workers(snapshot, delta.left)
    return _without(snapshot, attempt_rows(snapshot.jobs, snapshot.attempts, delta.ended)) if delta.ended else snapshot


def _without_workers(snapshot: Snapshot, left: Sequence[WorkerId]) -> Snapshot:
    rows = attempt_rows(snapshot.jobs, snapshot.attempts, [each.attempt for each in left])
    gone = {(int(row), each.worker) for row, each in zip(rows, left, strict=True)}
    held = zip(snapshot.holdings["attempt"].tolist(), snapshot.holdings["worker"].tolist(), strict=True)
    keep = np.array([each not in gone for each in held], dtype=np.bool_)
    return replace(snapshot, holdings=columns.frozen(snapshot.holdings[keep]))


def _without(snapshot: Snapshot, rows: Integers) -> Snapshot:
    """Return *snapshot* without these attempts."""
    keep = np.ones(len(snapshot.attempts), dtype=np.bool_)
    keep[rows] = False
    new_row = np.cumsum(keep) - 1
    holdings = snapshot.holdings[keep[snapshot.holdings["attempt"]]]
    holdings["attempt"] = new_row[holdings["attempt"]]
    gone = set(snapshot.jobs["uid"][snapshot.attempts["job"][~keep]].tolist()) if snapshot.exchanges else ()
    return replace(
        snapshot, attempts=columns.frozen(snapshot.attempts[keep]), holdings=columns.frozen(holdings),
        exchanges=tuple(each for each in snapshot.exchanges if each.job not in gone),
    )  # fmt: skip


def _with_jobs(snapshot: Snapshot, delta: Delta) -> Snapshot:
    known = set(snapshot.shapes)
    shapes = snapshot.shapes + tuple(dict.fromkeys(job.shape for job in delta.jobs if job.shape not in known))
    rows = building.job_rows(snapshot.catalogue, shapes, sorted(delta.jobs, key=lambda job: job.uid))
    gone = np.flatnonzero(np.isin(snapshot.attempts["job"], columns.find(snapshot.jobs["uid"], delta.jobs_gone)))
    snapshot = _without(snapshot, gone)
    jobs, new_row = _merged(snapshot.jobs, "uid", rows, delta.jobs_gone)
    attempts = snapshot.attempts.copy()
    attempts["job"] = new_row[attempts["job"]]
    reservations = tuple(each for each in snapshot.reservations if each.job not in delta.jobs_gone)
    return replace(
        snapshot, shapes=shapes, jobs=jobs, attempts=columns.frozen(attempts), reservations=reservations
    )  # fmt: skip


def _with_nodes(snapshot: Snapshot, delta: Delta) -> Snapshot:
    rows = building.node_rows(snapshot.catalogue, sorted(delta.nodes, key=lambda node: node.name))
    nodes, new_row = _merged(snapshot.nodes, "name", rows, delta.nodes_gone)
    holdings = snapshot.holdings.copy()
    holdings["node"] = new_row[holdings["node"]]
    if (holdings["node"] == GONE).any():
        lost = snapshot.nodes["name"][snapshot.holdings["node"][holdings["node"] == GONE][0]]
        raise building.SnapshotError(f"node {lost} is gone, but an attempt still holds GPUs of it: end it first")
    return replace(snapshot, nodes=nodes, holdings=columns.frozen(holdings))


def _merged(table: Table, key: str, rows: Table, gone: Sequence[str]) -> tuple[Table, Integers]:
    """Return *table* with *rows* put in or replaced and *gone* taken out, and where each old row is now."""
    keep = np.ones(len(table), dtype=np.bool_)
    dropped = columns.find(table[key], gone)
    keep[dropped[dropped >= 0]] = False
    at = columns.find(table[key], rows[key].tolist())
    keep[at[at >= 0]] = True
    kept, new = table[keep], rows[at < 0]
    new_row = np.where(keep, np.cumsum(keep) - 1, GONE)
    kept[new_row[at[at >= 0]]] = rows[at >= 0]
    if not len(new):  # to insert nothing copies all once more
        return columns.frozen(kept), new_row
    where = np.searchsorted(kept[key], new[key])
    shift: npt.NDArray[Any] = np.searchsorted(where, new_row, side="right")
    return columns.frozen(np.insert(kept, where, new)), np.where(keep, new_row + shift, GONE)
