"""Frames: what a cycle saw, in bytes, so that anybody can plan it again later.

In: the frames of a chain, in their order. Out: snapshots, with the digests of those that they were written of. A *key
frame* holds a whole snapshot, any other one only what changed since the frame before it: rows of nodes, jobs and
attempts by name, in columns, as canonical JSON that is compressed. A chain begins with a key frame, and a changed pool
(a policy, a member, a class) begins a new one, since it moves every index. What frames hold is everybody's: they are
for auditors only. :mod:`hanse.scheduler.framing` writes them.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hanse.scheduler import building, columns, spelling
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.pool import CapWindow, Pool, Shape
from hanse.scheduler.records import Reservation
from hanse.scheduler.snapshot import Snapshot

VERSION = 1
BYTES_MAX = 2**30
"""What a frame may hold, uncompressed: ten times the pool that this is built for."""

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, list[Row]]
KEYS = {"nodes": "name", "jobs": "uid", "attempts": "job", "holdings": "attempt"}
"""What rows of each table are known by, once names stand for rows of other tables: attempts by their jobs' uids."""


class FrameError(ValueError):
    """Bytes that are no frame, or do not follow the frame before."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a frame says of its cycle.

    *basis* is the state of the frame that it follows, empty for a key frame; *decided* what the whole plan decided, and
    *recorded* which of these decisions the cycle recorded: the others were left to a later one.
    """

    basis: str
    decided: str
    recorded: tuple[int, ...]

    @property
    def is_key(self) -> bool:
        """Whether it can be read without another frame."""
        return not self.basis


def decode(frame: bytes) -> dict[str, Any]:
    """Return what a frame says.

    Raises:
        FrameError: it is none.

    """
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(frame, BYTES_MAX)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise FrameError(f"it is cut off, or larger than {BYTES_MAX} bytes")
        said = json.loads(text)
    except (zlib.error, ValueError) as error:
        raise FrameError(f"it cannot be read: {error}") from error
    if not isinstance(said, dict) or said.get("v") != VERSION:
        raise FrameError(f"it is not of version {VERSION}: another Hanse wrote it")
    return said


def header(frame: bytes) -> Header:
    """Return what a frame says of its cycle.

    Raises:
        FrameError: it is none.

    """
    said = decode(frame)
    try:
        known = {name: said[name] for name in ("basis", "decided", "recorded")}
        read: Header = spelling.typed(Header, known)
    except (KeyError, ValueError) as error:
        raise FrameError(f"its header cannot be read: {error}") from error
    return read


class Reader:
    """Follows a chain of frames from a key frame on."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._as_of = 0
        self._caps: tuple[CapWindow, ...] = ()
        self._reservations: tuple[Reservation, ...] = ()
        self._rows: dict[str, Rows] = {}

    def take(self, frame: bytes) -> None:
        """Take up a frame.

        Raises:
            FrameError: it is none, or it follows another that was not taken up.

        """
        said = decode(frame)
        if said.get("basis") and self._catalogue is None:
            raise FrameError("it follows a frame that is not there")
        try:
            if not said["basis"]:
                self._catalogue = Catalogue(spelling.typed(Pool, said["pool"]))
                self._rows = {name: {} for name in KEYS}
            self._take(said)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FrameError(f"what it holds does not fit together: {error}") from error

    def _take(self, said: Mapping[str, Any]) -> None:
        self._as_of = int(said["asOf"])
        if "caps" in said:
            self._caps = spelling.typed(tuple[CapWindow, ...], said["caps"])
        if "reservations" in said:
            self._reservations = spelling.typed(tuple[Reservation, ...], said["reservations"])
        shapes = spelling.typed(tuple[Shape, ...], said.get("shapes", ()))
        for name, key in KEYS.items():
            changes = said.get(name, {"changed": {}, "gone": []})
            changed: Rows = {}
            for row in _rows(_DTYPES[name], changes["changed"]):
                values = {**row, "shape": shapes[row["shape"]]} if name == "jobs" else row
                changed.setdefault(values[key], []).append(tuple(values.values()))
            for gone in changes["gone"]:
                del self._rows[name][gone]
            self._rows[name] |= changed

    def snapshot(self) -> Snapshot:
        """Return the snapshot that the last frame was written of.

        Raises:
            FrameError: no frame was taken up, or what they hold does not fit together.

        """
        if self._catalogue is None:
            raise FrameError("there is no key frame")
        try:
            snapshot = self._built(self._catalogue)
            building.check(snapshot)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FrameError(f"what it holds does not fit together: {error}") from error
        return snapshot

    def _built(self, catalogue: Catalogue) -> Snapshot:
        nodes = columns.table(columns.NODES, self._sorted("nodes"))
        jobs = self._sorted("jobs")
        at = (columns.JOBS.names or ()).index("shape")
        number = {shape: index for index, shape in enumerate(dict.fromkeys(row[at] for row in jobs))}
        job_table = columns.table(columns.JOBS, [(*row[:at], number[row[at]], *row[at + 1 :]) for row in jobs])
        attempts, holdings = self._sorted("attempts"), self._sorted("holdings")
        uids = [row[0] for row in attempts]
        where = {uid: row for row, uid in enumerate(uids)}
        # holdings begin with their attempt and node, attempts with their job
        held_on = _found(nodes["name"], [row[1] for row in holdings])
        return Snapshot(
            as_of=self._as_of, catalogue=catalogue, caps=self._caps, shapes=tuple(number), nodes=nodes, jobs=job_table,
            attempts=columns.table(
                columns.ATTEMPTS,
                [(job, *row[1:]) for job, row in zip(_found(job_table["uid"], uids), attempts, strict=True)],
            ),
            holdings=columns.table(
                columns.HOLDINGS,
                [(where[row[0]], node, *row[2:]) for node, row in zip(held_on, holdings, strict=True)],
            ),
            reservations=self._reservations,
        )  # fmt: skip

    def _sorted(self, name: str) -> list[Row]:
        return [row for _, rows in sorted(self._rows[name].items()) for row in rows]


_DTYPES = {"nodes": columns.NODES, "jobs": columns.JOBS, "attempts": columns.ATTEMPTS, "holdings": columns.HOLDINGS}


def _rows(dtype: np.dtype[Any], said: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows by field, in the order of *dtype*'s; what an older Hanse did not know is zero or empty."""
    fields = dtype.names or ()
    if unknown := sorted(set(said) - set(fields)):
        raise ValueError(f"there is no column {', '.join(unknown)}: a newer Hanse wrote it")
    count = max(map(len, said.values()), default=0)
    usual = np.zeros(1, dtype)
    ordered = [said.get(each) or [usual[each][0].item()] * count for each in fields]
    for values in zip(*ordered, strict=True):
        yield dict(zip(fields, values, strict=True))


def _found(names: npt.NDArray[np.str_], wanted: Sequence[str]) -> list[int]:
    rows = columns.find(names, wanted)
    if (rows < 0).any():
        raise ValueError(f"{wanted[int(np.argmin(rows))]} is not there")
    found: list[int] = rows.tolist()
    return found
