"""Framing: writes frames, each after the last one that was recorded.

In: a cycle's snapshot, and what it recorded of its plan. Out: the bytes of :mod:`hanse.scheduler.frames`. Only rows
that differ from the last frame's are written; whole rows are compared, so that nothing depends on who told of a change.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.scheduler import spelling
from hanse.scheduler.columns import Table
from hanse.scheduler.decisions import Plan
from hanse.scheduler.frames import KEYS, LISTED, VERSION, Header
from hanse.scheduler.pool import Pool, Shape
from hanse.scheduler.snapshot import Snapshot

CHAIN_FRAMES_MAX = 1000
"""So many frames, a key frame follows: what one decision needs is read in seconds."""


class Writer:
    """Writes one leader's frames, each after the last one that was recorded."""

    def __init__(self) -> None:
        self._last: tuple[Snapshot, bytes] | None = None
        self._frames = self._key_bytes = self._delta_bytes = 0

    def frame(self, snapshot: Snapshot, state: bytes, plan: Plan, recorded: Sequence[int]) -> "Frame":
        """Return the frame of a cycle that records these decisions of *plan*; *state* is the snapshot's digest."""
        before = self._last
        if before is None or self._is_key_due() or _settings(before[0]) != _settings(snapshot):
            before = None
        header = Header(before[1].hex() if before else "", plan.decided(), tuple(recorded))
        data = encode(before[0] if before else None, snapshot, header)
        return Frame(data, header, snapshot, state)

    def written(self, frame: "Frame") -> None:
        """Take note that *frame* is recorded: the next one follows it."""
        if frame.header.is_key:
            self._frames, self._delta_bytes, self._key_bytes = 1, 0, len(frame.data)
        else:
            self._frames, self._delta_bytes = self._frames + 1, self._delta_bytes + len(frame.data)
        self._last = frame.snapshot, frame.state

    def restart(self) -> None:
        """Forget the last frame, as it is not known whether it was recorded."""
        self._last = None

    def _is_key_due(self) -> bool:
        # So key frames never take more room than what changes, however large or still the pool is.
        return self._frames >= CHAIN_FRAMES_MAX or self._delta_bytes > self._key_bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, and what it was written of."""

    data: bytes
    header: Header
    snapshot: Snapshot
    state: bytes


def encode(before: Snapshot | None, after: Snapshot, header: Header) -> bytes:
    """Return what changed from *before*, which has the same pool, to *after*; without one, all of *after*."""
    numbers: dict[Shape, int] = {}
    old = _named(before, numbers) if before else {}
    new = _named(after, numbers)
    said: dict[str, Any] = {"v": VERSION, "asOf": after.as_of, **spelling.plain(header)}
    if before is None:
        said["pool"] = spelling.plain(_settings(after))
    for name in LISTED:
        if before is None or getattr(before, name) != getattr(after, name):
            said[name] = spelling.plain(getattr(after, name))
    for name, key in KEYS.items():
        if before is not None and name == "nodes" and before.nodes is after.nodes:
            continue
        changed, gone = _changes(old.get(name), new[name], key)
        if name == "jobs":
            used, changed["shape"] = np.unique(changed["shape"], return_inverse=True)
            shapes = list(numbers)
            said["shapes"] = [spelling.plain(shapes[number]) for number in used.tolist()]
        if len(changed) or gone:
            said[name] = {"changed": _columns(changed), "gone": gone}
    return zlib.compress(json.dumps(said, sort_keys=True, separators=(",", ":")).encode())


def _columns(table: Table) -> dict[str, list[Any]]:
    """Return *table* by column, as values that JSON knows."""
    fields = table.dtype.names or ()
    texts = {each: table[each].astype(np.str_) if table.dtype[each].kind == "S" else table[each] for each in fields}
    return {each: column.tolist() for each, column in texts.items()}


def _settings(snapshot: Snapshot) -> Pool:
    """Return the pool without what its caps have left, which changes with each plan."""
    return replace(snapshot.catalogue.pool, caps=())


def _named(snapshot: Snapshot, numbers: dict[Shape, int]) -> dict[str, Table]:
    """Return the tables with names for rows of one another; *numbers*, which grows, has the shapes'."""
    number = np.array([numbers.setdefault(shape, len(numbers)) for shape in snapshot.shapes], dtype=np.int64)
    jobs = snapshot.jobs.copy()
    jobs["shape"] = number[jobs["shape"]]
    uids = snapshot.jobs["uid"][snapshot.attempts["job"]]
    return {
        "nodes": snapshot.nodes,
        "jobs": jobs,
        "attempts": _renamed(snapshot.attempts, job=uids),
        "holdings": _renamed(
            snapshot.holdings, attempt=uids[snapshot.holdings["attempt"]],
            node=snapshot.nodes["name"][snapshot.holdings["node"]],
        ),
    }  # fmt: skip


def _renamed(table: Table, **names: npt.NDArray[np.str_]) -> Table:
    fields = table.dtype.names or ()
    renamed = np.empty(
        len(table), np.dtype([(each, names[each].dtype if each in names else table.dtype[each]) for each in fields])
    )
    for each in fields:
        renamed[each] = names.get(each, table[each])
    return renamed


def _changes(before: Table | None, after: Table, key: str) -> tuple[Table, list[str]]:
    """Return all rows of each name that any row changed of, and the names that have no row any more."""
    if before is None:
        return after.copy(), []
    old, new = _row_bytes(before), _row_bytes(after)
    were, are = set(old), set(new)
    touched = {name for name, row in zip(before[key].tolist(), old, strict=True) if row not in are}
    touched |= {name for name, row in zip(after[key].tolist(), new, strict=True) if row not in were}
    names = after[key].tolist()
    changed = after[np.array([name in touched for name in names], dtype=np.bool_)]
    return changed, sorted(touched - set(names))


def _row_bytes(table: Table) -> list[bytes]:
    rows: list[bytes] = np.ascontiguousarray(table).view(f"V{table.dtype.itemsize}").tolist()
    return rows
